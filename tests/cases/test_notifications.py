"""The agents' mails: which event tells whom, why, and how each agent wants it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import NotificationPreference, User
from cases import services
from cases.models import Case, DigestItem, Queue
from mail.models import OutboxMessage
from mail.services import expand_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(mailbox):
    """Return a function that delivers and gives (kind, user) of the agents' mail that is new."""
    seen = set()

    def deliver() -> set[tuple]:
        mailbox()
        messages = OutboxMessage.objects.exclude(pk__in=seen).filter(kind__startswith="agent_", state="sent")
        found = list(messages.select_related("recipient"))
        seen.update(message.pk for message in found)
        return {(message.kind, message.recipient) for message in found}

    return deliver


@pytest.fixture
def taken(agnes, case, told):
    """Agnes' case; the mail of its filing is gone."""
    services.take_case(by=agnes, case=case)
    told()
    return Case.objects.get(pk=case.pk)


def both_texts(mail) -> list[str]:
    return [mail.body, mail.alternatives[0][0]]


def change(by, case, **wishes):
    return services.change_case(by=by, case=case, changes=services.Changes(**wishes))


def away(*people, days: int = 0) -> None:
    User.objects.filter(pk__in=[each.pk for each in people]).update(
        away_until=timezone.localdate() + timedelta(days=days)
    )


# --- each event ----------------------------------------------------------------------------


def test_case_that_goes_to_a_colleague_is_told_to_both(agnes, second_agent, sven, taken, told, mailbox):
    change(sven, taken, agent=second_agent)
    assert told() == {("agent_assigned", second_agent), ("agent_unassigned", agnes)}
    (mail,) = [mail for mail in mailbox() if mail.subject == f"[{taken.case_id}] No longer assigned to you"]
    for text in both_texts(mail):
        assert f"Case {taken.case_id} is no longer assigned to you. Arthur Ash has it." in text
        assert "You get this email because the case was assigned to you." in text


def test_case_that_goes_back_to_its_queue_is_told_to_its_agent(agnes, sven, queue, taken, told, mailbox):
    change(sven, taken, unassign=True)
    assert told() == {("agent_unassigned", agnes)}
    assert f"It is back in the queue {queue.name}." in mailbox()[-1].body


def test_own_hand_over_is_told_to_the_other_alone(agnes, second_agent, taken, told):
    change(agnes, taken, agent=second_agent)
    assert told() == {("agent_assigned", second_agent)}
    change(second_agent, taken, unassign=True)
    assert told() == set()


def test_loss_that_was_made_good_is_not_told(agnes, second_agent, sven, taken, told):
    change(sven, taken, agent=second_agent)
    change(sven, taken, agent=agnes)
    assert told() == {("agent_assigned", agnes), ("agent_unassigned", second_agent)}


def test_hand_over_with_a_reply_is_told(agnes, second_agent, taken, told):
    services.add_reply(by=agnes, case=taken, body="Arthur knows.", changes=services.Changes(agent=second_agent))
    assert told() == {("agent_assigned", second_agent)}


def test_colleagues_note_is_told_and_not_quoted(agnes, sven, taken, told, mailbox):
    services.add_note(by=sven, case=taken, body="Calls often.")
    assert told() == {("agent_note_added", agnes)}
    mail = mailbox()[-1]
    for text in both_texts(mail):
        assert "Calls often." not in mail.subject + text
        assert f"http://testserver/admin/cases/case/{taken.pk}/change/" in text
        assert "because the case is assigned to you." in text


def test_own_note_and_note_on_nobodys_case_are_told_to_nobody(agnes, sven, case, taken, told):
    services.add_note(by=agnes, case=taken, body="Calls often.")
    change(agnes, taken, unassign=True)
    services.add_note(by=sven, case=taken, body="Calls often.")
    assert told() == set()


def test_withdrawal_is_told_to_the_agent(agnes, paula, taken, told, mailbox):
    services.withdraw_case(by=paula, case=taken)
    assert told() == {("agent_case_withdrawn", agnes)}
    assert "The provider has withdrawn case" in mailbox()[-1].body


def test_withdrawal_of_a_case_that_nobody_has_is_told_to_nobody(paula, case, told):
    told()
    services.withdraw_case(by=paula, case=case)
    assert told() == set()


def test_queue_hears_of_a_case_that_comes_into_it(agnes, second_agent, sven, case, told, mailbox):
    told()
    other = Queue.objects.create(name="Second line")
    other.members.set([agnes, second_agent])
    change(agnes, case, queue=other)
    assert told() == {("agent_new_case", second_agent)}
    for text in both_texts(mailbox()[-1]):
        assert "because you are a member of the queue Second line." in text


def test_queue_does_not_hear_of_a_case_that_has_its_agent(agnes, second_agent, taken, told):
    other = Queue.objects.create(name="Second line")
    other.members.set([second_agent])
    change(agnes, taken, queue=other)
    assert told() == set()


def test_agent_who_logs_a_call_and_takes_it_troubles_nobody(agnes, second_agent, queue, case, told):
    """The case is assigned to who filed it before the mail is thought of."""
    queue.members.set([agnes, second_agent])
    services.take_case(by=agnes, case=case)
    case_filed = OutboxMessage.objects.none().model.event.field.related_model.objects.get(code="case_filed")
    case_filed.refs["by"] = agnes.pk
    case_filed.save()
    assert told() == set()


# --- who is away ---------------------------------------------------------------------------


def test_member_who_is_away_is_spared(paula, agnes, second_agent, queue, file, told):
    queue.members.set([agnes, second_agent])
    away(agnes)
    file(paula)
    assert told() == {("agent_new_case", second_agent)}


def test_member_who_is_back_hears_again(paula, agnes, second_agent, queue, file, told):
    queue.members.set([agnes, second_agent])
    away(agnes, days=-1)
    file(paula)
    assert told() == {("agent_new_case", agnes), ("agent_new_case", second_agent)}


def test_when_all_are_away_all_hear(paula, agnes, second_agent, sven, queue, file, told):
    queue.members.set([agnes, second_agent])
    away(agnes, second_agent)
    file(paula)
    assert told() == {("agent_new_case", agnes), ("agent_new_case", second_agent)}


def test_queue_without_members_spares_who_is_away(paula, agnes, second_agent, queue, file, told, mailbox):
    queue.members.clear()
    away(agnes)
    file(paula)
    assert told() == {("agent_new_case", second_agent)}
    (mail,) = [mail for mail in mailbox() if second_agent.email in mail.to]
    assert f"because the queue {queue.name} has no members." in mail.body


def test_own_case_reaches_an_agent_who_is_away(agnes, paula, taken, told):
    away(agnes)
    services.add_information(by=paula, case=taken, body="More.")
    assert told() == {("agent_provider_replied", agnes)}


# --- reasons -------------------------------------------------------------------------------


def test_reason_of_a_providers_message(agnes, second_agent, paula, queue, case, told, mailbox):
    queue.members.set([second_agent])
    told()
    services.add_information(by=paula, case=case, body="More.")
    told()
    assert f"because you are a member of the queue {queue.name}." in mailbox()[-1].body
    services.take_case(by=agnes, case=case)
    services.add_information(by=paula, case=case, body="More.")
    told()
    assert "because the case is assigned to you." in mailbox()[-1].body
    assert "Choose your emails: http://testserver/account/notifications/" in mailbox()[-1].body


def test_name_of_a_queue_is_escaped_in_html_alone(agnes, paula, queue, file, told, mailbox):
    Queue.objects.filter(pk=queue.pk).update(name="R&D <1>")
    queue.members.set([agnes])
    file(paula)
    told()
    (mail,) = [mail for mail in mailbox() if agnes.email in mail.to]
    assert "the queue R&D <1>." in mail.body
    assert "the queue R&amp;D &lt;1&gt;." in mail.alternatives[0][0]


# --- merged cases --------------------------------------------------------------------------


def test_mails_follow_a_merge(agnes, paula, file, queue, told, mailbox):
    queue.members.set([agnes])
    first, second = file(paula), file(paula)
    services.add_information(by=paula, case=first, body="More.")
    expand_due()
    Case.objects.filter(pk=first.pk).update(merged_into=second, status="closed")
    told()
    sent = [mail for mail in mailbox() if "added information" in mail.subject]
    assert [mail.subject for mail in sent] == [f"[{second.case_id}] The provider has added information"]
    assert f"/admin/cases/case/{second.pk}/change/" in sent[0].body


def test_status_of_a_case_that_was_merged_since_is_no_news(agnes, paula, file, taken, mailbox):
    target = file(paula)
    mailbox().clear()
    change(agnes, taken, status="resolved")
    expand_due()
    Case.objects.filter(pk=taken.pk).update(merged_into=target, status="closed")
    assert not [mail for mail in mailbox() if paula.email in mail.to]


# --- how they come -------------------------------------------------------------------------


def test_chosen_delivery_decides(agnes, sven, taken, told):
    for delivery, sent, kept in (("at_once", 1, 0), ("digest", 0, 1), ("off", 0, 0)):
        DigestItem.objects.all().delete()
        NotificationPreference.objects.update_or_create(
            user=agnes, event="agent_note_added", defaults={"delivery": delivery}
        )
        services.add_note(by=sven, case=taken, body="Calls often.")
        assert (len(told()), DigestItem.objects.count()) == (sent, kept)


def test_no_subject_holds_typed_text(agnes, second_agent, sven, paula, queue, taken, told, mailbox):
    Queue.objects.update(name="Zebra queue")
    services.add_note(by=sven, case=taken, body="Zebra note.")
    services.add_information(by=paula, case=taken, body="Zebra information.")
    change(sven, taken, agent=second_agent)
    services.withdraw_case(by=paula, case=taken)
    told()
    assert len(mailbox()) > 5
    assert not [mail.subject for mail in mailbox() if "Zebra" in mail.subject]
