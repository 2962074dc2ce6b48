"""What a provider wrote and the case's agent has not seen: every door notes it, the agent's look ends it."""

from __future__ import annotations

import secrets
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from accounts.services import block_account
from cases import services
from cases.agent_query import answered_since_look
from cases.models import CannedReply, Case, CaseLook, Message
from cases.services import Answer, Change, Changes, Take
from mail.inbox import content_of, take_in
from mail.tokens import make_reply_address
from tests.cases.agent_page import filled_out, page_of
from tests.cases.pages import hidden

pytestmark = pytest.mark.django_db


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def news(agent) -> list[int]:
    """Return the cases of the list "Answered since I last looked"."""
    return list(answered_since_look(Case.objects.unmerged(), agent).order_by("pk").values_list("pk", flat=True))


def look(agent, case: Case) -> None:
    """Let an agent open the page of a case."""
    at = timezone.now()
    services.note_look(by=agent, case=fresh(case), at=at)


def say(case: Case, body: str = "Lot 42.") -> Message:
    return services.add_information(by=case.provider, case=case, body=body)


def give(by, case: Case, agent) -> None:
    services.change_case(by=by, case=case, changes=Changes(agent=agent, unassign=agent is None))


def in_bulk(by, cases: list[Case], action) -> None:
    results = services.change_in_bulk(by=by, case_ids=[case.pk for case in cases], action=action)
    assert all(result.done for result in results), results


@pytest.fixture
def mine(case, agnes) -> Case:
    """Paula's case, which Agnes works and has open before her."""
    services.take_case(by=agnes, case=case)
    look(agnes, case)
    return fresh(case)


# --- the provider writes ---------------------------------------------------------------------


def by_page(case, agnes, client_for) -> None:
    client, url = client_for(case.provider), f"/cases/{case.case_id}/"
    html = client.get(url).text
    form = {name: hidden(html, name) for name in ("key", "stamp")} | {"body": "Lot 42."}
    assert client.post(f"{url}add-information/", form).status_code == 302


def by_mail(case, agnes, client_for) -> None:
    to = make_reply_address(about=("case", case.pk), user_id=case.provider_id)
    assert take_in(f"From: {case.provider.email}\nTo: {to}\n\nLot 42.\n".encode()).state == "filed"


def by_mail_that_an_agent_files(case, agnes, client_for) -> None:
    mail = take_in(f"From: {case.provider.email}\nTo: helpdesk@example.org\n\nLot 42.\n".encode())
    services.attach_mail(by=agnes, mail=mail, case=case, letter=content_of(mail))


@pytest.mark.parametrize("write", [by_page, by_mail, by_mail_that_an_agent_files])
@pytest.mark.parametrize("status", ["open", "awaiting", "resolved"])
def test_what_the_provider_writes_is_unseen(write, status, mine, agnes, client_for):
    if status != "open":
        services.change_case(by=agnes, case=mine, changes=Changes(status=status))
    assert news(agnes) == []
    write(mine, agnes, client_for)
    assert news(agnes) == [mine.pk]
    assert fresh(mine).answer_unseen_at == mine.messages.get(kind="provider").created_at


def test_newest_of_several_counts(mine, agnes):
    say(mine)
    newest = say(mine, "And lot 43.")
    assert fresh(mine).answer_unseen_at == newest.created_at
    assert news(agnes) == [mine.pk]


def test_what_a_case_was_filed_with_is_no_answer(mine, agnes, paula, request_type):
    filing = services.Filing(request_type, "No vials.", organization_name="Hill Clinic", primary_name="Hill Clinic")
    services.log_call(by=agnes, provider=paula, filing=filing, key="c" * 22, note="Called.", take=True)
    assert news(agnes) == []


def test_what_agents_write_is_no_answer(mine, agnes, second_agent):
    services.add_reply(by=second_agent, case=mine, body="Which lot?")
    services.add_note(by=second_agent, case=mine, body="They are careful.")
    assert news(agnes) == []


def test_reply_alone_is_no_look(mine, agnes):
    say(mine)
    services.add_reply(by=agnes, case=mine, body="Thank you.")
    services.add_note(by=agnes, case=mine, body="Done.")
    services.change_case(by=agnes, case=mine, changes=Changes(priority=1))
    assert news(agnes) == [mine.pk]


def test_redaction_leaves_an_answer_unseen(mine, agnes, sven):
    message = say(mine, "Lot 42 of Jane Roe.")
    services.redact(by=sven, case=mine, message=message, passage="Jane Roe", reason="a patient's name")
    assert news(agnes) == [mine.pk]


def test_finished_cases_are_not_listed_and_those_opened_again_are(mine, agnes):
    say(mine)
    services.change_case(by=agnes, case=mine, changes=Changes(status="resolved"))
    assert news(agnes) == []
    services.change_case(by=agnes, case=mine, changes=Changes(status="open"))
    assert news(agnes) == [mine.pk]
    for status in ("resolved", "closed"):
        services.change_case(by=agnes, case=mine, changes=Changes(status=status))
    assert news(agnes) == []


# --- the agent looks -------------------------------------------------------------------------


def test_page_of_the_case_ends_it_for_its_agent_alone(mine, agnes, second_agent, sven, client_for):
    say(mine)
    for other in (second_agent, sven):
        client_for(other).get(page_of(mine))
    assert news(agnes) == [mine.pk]
    client_for(agnes).get(page_of(mine))
    assert news(agnes) == []
    assert fresh(mine).answer_unseen_at is None
    say(mine, "And lot 43.")
    assert news(agnes) == [mine.pk]


def test_page_that_stays_open_is_no_look(mine, agnes, client_for):
    say(mine)
    client_for(agnes).post(f"/admin/cases/case/{mine.pk}/presence/", {"seen": "0"})
    client_for(agnes).get(f"/admin/cases/case/{mine.pk}/print/")
    assert news(agnes) == [mine.pk]


@pytest.mark.parametrize("before", [0, 1])
def test_answer_that_comes_while_the_page_is_read_stays_unseen(before, mine, agnes):
    for _each in range(before):
        say(mine)
    at, page = timezone.now(), fresh(mine)
    newest = say(mine, "And lot 43.")
    services.note_look(by=agnes, case=page, at=at)
    assert news(agnes) == [mine.pk]
    assert fresh(mine).answer_unseen_at == newest.created_at
    give(agnes, mine, None)
    services.take_case(by=agnes, case=fresh(mine))
    assert fresh(mine).answer_unseen_at == newest.created_at, "her look was before it"


def test_words_that_a_merge_brings_while_the_page_is_read_stay_unseen(mine, paula, agnes, sven, file):
    other = file(paula)
    say(other)
    say(mine)
    at, page = timezone.now(), fresh(mine)
    services.merge_case(by=sven, case=other, into=mine)
    services.note_look(by=agnes, case=page, at=at)
    assert news(agnes) == [mine.pk]
    look(agnes, mine)
    assert news(agnes) == []


def test_what_a_service_returns_says_when_the_answer_came(mine, sven, second_agent):
    said = say(mine)
    given = services.change_case(by=sven, case=mine, changes=Changes(agent=second_agent))
    assert given.answer_unseen_at == said.created_at


def test_look_of_who_gave_the_case_away_meanwhile_ends_nothing(mine, agnes, second_agent):
    say(mine)
    at, page = timezone.now(), fresh(mine)
    give(agnes, mine, second_agent)
    services.note_look(by=agnes, case=page, at=at)
    assert news(second_agent) == [mine.pk]


def test_only_the_first_look_at_an_answer_costs_a_statement_more(mine, agnes, second_agent, client_for, statements):
    client, other = client_for(agnes), client_for(second_agent)
    other.get(page_of(mine))
    say(mine)
    theirs = statements(lambda: other.get(page_of(mine)))
    first, second = (statements(lambda: client.get(page_of(mine))) for _each in range(2))
    assert (first - second, second - theirs) == (1, 0)
    assert first <= 22


# --- whose case it is ------------------------------------------------------------------------


@pytest.mark.parametrize("saw", [True, False])
def test_who_takes_a_case_has_seen_what_they_looked_at(saw, case, agnes):
    say(case)
    assert fresh(case).answer_unseen_at is None
    if saw:
        look(agnes, case)
    after = services.take_case(by=agnes, case=case)
    assert news(agnes) == ([] if saw else [case.pk])
    assert (after.answer_unseen_at is None) is saw


def test_case_that_is_taken_after_a_later_answer_is_news(case, agnes, second_agent):
    say(case)
    look(agnes, case)
    look(second_agent, case)
    newest = say(case, "And lot 43.")
    look(second_agent, case)
    services.take_case(by=agnes, case=case)
    assert fresh(case).answer_unseen_at == newest.created_at


def test_case_that_goes_from_agent_to_agent(mine, agnes, second_agent, sven):
    answer = say(mine)
    look(agnes, mine)
    give(agnes, mine, second_agent)
    assert (news(agnes), news(second_agent)) == ([], [mine.pk])
    assert fresh(mine).answer_unseen_at == answer.created_at
    give(second_agent, mine, agnes)
    assert (news(agnes), news(second_agent)) == ([], [])
    give(agnes, mine, second_agent)
    look(second_agent, mine)
    later = say(mine, "And lot 43.")
    give(sven, mine, agnes)
    assert (news(agnes), news(second_agent)) == ([mine.pk], [])
    assert fresh(mine).answer_unseen_at == later.created_at


def test_case_that_goes_back_to_its_queue_is_nobodys_news(mine, agnes):
    say(mine)
    give(agnes, mine, None)
    assert fresh(mine).answer_unseen_at is None
    say(mine, "And lot 43.")
    assert fresh(mine).answer_unseen_at is None
    services.take_case(by=agnes, case=mine)
    assert news(agnes) == [mine.pk]


def test_cases_of_a_blocked_agent_are_nobodys_news(mine, agnes, sven):
    say(mine)
    block_account(account=agnes, by=sven)
    assert fresh(mine).answer_unseen_at is None


def test_first_reply_and_the_agents_page_assign_too(case, mine, agnes, second_agent, file, paula, client_for):
    free = file(paula)
    say(free)
    services.add_reply(by=second_agent, case=free, body="Which lot?")
    assert news(second_agent) == [free.pk]
    say(mine)
    client = client_for(agnes)
    html = client.get(page_of(mine)).text
    client.post(page_of(mine), filled_out(html, body="Yours.", action="reply", agent=second_agent.pk))
    assert news(second_agent) == [mine.pk, free.pk]


def test_several_at_once(agnes, second_agent, sven, paula, file):
    cases = [file(paula) for _each in range(3)]
    seen, *unseen = cases
    for case in cases:
        say(case)
    look(agnes, seen)
    in_bulk(agnes, cases, Take())
    assert news(agnes) == [case.pk for case in unseen]
    in_bulk(sven, cases, Change(Changes(agent=second_agent)))
    assert (news(agnes), news(second_agent)) == ([], [case.pk for case in cases])
    in_bulk(sven, cases, Change(Changes(unassign=True)))
    assert set(Case.objects.values_list("answer_unseen_at", flat=True)) == {None}
    reply = CannedReply.objects.create(name="Hello", body="Hello.")
    in_bulk(agnes, cases, Answer(reply=reply, key=secrets.token_urlsafe(16)))
    assert news(agnes) == [case.pk for case in unseen]


# --- one case out of two ---------------------------------------------------------------------


def test_merge_brings_what_was_written_on_the_other_case(mine, agnes, sven, paula, file):
    other = file(paula)
    services.take_case(by=agnes, case=other)
    answer = say(other)
    look(agnes, mine)
    services.merge_case(by=sven, case=other, into=mine)
    assert news(agnes) == [mine.pk]
    assert fresh(mine).answer_unseen_at == answer.created_at
    assert fresh(other).answer_unseen_at is None


def test_merge_keeps_what_was_unseen_before_it(mine, agnes, sven, paula, file):
    other = file(paula)
    say(other)
    look(agnes, other)
    answer = say(mine)
    services.merge_case(by=sven, case=other, into=mine)
    assert fresh(mine).answer_unseen_at == answer.created_at
    look(agnes, mine)
    assert news(agnes) == []


def test_merge_of_what_was_seen_brings_no_news(mine, agnes, sven, paula, file):
    other = file(paula)
    say(other)
    look(agnes, other)
    look(agnes, mine)
    services.merge_case(by=sven, case=other, into=mine)
    assert news(agnes) == []


def test_merge_gives_the_agent_of_the_one_the_words_of_both(mine, agnes, sven, paula, file):
    free = file(paula)
    say(free)
    services.merge_case(by=sven, case=mine, into=free)
    assert fresh(free).assigned_agent == agnes
    assert news(agnes) == [free.pk]


def test_words_on_a_merged_case_count_where_it_went(mine, agnes, paula, file):
    other = file(paula)
    services.merge_case(by=agnes, case=other, into=mine)
    look(agnes, mine)
    say(other)
    assert news(agnes) == [mine.pk]


# --- the rows of before ----------------------------------------------------------------------


def test_migration_finds_what_is_unseen(agnes, second_agent, paula, file):
    names = ("unseen", "seen", "seen by another", "reopened", "closed", "merged", "free", "silent")
    cases = {name: file(paula) for name in names}
    for name, case in cases.items():
        if name != "free":
            services.take_case(by=agnes, case=case)
        if name != "silent":
            say(case, "Earlier.")
            say(case)
    look(agnes, cases["seen"])
    look(second_agent, cases["seen by another"])
    services.add_reply(by=agnes, case=cases["silent"], body="Hello.")
    for name, statuses in (("reopened", ["resolved"]), ("closed", ["resolved", "closed"])):
        for status in statuses:
            services.change_case(by=agnes, case=cases[name], changes=Changes(status=status))
    Case.objects.filter(pk=cases["merged"].pk).update(merged_into=cases["unseen"])
    kept = dict(Case.objects.values_list("pk", "answer_unseen_at"))
    Case.objects.update(answer_unseen_at=None)
    import_module("cases.migrations.0017_find_unseen").fill(apps, SimpleNamespace(connection=connection))
    filled = {cases[name].pk: kept[cases[name].pk] for name in ("unseen", "seen by another", "reopened")}
    assert None not in filled.values()
    assert dict(Case.objects.exclude(answer_unseen_at=None).values_list("pk", "answer_unseen_at")) == filled


def test_look_at_the_very_moment_of_an_answer_has_seen_it(mine, agnes, second_agent):
    answer = say(mine)
    CaseLook.objects.filter(agent=agnes).update(looked_at=answer.created_at)
    give(agnes, mine, second_agent)
    give(second_agent, mine, agnes)
    assert news(agnes) == []
    import_module("cases.migrations.0017_find_unseen").fill(apps, SimpleNamespace(connection=connection))
    assert news(agnes) == []
