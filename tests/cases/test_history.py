"""The story of a case, in plain words: what its provider reads, and what those read who work it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from cases import services
from cases.history import _names, staff_sentence, tell_story
from cases.models import Case, CaseEvent, Priority, Queue, RequestType
from mail.inbox import take_in
from mail.tokens import make_reply_address

pytestmark = pytest.mark.django_db


def sentences(case, *, internal: bool) -> list[str]:
    return [entry.sentence for entry in tell_story(case, internal=internal).entries if not entry.message]


def texts(case, *, internal: bool) -> list[str]:
    return [entry.message.body for entry in tell_story(case, internal=internal).entries if entry.message]


@pytest.fixture
def resolved(case, agnes):
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(status="resolved"))
    return case


# --- for the provider ------------------------------------------------------------------------


def test_provider_reads_each_step_to_a_closed_case(case, agnes, paula):
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(status="awaiting"))
    services.add_information(by=paula, case=case, body="Lot 42.")
    services.change_case(by=agnes, case=case, changes=services.Changes(status="resolved"))
    services.change_case(by=agnes, case=case, changes=services.Changes(status="open"))
    services.change_case(by=agnes, case=case, changes=services.Changes(status="resolved"))
    services.change_case(by=agnes, case=case, changes=services.Changes(status="closed"))
    assert sentences(case, internal=False) == [
        "The Help Desk started to work on the case.",
        "The Help Desk asked for more information.",
        "The new information brought the case back to the Help Desk.",
        "The Help Desk resolved the case.",
        "The Help Desk opened the case again.",
        "The Help Desk resolved the case.",
        "The Help Desk closed the case.",
    ]
    assert texts(case, internal=False) == ["Lot 42."]


def test_provider_reads_that_the_case_was_withdrawn(case, paula):
    services.withdraw_case(by=paula, case=case)
    assert sentences(case, internal=False) == ["The case was withdrawn."]


def test_provider_reads_that_the_portal_closed_the_case(resolved, pass_time):
    pass_time(days=14)
    services.close_resolved()
    assert sentences(resolved, internal=False)[-1] == "The portal closed the case, 14 days after it was resolved."


def test_provider_reads_no_notes_no_hand_overs_and_no_agents_name(case, agnes, second_agent):
    services.take_case(by=agnes, case=case)
    services.add_note(by=agnes, case=case, body="Calls often.")
    services.change_case(by=agnes, case=case, changes=services.Changes(agent=second_agent))
    services.change_case(by=second_agent, case=case, changes=services.Changes(unassign=True))
    assert sentences(case, internal=False) == ["The Help Desk started to work on the case."]
    assert texts(case, internal=False) == []
    assert len(sentences(case, internal=True)) == 4
    assert texts(case, internal=True) == ["Calls often."]


# --- for those who work cases ----------------------------------------------------------------


def test_agents_read_who_did_what(case, agnes, second_agent, paula):
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(agent=second_agent))
    services.change_case(by=second_agent, case=case, changes=services.Changes(unassign=True))
    services.change_case(by=agnes, case=case, changes=services.Changes(status="awaiting"))
    services.withdraw_case(by=paula, case=case)
    assert sentences(case, internal=True) == [
        "Agnes Archer: assigned agent nobody → Agnes Archer",
        "Agnes Archer: status New → Open",
        "Agnes Archer: assigned agent Agnes Archer → Arthur Ash",
        "Arthur Ash: assigned agent Arthur Ash → nobody",
        "Agnes Archer: status Open → Awaiting Info",
        "Paula Prince: status Awaiting Info → Cancelled",
    ]


def test_agents_read_that_the_portal_closed_the_case(resolved, pass_time):
    pass_time(days=14)
    services.close_resolved()
    assert sentences(resolved, internal=True)[-1] == "The portal: status Resolved → Closed"


def test_agents_read_what_they_missed_whatever_its_kind(case, agnes, paula):
    seen = tell_story(case, internal=True).seen
    services.add_note(by=agnes, case=case, body="Calls often.")
    services.add_information(by=paula, case=case, body="Lot 42.")
    services.take_case(by=agnes, case=case)
    story = tell_story(case, internal=True)
    assert story.since(seen) == [
        "Agnes Archer: Internal note added",
        "Paula Prince: Message added",
        "Agnes Archer: assigned agent nobody → Agnes Archer",
        "Agnes Archer: status New → Open",
    ]
    assert story.since(0)[0] == "Paula Prince: Case filed"
    assert story.since(story.seen) == []


@pytest.fixture
def eventful(case, agnes, second_agent, paula, file, queue):
    """A case to which everything happens that can happen to one."""
    other_queue = Queue.objects.create(name="Cold chain")
    other_type = RequestType.objects.get(name="Training")
    partner, twin = file(paula), file(paula, description="Two vials are gone.")
    services.add_reply(by=agnes, case=case, body="Which lot?", changes=services.Changes(status="awaiting"))
    services.add_information(by=paula, case=case, body="Lot 42 of Jane.")
    services.add_note(by=agnes, case=case, body="Calls often.")
    wishes = services.Changes(priority=Priority.HIGH, request_type=other_type, queue=other_queue, agent=second_agent)
    services.change_case(by=agnes, case=case, changes=wishes)
    services.link_cases(by=agnes, case=case, other=partner)
    services.unlink_cases(by=agnes, case=case, other=partner)
    services.merge_case(by=agnes, case=twin, into=case)
    case = Case.objects.get(pk=case.pk)
    case.partner, case.twin = partner.case_id, twin.case_id
    message = case.messages.get(body="Lot 42 of Jane.")
    services.redact(by=agnes, case=case, message=message, passage="Jane", reason="patient data")
    away = f"From: {paula.email}\nTo: {make_reply_address(about=('case', case.pk), user_id=paula.pk)}\n"
    take_in(f"{away}Auto-Submitted: auto-replied\n\nI am away.".encode())
    return case


def test_every_kind_of_event_has_its_words(eventful):
    for kind in (CaseEvent.Kind.FILE_REMOVED, CaseEvent.Kind.FILE_INFECTED):
        eventful.events.create(kind=kind, at=timezone.now(), to_value="1")
    events = tell_story(eventful, internal=True).events
    assert {event.kind for event in events} == set(CaseEvent.Kind.values)
    plain = {CaseEvent.Kind.CASE_FILED, CaseEvent.Kind.MESSAGE_ADDED, CaseEvent.Kind.NOTE_ADDED}
    names = _names(events)
    for event in events:
        words = staff_sentence(event, names)
        assert ": " in words
        assert (event.get_kind_display() in words) == (event.kind in plain), words


def test_agents_read_names_and_case_ids(eventful):
    assert sentences(eventful, internal=True)[4:] == [
        "Agnes Archer: request type Vaccine inventory → Training",
        "Agnes Archer: queue Provider Help Desk → Cold chain",
        "Agnes Archer: priority Normal → High",
        "Agnes Archer: assigned agent Agnes Archer → Arthur Ash",
        f"Agnes Archer: linked to {eventful.partner}",
        f"Agnes Archer: link to {eventful.partner} removed",
        f"Agnes Archer: {eventful.twin} merged into {eventful.case_id}",
        "Agnes Archer: passage removed from a message",
        "The portal: automatic mail came and was not added: An automatic reply.",
    ]


def test_provider_reads_only_what_concerns_them(eventful):
    assert sentences(eventful, internal=False) == [
        "The Help Desk started to work on the case.",
        "The Help Desk asked for more information.",
        "The new information brought the case back to the Help Desk.",
        "The Help Desk changed the request type from Vaccine inventory to Training.",
        f"The Help Desk made {eventful.twin} part of {eventful.case_id}.",
        "The Help Desk removed a passage from a message.",
    ]


def test_missed_events_tell_of_a_merge_once(eventful):
    missed = tell_story(eventful, internal=True).since(0)
    assert len([sentence for sentence in missed if "merged" in sentence]) == 1
    assert not [sentence for sentence in missed if "Closed" in sentence]


@pytest.mark.parametrize("internal", [True, False])
def test_story_costs_the_same_for_few_and_many(internal, eventful, agnes, paula, file, statements):
    few = statements(lambda: tell_story(Case.objects.get(pk=eventful.pk), internal=internal))
    assert few <= 8
    for word in ("vials", "are", "g"):
        services.merge_case(by=agnes, case=file(paula), into=eventful)
        services.redact(by=agnes, case=eventful, message=None, passage=word, reason="-")
        services.add_reply(by=agnes, case=eventful, body="Which lot?")
    assert statements(lambda: tell_story(Case.objects.get(pk=eventful.pk), internal=internal)) == few


def test_message_stands_before_what_it_brought_about(case, agnes):
    services.add_reply(by=agnes, case=case, body="Which lot?")
    first, *rest = tell_story(case, internal=True).entries
    assert first.message.body == "Which lot?"
    assert [entry.sentence for entry in rest] == [
        "Agnes Archer: assigned agent nobody → Agnes Archer",
        "Agnes Archer: status New → Open",
    ]
