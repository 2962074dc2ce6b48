"""The one door for mail: apps owe it here, workers deliver it, people look after it."""

import logging

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from mail import registry, wake
from mail.delivery import SERVER_AWAY, drain
from mail.expansion import expand_due
from mail.models import Heartbeat, OutboxEvent, OutboxMessage, State, new_message_id, new_nonce
from mail.secret import SecretSpent, derive_secret

logger = logging.getLogger(__name__)

__all__ = [
    "NotSendable",
    "SecretSpent",
    "cancel",
    "derive_secret",
    "drain",
    "expand_due",
    "last_failure",
    "owe",
    "send_again",
    "sweep",
]

REF_LIMIT = 100
MAILS_PER_DRAIN = 50
MOST_DRAINS = 8
SENDABLE = (State.SENT, State.RETRYING, State.FAILED, State.HELD, State.CANCELLED)


class NotSendable(Exception):
    """The message is on its way already."""


def owe(code: str, *, about: tuple[str, int], **refs: int | str | None) -> OutboxEvent:
    """Record, in the caller's transaction, that something happened which owes mail; wake a worker at its commit.

    `about` names the row that pages ask for, like `("case", 12)`; `refs` are ids and codes, never text or secrets.
    Raises TransactionManagementError outside of a transaction: mail is owed with what it tells of, or not at all.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("Mail is owed inside the transaction of what it tells about.")
    for name, value in refs.items():
        if not isinstance(value, int | str | None) or (isinstance(value, str) and len(value) > REF_LIMIT):
            raise ValueError(f"The reference {name!r} is neither an id nor a short code.")
    registry.get_event(code)
    kind, number = about
    event = OutboxEvent.objects.create(code=code, about_kind=kind, about_id=number, refs=refs)
    transaction.on_commit(wake.ring, robust=True)
    return event


def sweep() -> int:
    """Note that the beat is alive and return how many more drains the backlog is worth."""
    now = timezone.now()
    Heartbeat.objects.update_or_create(name="sweep", defaults={"at": now})
    limit = MAILS_PER_DRAIN * MOST_DRAINS
    waiting = OutboxMessage.objects.due(now)[:limit].count() + OutboxEvent.objects.due(now)[:limit].count()
    outage = Heartbeat.objects.filter(name=SERVER_AWAY).exists()
    wanted = min(-(-waiting // MAILS_PER_DRAIN), 1 if outage else MOST_DRAINS)
    busy = OutboxMessage.objects.filter(state=State.SENDING, next_attempt_at__gt=now)[:MOST_DRAINS].count()
    return max(wanted - busy, 0)


def send_again(message: OutboxMessage, *, by) -> OutboxMessage:
    """Owe a message once more, from attempt nought, to the address of today; return it as it now stands.

    One that had come to its end goes as a mail of its own, with a new Message-ID and, where its kind carries a secret,
    a new one. One that is being retried is only hurried. Raises NotSendable.
    """
    outcome = {"state": State.QUEUED, "attempts": 0, "next_attempt_at": timezone.now(), "last_error": ""}
    if message.state != State.RETRYING:
        nonce = new_nonce() if registry.get_kind(message.kind).uses_nonce else ""
        outcome |= {"message_id": new_message_id(), "nonce": nonce, "sent_at": None}
    with transaction.atomic():
        sendable = OutboxMessage.objects.filter(pk=message.pk, state=message.state, state__in=SENDABLE)
        if not sendable.update(**outcome):
            raise NotSendable
        transaction.on_commit(wake.ring, robust=True)
    logger.info("Outbox message %s is sent again by user %s.", message.pk, by.pk)
    message.refresh_from_db()
    return message


def last_failure(*, about: tuple[str, int] | None = None, recipient_id: int | None = None) -> OutboxMessage | None:
    """Return the newest failed or delayed mail about a row, or to a user, that no later one to the same person mended.

    Pages show it with its `state` and `last_error`, and offer `send_again`.
    """
    messages = OutboxMessage.objects.troubled()
    if about is not None:
        messages = messages.about(*about)
    if recipient_id is not None:
        messages = messages.filter(recipient_id=recipient_id)
    return messages.select_related("recipient").order_by("-pk").first()


def cancel(messages: QuerySet[OutboxMessage], *, reason: str) -> int:
    """Cancel those of the messages that no worker holds and that still wait; return how many."""
    return messages.filter(state__in=(State.QUEUED, State.RETRYING, State.HELD)).update(
        state=State.CANCELLED, next_attempt_at=None, nonce="", last_error=reason[:300]
    )
