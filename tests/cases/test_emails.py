"""The mails about cases: who gets which, and what they do not say."""

import pytest

from accounts.models import NotificationPreference
from cases import services
from mail.models import OutboxMessage

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


def test_blocked_member_hears_nothing(paula, agnes, queue, file, sent):
    queue.members.add(agnes)
    agnes.is_active = False
    agnes.save()
    file(paula)
    assert sent() == [("case_filed", paula.email)]


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
    services.withdraw_case(by=paula, case=case)
    assert sent() == []


def test_agent_who_takes_for_himself_gets_no_mail(agnes, sven, case, sent):
    sent()
    services.assign_case(by=agnes, case=case, agent=agnes)
    assert sent() == []
    services.assign_case(by=agnes, case=case, agent=sven)
    assert sent() == [("agent_assigned", sven.email)]


def test_assignment_that_moved_on_is_cancelled(agnes, sven, case, sent):
    sent()
    services.assign_case(by=sven, case=case, agent=agnes)
    services.assign_case(by=agnes, case=case, agent=None)
    assert sent() == []
    assert OutboxMessage.objects.get(kind="agent_assigned").state == "cancelled"


def test_beat_tells_the_provider_that_the_case_closed(paula, agnes, case, sent, monkeypatch):
    from datetime import timedelta

    services.add_reply(by=agnes, case=case, body="Done.", set_status="resolved")
    sent()
    monkeypatch.setattr("cases.services.progress.CLOSE_AFTER", timedelta(0))
    services.close_resolved()
    assert sent() == [("case_status_changed", paula.email)]


def test_mails_of_a_case_make_one_thread(paula, agnes, case, mailbox):
    services.add_reply(by=agnes, case=case, body="Hello.")
    receipt, answer = mailbox()
    root = f"<case-{case.pk}@"
    for mail in (receipt, answer):
        assert root in mail.message()["References"]
        assert "\n" not in mail.subject
    assert receipt.message()["Auto-Submitted"] == "auto-generated"
    assert answer.message()["Auto-Submitted"] is None


def test_question_is_named_in_the_subject(paula, agnes, case, mailbox):
    services.add_reply(by=agnes, case=case, body="Which lot?", set_status="awaiting")
    assert "needs more information" in mailbox()[-1].subject


def test_note_is_in_no_mail(paula, agnes, queue, case, mailbox):
    queue.members.add(agnes)
    services.take_case(by=agnes, case=case)
    services.add_note(by=agnes, case=case, body="Calls often.", set_status="resolved")
    texts = [mail.subject + mail.body + mail.alternatives[0][0] for mail in mailbox()]
    assert any("Resolved" in text for text in texts)
    assert not any("Calls often." in text for text in texts)
