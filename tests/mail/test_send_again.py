import pytest
from django.core import mail
from django.utils import timezone

from mail import registry
from mail.models import OutboxMessage, State
from mail.services import NotSendable, drain, expand_due, send_again

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(greeting, greet, paula):
    """A message with a secret that has been sent."""
    greeting(uses_nonce=True)
    greet(paula)
    drain()
    return OutboxMessage.objects.get()


@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.CANCELLED])
def test_an_ended_message_goes_as_a_mail_of_its_own(sent, agnes, paula, state):
    OutboxMessage.objects.update(state=state, last_error="550 no", attempts=4)
    sent.refresh_from_db()
    old_id = sent.message_id
    paula.email = "paula@new.example.org"
    paula.save()

    send_again(sent, by=agnes)
    assert (sent.state, sent.attempts, sent.last_error, len(sent.nonce)) == (State.QUEUED, 0, "", 32)
    assert sent.message_id != old_id
    drain()
    sent.refresh_from_db()
    assert (sent.state, sent.to_address, sent.nonce) == (State.SENT, "paula@new.example.org", "")
    assert mail.outbox[-1].to == ["paula@new.example.org"]
    assert len(mail.outbox) == 2


def test_a_retried_message_is_hurried_and_keeps_its_secret(greeting, greet, smtp, paula, agnes):
    server = smtp(RCPT="450 not now")
    greeting(uses_nonce=True)
    greet(paula)
    drain()
    before = OutboxMessage.objects.get()
    server.replies.clear()
    send_again(OutboxMessage.objects.get(), by=agnes)
    after = OutboxMessage.objects.get()
    assert (after.nonce, after.message_id) == (before.nonce, before.message_id)
    drain()
    assert len(server.mails) == 1


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING])
def test_a_message_on_its_way_is_refused(greeting, greet, paula, agnes, state):
    greeting()
    greet(paula)
    expand_due()
    OutboxMessage.objects.update(state=state)
    with pytest.raises(NotSendable):
        send_again(OutboxMessage.objects.get(), by=agnes)


@pytest.mark.parametrize("state", [State.SENT, State.RETRYING, State.FAILED])
def test_a_kind_that_no_app_registers_is_refused(greeting, greet, paula, agnes, state):
    greeting()
    greet(paula)
    expand_due()
    OutboxMessage.objects.update(state=state, next_attempt_at=timezone.now() if state == State.RETRYING else None)
    del registry._kinds["greeting"]
    with pytest.raises(NotSendable, match="of a kind that the portal sends no more"):
        send_again(OutboxMessage.objects.get(), by=agnes)
    assert OutboxMessage.objects.get().state == state


def test_what_became_of_it_meanwhile_counts(sent, agnes):
    """A page showed it as retrying; it has failed since, and its secret is gone."""
    stale = OutboxMessage.objects.get()
    stale.state = State.RETRYING
    with pytest.raises(NotSendable):
        send_again(stale, by=agnes)


def test_twice_at_once_is_once(sent, agnes):
    first, second = OutboxMessage.objects.get(), OutboxMessage.objects.get()
    send_again(first, by=agnes)
    with pytest.raises(NotSendable):
        send_again(second, by=agnes)
    drain()
    assert len(mail.outbox) == 2
