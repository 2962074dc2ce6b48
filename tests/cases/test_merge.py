"""One case out of two: the service, the page, and every address that leads on."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts import drafts
from accounts.models import Draft
from cases import services
from cases.agent_forms import REPLY_DRAFT
from cases.forms import INFORMATION_DRAFT, unsent_draft
from cases.history import tell_story
from cases.models import Case, CaseLink, Message, Priority, Submission
from tests.cases.pages import hidden
from tests.conftest import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(case):
    """Paula's first case: the one that stays."""
    return case


@pytest.fixture
def source(case, paula, file):
    """Paula's second case, about the same."""
    return file(paula, description="Two vials are gone.", key="s" * 22)


@pytest.fixture
def merged(source, target, agnes):
    return services.merge_case(by=agnes, case=source, into=target)


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def bodies(case: Case) -> list[str]:
    return [entry.message.body for entry in tell_story(fresh(case), internal=True).entries if entry.message]


def work(case: Case, agent, status: str) -> None:
    services.take_case(by=agent, case=case)
    if status != "open":
        services.change_case(by=agent, case=case, changes=services.Changes(status=status))


# --- what becomes of both --------------------------------------------------------------------


def test_source_is_closed_and_out_of_every_list(source, target, agnes, paula, client_for):
    client = client_for(paula)
    assert source.case_id in client.get("/my-lists/?tab=all").text
    services.merge_case(by=agnes, case=source, into=target)
    after = fresh(source)
    assert (after.status, after.merged_into_id, after.description) == ("closed", target.pk, "")
    assert list(Case.objects.unmerged()) == [target]
    assert source.case_id not in client.get("/my-lists/?tab=all").text


def test_messages_move_with_authors_and_times(source, target, agnes, paula):
    asked = services.add_information(by=paula, case=source, body="Lot 42.")
    note = services.add_note(by=agnes, case=source, body="Calls often.")
    services.merge_case(by=agnes, case=source, into=target)
    for message in (asked, note):
        moved = Message.objects.get(pk=message.pk)
        assert moved.case_id == target.pk
        assert (moved.author_id, moved.kind, moved.created_at) == (message.author_id, message.kind, message.created_at)


def test_description_becomes_a_message_and_stands_once(merged, source, target, paula):
    message = Message.objects.get(body="Two vials are gone.")
    assert (message.case_id, message.author, message.kind) == (target.pk, paula, "provider")
    assert message.created_at == source.filed_at
    assert bodies(target) == ["Two vials are gone."]
    assert not Case.objects.filter(description="Two vials are gone.").exists()


def test_events_stay_where_they_are_and_are_told_together(source, target, agnes):
    work(source, agnes, "awaiting")
    before = set(source.events.values_list("pk", flat=True))
    services.merge_case(by=agnes, case=source, into=target)
    assert before <= set(source.events.values_list("pk", flat=True))
    told = [entry.sentence for entry in tell_story(fresh(target), internal=True).entries if entry.sentence]
    assert f"{source.case_id} – Agnes Archer: status Open → Awaiting Info" in told
    assert f"Agnes Archer: {source.case_id} merged into {target.case_id}" in told
    assert len(told) == len(set(told))


def test_urgency_of_either_and_its_agent_come_along(source, target, agnes):
    services.change_case(by=agnes, case=source, changes=services.Changes(priority=Priority.URGENT))
    work(source, agnes, "open")
    after = services.merge_case(by=agnes, case=source, into=target)
    assert (after.priority, after.assigned_agent, after.status) == (Priority.URGENT, agnes, "open")
    assert set(target.events.values_list("kind", flat=True)) >= {"priority_changed", "agent_assigned"}


def test_agent_and_urgency_of_the_target_stay(source, target, agnes, second_agent):
    work(source, agnes, "open")
    services.change_case(by=agnes, case=target, changes=services.Changes(priority=Priority.HIGH))
    work(target, second_agent, "open")
    after = services.merge_case(by=agnes, case=source, into=target)
    assert (after.priority, after.assigned_agent) == (Priority.HIGH, second_agent)


def test_agent_who_works_no_more_does_not_come_along(source, target, agnes, second_agent):
    work(source, second_agent, "open")
    type(second_agent).objects.filter(pk=second_agent.pk).update(is_active=False)
    assert services.merge_case(by=agnes, case=source, into=target).assigned_agent is None


# --- who has to answer -----------------------------------------------------------------------


@pytest.mark.parametrize("status", ["awaiting", "resolved"])
def test_unanswered_words_open_an_answered_case(status, target, agnes, paula, file):
    services.add_reply(by=agnes, case=target, body="Which lot?", changes=services.Changes(status=status))
    source = file(paula, description="Lot 42.")
    after = services.merge_case(by=agnes, case=source, into=target)
    assert (after.status, after.last_message_by) == ("open", "provider")
    assert after.waiting_since == source.filed_at


def test_words_older_than_the_answer_open_nothing(source, target, agnes):
    services.add_reply(by=agnes, case=target, body="Which lot?", changes=services.Changes(status="awaiting"))
    answered = fresh(target)
    after = services.merge_case(by=agnes, case=source, into=target)
    assert (after.status, after.last_message_by) == ("awaiting", "help_desk")
    assert after.waiting_since == answered.waiting_since


def test_words_of_a_resolved_case_open_nothing(target, agnes, paula, file):
    services.add_reply(by=agnes, case=target, body="Which lot?", changes=services.Changes(status="awaiting"))
    source = file(paula)
    work(source, agnes, "resolved")
    assert services.merge_case(by=agnes, case=source, into=target).status == "awaiting"


def test_who_waits_has_waited_since_the_first_word_of_both(source, target, agnes):
    after = services.merge_case(by=agnes, case=target, into=source)
    assert (after.pk, after.waiting_since) == (source.pk, target.waiting_since)
    assert target.waiting_since < source.waiting_since


def test_answer_on_the_source_counts_as_the_last_word(source, target, agnes):
    services.add_reply(by=agnes, case=source, body="Look here.")
    answered = fresh(source)
    after = services.merge_case(by=agnes, case=source, into=target)
    assert (after.last_message_by, after.waiting_since) == ("help_desk", answered.waiting_since)
    assert after.status == "open"


# --- refused ---------------------------------------------------------------------------------


def assert_refused(error, **merge):
    before = list(Case.objects.order_by("pk").values())
    with pytest.raises(error):
        services.merge_case(**merge)
    assert list(Case.objects.order_by("pk").values()) == before


def test_only_agents_merge(source, target, paula, vera):
    for person in (paula, vera):
        assert_refused(services.NotAllowed, by=person, case=source, into=target)


def test_not_into_itself(source, agnes):
    assert_refused(services.SameCase, by=agnes, case=source, into=source)


def test_not_into_a_case_of_another_provider(source, rosa, file, agnes):
    assert_refused(services.OtherProvider, by=agnes, case=source, into=file(rosa))


def test_not_twice(merged, source, paula, file, agnes):
    assert_refused(services.MergedAlready, by=agnes, case=source, into=file(paula))


def test_unfinished_case_does_not_vanish_in_a_finished_one(source, target, agnes, paula):
    services.withdraw_case(by=paula, case=target)
    assert_refused(services.IntoFinished, by=agnes, case=source, into=target)


@pytest.mark.parametrize("status", ["new", "cancelled"])
def test_finished_case_becomes_part_of_any(status, source, target, agnes, paula):
    services.withdraw_case(by=paula, case=source)
    if status == "cancelled":
        services.withdraw_case(by=paula, case=target)
    after = services.merge_case(by=agnes, case=source, into=target)
    assert (after.status, fresh(source).status) == (status, "closed")
    assert fresh(target).priority == target.priority


def test_stale_page_is_refused(source, target, agnes, paula):
    seen = source.events.latest("pk").pk
    services.add_information(by=paula, case=target, body="Wait.")
    assert_refused(services.StaleCase, by=agnes, case=source, into=target, seen=seen)


# --- no chain --------------------------------------------------------------------------------


def test_what_was_merged_before_moves_on(merged, source, target, paula, file, agnes):
    last = file(paula, description="Again.")
    services.merge_case(by=agnes, case=target, into=last)
    assert {fresh(source).merged_into_id, fresh(target).merged_into_id} == {last.pk}
    assert set(bodies(last)) == {"Two vials are gone.", "Two vials are missing."}
    assert fresh(last).family_ids == [last.pk, target.pk, source.pk]


def test_target_that_was_merged_is_followed(merged, source, target, paula, file, agnes):
    third = file(paula, description="Third.")
    assert services.merge_case(by=agnes, case=third, into=source).pk == target.pk
    assert fresh(third).merged_into_id == target.pk


def test_links_move_and_do_not_double(source, target, rosa, file, agnes):
    first, second = file(rosa), file(rosa)
    for one, other in ((source, first), (source, second), (target, second), (source, target)):
        services.link_cases(by=agnes, case=one, other=other)
    services.merge_case(by=agnes, case=source, into=target)
    assert set(CaseLink.objects.values_list("case", "other")) == {(target.pk, first.pk), (target.pk, second.pk)}


# --- mail ------------------------------------------------------------------------------------


def test_provider_and_both_agents_are_told_and_who_merged_is_not(source, target, agnes, sven, second_agent, mailbox):
    work(source, agnes, "open")
    work(target, second_agent, "open")
    mailbox().clear()
    services.merge_case(by=sven, case=source, into=target)
    mails = {mail.to[0]: mail for mail in mailbox()}
    assert set(mails) == {source.provider.email, agnes.email, second_agent.email}
    told = mails[source.provider.email]
    assert told.subject == f"[{target.case_id}] {source.case_id} is now part of your case"
    assert f"/cases/{target.case_id}/" in told.body
    assert "vials" not in told.body + told.alternatives[0][0]
    assert "because the case was assigned to you" in mails[agnes.email].body
    assert f"/admin/cases/case/{target.pk}/change/" in mails[agnes.email].body


# --- every address leads on ------------------------------------------------------------------


def test_provider_is_led_on_from_every_address(merged, source, target, paula, client_for):
    client = client_for(paula)
    here, there = f"/cases/{source.case_id}/", f"/cases/{target.case_id}/"
    assert client.get(here)["Location"] == there
    assert client.get(f"{here}filed/")["Location"] == there
    page = client.get(here, follow=True)
    assert f"{source.case_id} is now part of {target.case_id}." in page.text
    assert f"The Help Desk made {source.case_id} part of {target.case_id}." in page.text
    assert f"Description of request of {source.case_id}" in page.text


def test_old_case_id_is_found(merged, source, target, paula, agnes, client_for):
    for person, address in ((paula, "/my-lists/?tab=all&q="), (agnes, "/admin/cases/case/?tab=all&q=")):
        page = client_for(person).get(address + source.case_id)
        assert target.case_id in page.text, person


def test_information_posted_to_the_old_address_arrives(source, target, agnes, paula, client_for):
    client = client_for(paula)
    html = client.get(f"/cases/{source.case_id}/").text
    posted = {name: hidden(html, name) for name in ("key", "stamp", "drafts")} | {"body": "Lot 42."}
    services.merge_case(by=agnes, case=source, into=target)
    for _twice in range(2):
        answer = client.post(f"/cases/{source.case_id}/add-information/", posted)
        assert answer["Location"] == f"/cases/{target.case_id}/"
    assert target.messages.filter(body="Lot 42.").count() == 1


def test_form_sent_before_the_merge_and_again_after_it_is_one_message(source, target, agnes, paula, client_for):
    client = client_for(paula)
    html = client.get(f"/cases/{source.case_id}/").text
    posted = {name: hidden(html, name) for name in ("key", "stamp", "drafts")} | {"body": "Lot 42."}
    client.post(f"/cases/{source.case_id}/add-information/", posted)
    services.merge_case(by=agnes, case=source, into=target)
    client.post(f"/cases/{source.case_id}/add-information/", posted)
    assert Message.objects.filter(body="Lot 42.").count() == 1


def test_withdrawing_the_smaller_case_asks_about_the_larger_one(merged, source, target, paula, client_for):
    client = client_for(paula)
    for ask in (client.get, client.post):
        assert ask(f"/cases/{source.case_id}/withdraw/")["Location"] == f"/cases/{target.case_id}/withdraw/"
    with pytest.raises(services.NowPartOf):
        services.withdraw_case(by=paula, case=Case(pk=source.pk, provider=paula))
    assert fresh(target).status == "new"


def test_form_that_became_the_old_case_still_did(merged, source, target, paula, request_type, client_for, intake):
    assert services.case_filed_from(by=paula, key="s" * 22) == target
    filing = services.Filing(
        request_type=request_type,
        description="Two vials are gone.",
        organization_name="Riverside Clinic",
        primary_name="Riverside Clinic",
    )
    assert services.file_case(by=paula, filing=filing, key="s" * 22) == target
    assert Submission.objects.get(key="s" * 22).case == source
    assert Case.objects.count() == 2


def test_kept_intake_text_that_did_arrive_is_not_offered_again(merged, target, paula, client_for):
    drafts.save_draft(paula, services.INTAKE_DRAFT, "s" * 22, {"description": "Two vials are gone."})
    page = client_for(paula).get("/cases/new/")
    assert "Two vials are gone." not in page.text
    assert target.case_id in page.text


def test_follow_up_of_the_old_case_is_one_of_the_larger(source, target, agnes, paula, client_for, intake):
    for each in (source, target):
        services.withdraw_case(by=paula, case=each)
    services.merge_case(by=agnes, case=source, into=target)
    client = client_for(paula)
    html = client.get(f"/cases/new/?follow_up={source.case_id}").text
    assert hidden(html, "follow_up_to") == target.case_id


def test_texts_kept_on_the_old_case_are_offered_on_the_larger(source, target, agnes, paula):
    drafts.save_draft(paula, INFORMATION_DRAFT, f"{source.case_id}-abc", {"body": "Lot 42."})
    drafts.save_draft(agnes, REPLY_DRAFT, f"{source.case_id}-def", {"body": "Which lot?"})
    services.merge_case(by=agnes, case=source, into=target)
    assert unsent_draft(paula, INFORMATION_DRAFT, fresh(target)).data["body"] == "Lot 42."
    assert unsent_draft(agnes, REPLY_DRAFT, fresh(target)).data["body"] == "Which lot?"
    assert Draft.objects.count() == 2


def test_stale_objects_act_on_the_larger_case(merged, source, target, agnes, paula):
    stale = Case(pk=source.pk, provider=paula, status="new")
    assert services.take_case(by=agnes, case=stale).pk == target.pk
    assert services.add_reply(by=agnes, case=stale, body="Look here.").case_id == target.pk
    assert services.change_case(by=agnes, case=stale, changes=services.Changes(status="resolved")).pk == target.pk
    assert (fresh(target).status, fresh(source).status) == ("resolved", "closed")


def test_agent_is_led_on(merged, source, target, agnes, client_for):
    answer = client_for(agnes).get(f"/admin/cases/case/{source.pk}/change/")
    assert answer["Location"].startswith(f"/admin/cases/case/{target.pk}/change/")


# --- visibility comes first ------------------------------------------------------------------


def test_colleague_who_sees_only_the_old_case_gets_404(paula, quinn, organization, file, agnes, client_for):
    shared = file(paula)
    elsewhere = file(paula, organization_kind="secondary", organization_name="Hilltop Pharmacy")
    client = client_for(quinn)
    assert client.get(f"/cases/{shared.case_id}/").status_code == 200
    assert client.get(f"/cases/{elsewhere.case_id}/").status_code == 404
    services.merge_case(by=agnes, case=shared, into=elsewhere)
    for case in (shared, elsewhere):
        assert client.get(f"/cases/{case.case_id}/").status_code == 404
    assert elsewhere.case_id not in client.get(f"/my-lists/?tab=all&q={shared.case_id}").text


def test_stranger_gets_404_as_ever(merged, source, target, rosa, client_for):
    for case in (source, target):
        assert client_for(rosa).get(f"/cases/{case.case_id}/").status_code == 404


# --- the page --------------------------------------------------------------------------------


def address(case: Case, query: str = "") -> str:
    return reverse("admin:cases_case_merge", args=[case.pk]) + query


def test_page_offers_other_cases_of_the_provider_only(source, target, rosa, file, agnes, client_for):
    foreign = file(rosa)
    page = client_for(agnes).get(address(source)).text
    assert f"Into {target.case_id}" in page
    assert foreign.case_id not in page


def test_page_shows_both_before_anything_happens(source, target, agnes, client_for):
    client = client_for(agnes)
    page = client.get(address(source, f"?other={target.pk}"))
    for words in ("Two vials are gone.", "Two vials are missing.", "A merge cannot be undone."):
        assert words in page.text
    assert fresh(source).merged_into_id is None
    seen = hidden(page.text, "seen")
    answer = client.post(address(source), {"other": target.case_id, "seen": seen})
    assert answer["Location"] == f"/admin/cases/case/{target.pk}/change/"
    assert fresh(source).merged_into_id == target.pk
    again = client.post(address(source), {"other": target.case_id, "seen": seen})
    assert again["Location"] == f"/admin/cases/case/{target.pk}/change/"


def test_page_warns_when_more_people_will_read(source, paula, file, agnes, client_for):
    other = file(paula, organization_kind="secondary", organization_name="Hilltop Pharmacy")
    client, words = client_for(agnes), "Verified members of Hilltop Pharmacy will be able to read"
    assert words in client.get(address(source, f"?other={other.pk}")).text
    assert words not in client.get(address(other, f"?other={source.pk}")).text


def test_something_new_is_shown_before_the_merge(source, target, agnes, paula, client_for):
    client = client_for(agnes)
    seen = hidden(client.get(address(source, f"?other={target.pk}")).text, "seen")
    services.add_information(by=paula, case=source, body="Wait.")
    page = client.post(address(source), {"other": target.case_id, "seen": seen})
    assert "has changed since you opened it" in page.text
    assert fresh(source).merged_into_id is None
    client.post(address(source), {"other": target.case_id, "seen": hidden(page.text, "seen")})
    assert fresh(source).merged_into_id == target.pk


@pytest.mark.parametrize("typed", ["", "CS0", "CS9999999", "9" * 18, "9" * 30, "x\0y", "<b>"])
def test_junk_is_refused_beside_the_field_and_kept(typed, source, agnes, client_for):
    page = client_for(agnes).get(address(source), {"other": typed})
    assert page.status_code == 200
    assert 'class="errorlist"' in page.text


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 30])
def test_junk_for_what_was_seen_merges_nothing(seen, source, target, agnes, client_for):
    page = client_for(agnes).post(address(source), {"other": target.case_id, "seen": seen})
    assert page.status_code == 200
    assert fresh(source).merged_into_id is None


def test_page_is_for_agents(source, target, paula, vera, rosa, client_for):
    for person in (None, paula, rosa, vera):
        answer = client_for(person).post(address(source), {"other": target.case_id, "seen": "99999"})
        assert answer.status_code in (302, 403, 404), person
    assert fresh(source).merged_into_id is None
    assert client_for(make_person("amy.able", group="Agents")).get(address(Case(pk=2**62))).status_code == 404
