"""What a merge means to the agents of both cases: whose it becomes, what is news, where their pages lead."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Draft
from cases import services
from cases.agent_query import answered_since_look
from cases.models import Case, Message
from tests.cases.agent_page import filled_out, page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(case):
    """Paula's first case: the one that stays."""
    return case


@pytest.fixture
def source(case, paula, file):
    """Paula's second case, about the same."""
    return file(paula, description="Two vials are gone.")


def work(case: Case, agent, status: str = "open") -> None:
    services.take_case(by=agent, case=case)
    if status != "open":
        services.change_case(by=agent, case=case, changes=services.Changes(status=status))


# --- whose it becomes ------------------------------------------------------------------------


def test_nobody_takes_a_case_away_from_a_colleague(source, target, agnes, second_agent, client_for):
    work(source, second_agent)
    work(target, agnes)
    with pytest.raises(services.WorkedByAnother):
        services.merge_case(by=agnes, case=source, into=target)
    client, address = client_for(agnes), f"/admin/cases/case/{source.pk}/merge/"
    refusal = f"Arthur Ash works on {source.case_id}. Only Arthur Ash or a supervisor can merge it"
    page = client.get(address, {"other": target.pk})
    assert refusal in page.text
    page = client.post(address, {"other": target.case_id, "seen": "99999"})
    assert refusal in page.text
    assert Case.objects.get(pk=source.pk).merged_into_id is None


def test_supervisor_and_its_agent_merge_a_case_into_that_of_another(source, target, agnes, second_agent, sven, file):
    work(source, second_agent)
    work(target, agnes)
    assert services.merge_case(by=second_agent, case=source, into=target).assigned_agent == agnes
    third = file(source.provider)
    work(third, second_agent)
    assert services.merge_case(by=sven, case=third, into=target).assigned_agent == agnes


def test_case_of_a_colleague_is_merged_where_it_stays_with_them(source, target, agnes, second_agent, file):
    work(source, second_agent)
    assert services.merge_case(by=agnes, case=source, into=target).assigned_agent == second_agent
    third = file(source.provider)
    work(third, second_agent)
    assert services.merge_case(by=agnes, case=third, into=target).assigned_agent == second_agent


def test_answered_case_of_a_colleague_becomes_part_of_ones_own(source, target, agnes, second_agent):
    work(source, second_agent, "resolved")
    work(target, agnes)
    assert services.merge_case(by=agnes, case=source, into=target).assigned_agent == agnes


# --- what its agent has not seen -------------------------------------------------------------


def look_at(case: Case, agent) -> None:
    at = timezone.now()
    services.note_look(by=agent, case=Case.objects.get(pk=case.pk), at=at)


def has_news(agent) -> bool:
    return answered_since_look(Case.objects.all(), agent).exists()


def test_words_that_arrive_by_merge_are_news(source, target, agnes, sven, paula):
    work(target, agnes)
    services.add_information(by=paula, case=source, body="Lot 42.")
    look_at(target, agnes)
    assert not has_news(agnes)
    services.merge_case(by=sven, case=source, into=target)
    services.still_open(by=agnes, case=target)
    assert has_news(agnes)
    look_at(target, agnes)
    assert not has_news(agnes)


def test_words_that_were_seen_before_the_merge_are_no_news(source, target, agnes, sven, second_agent):
    work(target, agnes)
    look_at(source, agnes)
    look_at(target, agnes)
    look_at(target, second_agent)
    services.merge_case(by=sven, case=source, into=target)
    assert not has_news(agnes)
    services.change_case(by=sven, case=target, changes=services.Changes(agent=second_agent))
    assert has_news(second_agent)


def test_words_after_the_last_look_at_the_source_are_news(source, target, agnes, sven, paula):
    work(target, agnes)
    look_at(source, agnes)
    services.add_information(by=paula, case=source, body="Lot 42.")
    look_at(target, agnes)
    services.merge_case(by=sven, case=source, into=target)
    assert has_news(agnes)


# --- where pages lead ------------------------------------------------------------------------


def test_reply_sent_twice_around_a_merge_was_sent(source, target, agnes, client_for):
    client = client_for(agnes)
    posted = filled_out(client.get(page_of(source)).text, body="Look here.", action="reply")
    client.post(page_of(source), posted)
    services.merge_case(by=agnes, case=source, into=target)
    page = client.post(page_of(source), posted, follow=True)
    assert "Your reply was sent." in page.text
    assert "Nothing was sent" not in page.text
    assert Message.objects.filter(body="Look here.").count() == 1
    assert not Draft.objects.exists()
    page = client.post(page_of(source), posted | {"body": "Another answer."}, follow=True)
    assert "Nothing was sent" in page.text
    assert "Another answer." in page.text


def test_page_to_read_aloud_leads_on(target, agnes, paula, request_type, client_for):
    filing = services.Filing(request_type, "Again.", organization_name="Hill Clinic", primary_name="Hill Clinic")
    phone = services.log_call(by=agnes, provider=paula, filing=filing, key="p" * 22)
    client, aloud = client_for(agnes), f"/admin/cases/case/{phone.pk}/logged/"
    assert client.get(aloud).status_code == 200
    services.merge_case(by=agnes, case=phone, into=target)
    assert client.get(aloud)["Location"] == page_of(target)
