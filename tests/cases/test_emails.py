"""The mails about cases: who gets which, and what they do not say."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import NotificationPreference, User
from cases import services
from mail.models import OutboxMessage
from mail.registry import get_kind
from mail.services import expand_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(mailbox):
    """Return a function that delivers and gives (kind, address) of what is new."""
    seen = set()

    def deliver() -> list[tuple]:
        mailbox()
        messages = OutboxMessage.objects.exclude(pk__in=seen).filter(state="sent").order_by("pk")
        rows = [(message.pk, message.kind, message.to_address) for message in messages]
        seen.update(pk for pk, _kind, _address in rows)
        return sorted((kind, address) for _pk, kind, address in rows)

    return deliver


def test_queue_members_hear_of_a_new_case(paula, agnes, sven, vera, queue, file, sent, mailbox):
    queue.members.set([agnes, sven, vera])
    file(paula)
    assert sent() == [
        ("agent_new_case", agnes.email),
        ("agent_new_case", sven.email),
        ("case_filed", paula.email),
    ]
    for mail in mailbox():
        assert "vials" not in mail.subject + mail.body + mail.alternatives[0][0]


def test_queue_without_members_is_every_agents(paula, agnes, vera, queue, file, sent):
    queue.members.clear()
    file(paula)
    assert ("agent_new_case", agnes.email) in sent()
    assert ("agent_new_case", vera.email) not in sent()


def test_each_further_mail_costs_two_statements(paula, agnes, sven, queue, file, mailbox):
    """It is claimed and recorded; who and what it is about is looked up for all together."""
    queue.members.set([agnes, sven])

    def statements(number: int) -> int:
        for _ in range(number):
            file(paula)
        with CaptureQueriesContext(connection) as captured:
            mailbox()
        return len(captured)

    statements(1)  # what a process keeps
    one, three = statements(1), statements(3)
    assert three - one == 2 * 2 * 3


SHUT = pytest.mark.parametrize("shut", [{"is_active": False}, {"is_demo": True}], ids=["blocked", "demo"])


@SHUT
def test_member_who_cannot_log_in_hears_nothing(paula, agnes, queue, file, sent, shut):
    queue.members.add(agnes)
    User.objects.filter(pk=agnes.pk).update(**shut)
    case = file(paula)
    services.add_information(by=paula, case=case, body="More.")
    assert sent() == [("case_filed", paula.email)]


@SHUT
def test_queue_hears_for_an_agent_who_cannot_log_in(paula, agnes, sven, queue, case, sent, shut):
    queue.members.add(sven)
    services.take_case(by=agnes, case=case)
    sent()
    User.objects.filter(pk=agnes.pk).update(**shut)
    services.add_information(by=paula, case=case, body="More.")
    assert sent() == [("agent_provider_replied", sven.email)]


@SHUT
def test_assigned_agent_who_cannot_log_in_hears_nothing(agnes, second_agent, case, sent, shut):
    sent()
    services.change_case(by=agnes, case=case, changes=services.Changes(agent=second_agent))
    User.objects.filter(pk=second_agent.pk).update(**shut)
    assert sent() == []


@SHUT
def test_mail_owed_to_an_agent_is_cancelled_when_he_cannot_log_in(paula, agnes, sven, queue, case, sent, shut):
    queue.members.add(agnes)
    sent()
    services.add_information(by=paula, case=case, body="More.")
    services.change_case(by=sven, case=case, changes=services.Changes(agent=agnes))
    expand_due()
    User.objects.filter(pk=agnes.pk).update(**shut)
    assert sent() == []
    owed = OutboxMessage.objects.filter(recipient=agnes, kind__in=["agent_provider_replied", "agent_assigned"])
    assert {message.state for message in owed} == {"cancelled"}
    assert len(owed) == 2


def test_demo_agent_hears_in_demo_mode(paula, agnes, queue, file, sent, settings):
    settings.DEMO = True
    queue.members.add(agnes)
    User.objects.filter(pk=agnes.pk).update(is_demo=True)
    file(paula)
    assert ("agent_new_case", agnes.email) in sent()


def test_preference_off_is_respected(paula, agnes, queue, file, sent):
    queue.members.add(agnes)
    NotificationPreference.objects.create(user=agnes, event="agent_new_case", delivery="off")
    file(paula)
    assert sent() == [("case_filed", paula.email)]


def test_providers_message_goes_to_the_agent_or_to_the_queue(paula, agnes, sven, queue, case, sent):
    queue.members.add(sven)
    sent()
    services.add_information(by=paula, case=case, body="More.")
    assert sent() == [("agent_provider_replied", sven.email)]
    services.take_case(by=agnes, case=case)
    services.add_information(by=paula, case=case, body="More.")
    assert sent() == [("agent_provider_replied", agnes.email)]


def test_own_acts_bring_no_mail(paula, agnes, case, sent):
    sent()
    services.take_case(by=agnes, case=case)
    services.add_note(by=agnes, case=case, body="Calls often.")
    assert sent() == []
    services.withdraw_case(by=paula, case=case)
    assert sent() == [("agent_case_withdrawn", agnes.email)]


def test_agent_who_takes_for_himself_gets_no_mail(agnes, sven, case, sent):
    sent()
    services.change_case(by=agnes, case=case, changes=services.Changes(agent=agnes))
    assert sent() == []
    services.change_case(by=agnes, case=case, changes=services.Changes(agent=sven))
    assert sent() == [("agent_assigned", sven.email)]


def test_assignment_that_moved_on_is_cancelled(agnes, sven, case, sent):
    sent()
    services.change_case(by=sven, case=case, changes=services.Changes(agent=agnes))
    services.change_case(by=agnes, case=case, changes=services.Changes(unassign=True))
    assert sent() == []
    assert OutboxMessage.objects.get(kind="agent_assigned").state == "cancelled"


def test_beat_tells_the_provider_that_the_case_closed(paula, agnes, case, sent, pass_time):
    services.add_reply(by=agnes, case=case, body="Done.", changes=services.Changes(status="resolved"))
    sent()
    pass_time(days=14)
    services.close_resolved()
    assert sent() == [("case_status_changed", paula.email)]


def test_mails_of_a_case_make_one_thread(paula, agnes, case, mailbox):
    services.add_reply(by=agnes, case=case, body="Hello.")
    receipt, answer = (mail for mail in mailbox() if paula.email in mail.to)
    root = f"<case-{case.pk}@"
    for mail in (receipt, answer):
        assert root in mail.message()["References"]
        assert "\n" not in mail.subject
    assert receipt.message()["Auto-Submitted"] == "auto-generated"
    assert answer.message()["Auto-Submitted"] is None


def test_question_is_named_in_the_subject(paula, agnes, case, mailbox):
    services.add_reply(by=agnes, case=case, body="Which lot?", changes=services.Changes(status="awaiting"))
    assert "needs more information" in mailbox()[-1].subject


def test_each_try_of_a_mail_says_the_same_whatever_became_of_the_case(agnes, case):
    services.add_reply(by=agnes, case=case, body="Which lot?", changes=services.Changes(status="awaiting"))
    services.change_case(by=agnes, case=case, changes=services.Changes(status="open"))
    services.change_case(by=agnes, case=case, changes=services.Changes(status="resolved"))
    expand_due()
    kinds = ("case_reply", "case_status_changed")
    messages = list(OutboxMessage.objects.filter(kind__in=kinds).select_related("event", "recipient").order_by("pk"))
    first = [get_kind(message.kind).build(message) for message in messages]
    assert [content.subject for content in first] == [
        f"[{case.case_id}] The Help Desk needs more information",
        f"[{case.case_id}] Your case is now Open",
        f"[{case.case_id}] Your case is now Resolved",
    ]
    assert "Awaiting Info" in first[0].text
    assert "Awaiting Info" in first[0].html
    services.change_case(by=agnes, case=case, changes=services.Changes(status="closed"))
    assert [get_kind(message.kind).build(message) for message in messages] == first


@pytest.mark.parametrize(
    ("kind", "news"),
    [
        ("agent_new_case", "Case {} has come into the queue "),
        ("agent_provider_replied", "The provider has added information to case {}."),
        ("agent_assigned", "Case {} has been assigned to you."),
    ],
)
def test_mails_to_agents_lead_to_the_workspace(paula, agnes, sven, queue, case, kind, news):
    queue.members.add(agnes)
    services.add_information(by=paula, case=case, body="More.")
    services.change_case(by=sven, case=case, changes=services.Changes(agent=agnes))
    expand_due()
    message = OutboxMessage.objects.select_related("event", "recipient").get(kind=kind, recipient=agnes)
    content = get_kind(kind).build(message)
    for text in (content.text, content.html):
        for words in (news.format(case.case_id), "Vaccine inventory", "Riverside Clinic"):
            assert words in text
        assert f"http://testserver/admin/cases/case/{case.pk}/change/" in text


def test_note_is_in_no_mail(paula, agnes, queue, case, mailbox):
    queue.members.add(agnes)
    services.take_case(by=agnes, case=case)
    services.add_note(by=agnes, case=case, body="Calls often.", changes=services.Changes(status="resolved"))
    texts = [mail.subject + mail.body + mail.alternatives[0][0] for mail in mailbox()]
    assert any("Resolved" in text for text in texts)
    assert not any("Calls often." in text for text in texts)
