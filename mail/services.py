"""The one door for mail: apps owe it here, workers deliver it, people look after it."""

import logging
from collections.abc import Collection

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError
from django.utils import timezone
from django.utils.translation import gettext as _

from mail import registry, wake
from mail.delivery import drain, lease
from mail.envelope import BadAddress, address_of
from mail.expansion import expand_due
from mail.models import (
    Heartbeat,
    Hold,
    Outage,
    OutboxEvent,
    OutboxMessage,
    State,
    SuspendedAddress,
    new_nonce,
)
from mail.secret import SecretSpent, derive_secret
from mail.suspension import as_queued, is_suspended, lift, waiting_for_address
from mail.tokens import make_message_id

logger = logging.getLogger(__name__)

__all__ = [
    "MayNotLift",
    "NotSendable",
    "SecretSpent",
    "address_corrected",
    "cancel",
    "derive_secret",
    "drain",
    "expand_due",
    "failures",
    "is_suspended",
    "last_failure",
    "lift_suspension",
    "owe",
    "release",
    "release_about",
    "send_again",
    "sweep",
]

REF_LIMIT = 100
MESSAGES_PER_DRAIN = 50
MOST_DRAINS = 8
SENDABLE = (State.SENT, State.RETRYING, State.FAILED, State.CANCELLED)
LIFTS = "mail.delete_suspendedaddress"


class NotSendable(Exception):
    """The message cannot be sent now; its words tell a person why."""


class MayNotLift(Exception):
    """Suspended addresses are not this person's to free."""


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
    limit = MESSAGES_PER_DRAIN * MOST_DRAINS
    waiting = OutboxMessage.objects.due(now)[:limit].count() + OutboxEvent.objects.due(now)[:limit].count()
    wanted = min(-(-waiting // MESSAGES_PER_DRAIN), 1 if Outage.objects.exists() else MOST_DRAINS)
    # A drain that lives claims one mail after the other. What was claimed longer ago may be a dead worker's, behind
    # whose lease of minutes other mail must not wait.
    lately = now - lease() / 6
    busy = OutboxMessage.objects.filter(state=State.SENDING, next_attempt_at__gt=lately + lease())
    return max(wanted - busy[:MOST_DRAINS].count(), 0)


def send_again(message: OutboxMessage, *, by: AbstractBaseUser) -> OutboxMessage:
    """Owe a message once more, from attempt nought, to the address of today; return it as it now stands.

    One that had come to its end goes as a mail of its own, with a new Message-ID and, where its kind carries a secret,
    a new one. One that is being retried is only hurried.

    Raises:
        NotSendable: it is on its way already, it is held, or no app builds such mail any more.
    """
    if message.state == State.HELD:
        raise NotSendable(_("Mail %(pk)s is held back. Release it instead.") % {"pk": message.pk})
    try:
        kind = registry.get_kind(message.kind)
    except registry.NotRegistered:
        raise NotSendable(_("Mail %(pk)s is of a kind that the portal sends no more.") % {"pk": message.pk}) from None
    outcome = {"state": State.QUEUED, "attempts": 0, "next_attempt_at": timezone.now(), "last_error": ""}
    if message.state != State.RETRYING:
        nonce = new_nonce() if kind.uses_nonce else ""
        about, reader = (message.about_kind, message.about_id), message.recipient_id or 0
        outcome |= {"message_id": make_message_id(about=about, user_id=reader), "nonce": nonce, "sent_at": None}
    with transaction.atomic():
        sendable = OutboxMessage.objects.filter(pk=message.pk, state=message.state, state__in=SENDABLE)
        if not sendable.update(**outcome):
            raise NotSendable(_("Mail %(pk)s is on its way already.") % {"pk": message.pk})
        transaction.on_commit(wake.ring, robust=True)
    logger.info("Outbox message %s is sent again by user %s.", message.pk, by.pk)
    message.refresh_from_db()
    return message


def release(message: OutboxMessage, *, by: AbstractBaseUser) -> None:
    """Let a message go that is held back; caps hold it no second time.

    Raises:
        NotSendable: it is not held, or its address is suspended still.
    """
    if message.hold_reason == Hold.SUSPENDED and _is_unreachable(message):
        words = _("Mail %(pk)s waits for its address. Let the reader correct it, or a supervisor lift the suspension.")
        raise NotSendable(words % {"pk": message.pk})
    if not _release(OutboxMessage.objects.filter(pk=message.pk)):
        raise NotSendable(_("Mail %(pk)s is not held back any more.") % {"pk": message.pk})
    logger.info("Outbox message %s is released by user %s.", message.pk, by.pk)


def release_about(*, about: tuple[str, int], by: AbstractBaseUser) -> int:
    """Let all mail about a row go that is over a cap; return how many."""
    count = _release(OutboxMessage.objects.about(*about).exclude(hold_reason=Hold.SUSPENDED))
    logger.info("%s outbox messages about %s %s are released by user %s.", count, *about, by.pk)
    return count


def _release(messages: QuerySet[OutboxMessage]) -> int:
    with transaction.atomic():
        released = messages.filter(state=State.HELD).update(**as_queued())
        transaction.on_commit(wake.ring, robust=True)
    return released


def _is_unreachable(message: OutboxMessage) -> bool:
    try:
        return is_suspended(address_of(message))
    except BadAddress:
        return False  # sending it says so


def lift_suspension(suspended: SuspendedAddress, *, by: AbstractBaseUser) -> None:
    """Let mail go to an address again, what waits for it first.

    Raises:
        MayNotLift
    """
    if not by.has_perm(LIFTS):
        raise MayNotLift
    lift(suspended.address)
    logger.info("The suspension of address %s is lifted by user %s.", suspended.pk, by.pk)


def address_corrected(*, recipient_id: int, address: str) -> None:
    """Send what waited for somebody's old address to the new one, at which they have just shown to read mail."""
    lift(address)
    _release(waiting_for_address().filter(recipient_id=recipient_id, fixed_address=""))


def failures(
    *,
    about: tuple[str, int] | None = None,
    recipient_id: int | None = None,
    except_kinds: Collection[str] = (),
) -> QuerySet[OutboxMessage]:
    """Return the mail about a row, or to a user, that is held, or failed or delayed and unmended; newest first.

    A later mail that reached the same person mends it, if it is itself about that row. Mail of `except_kinds` neither
    counts as trouble nor mends any. Pages show what is returned with its `state` and `last_error`, and offer
    `send_again`.
    """
    messages = OutboxMessage.objects.exclude(kind__in=except_kinds)
    if about is not None:
        messages = messages.about(*about)
    if recipient_id is not None:
        messages = messages.filter(recipient_id=recipient_id)
    return messages.troubled().order_by("-pk")


def last_failure(**where) -> OutboxMessage | None:
    """Return the newest of `failures`."""
    return failures(**where).select_related("recipient").first()


def cancel(messages: QuerySet[OutboxMessage], *, reason: str) -> int:
    """Cancel those of the messages that no worker holds and that still wait; return how many."""
    return messages.filter(state__in=(State.QUEUED, State.RETRYING, State.HELD)).update(
        state=State.CANCELLED, hold_reason="", next_attempt_at=None, nonce="", last_error=reason[:300]
    )
