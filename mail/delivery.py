"""Messages leave: claimed one by one, sent over one connection, recorded with what the server said."""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone, translation

from mail import registry
from mail.batch import Batch
from mail.envelope import BadAddress, address_of, compose, language_of
from mail.expansion import expand_due
from mail.models import Outage, OutboxMessage, State
from mail.suspension import as_held, is_suspended, suspend, suspended_among
from mail.transport import BROKE_OFF, BrokeOff, Deferred, NoMailbox, Refused, ServerAway, Transport

logger = logging.getLogger(__name__)

BATCH = 25
# What is read for a batch is at most this old when a mail is built from it.
BATCH_SECONDS = 2.0
# How many batches parallel drains spread over, and below which size a batch is not made smaller for their sake.
SPREAD = 16
LEAST_BATCH = 10
# A little less than a day in all; then the mail has failed.
RETRY_DELAYS = [timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60, 120, 240, 480, 480)]
# How long a server that is away is left alone, and no mail waits longer once it is back.
AWAY_DELAY = timedelta(seconds=20)
MOST_HURRIES = 5
THE_OUTAGE = 1  # its number: whoever notes it notes the same row

_stopping = threading.Event()


def stop() -> None:
    """Let every drain of this process end after the mail in its hands. There is no way back: the process is ending."""
    _stopping.set()


def drain(seconds: float = 5.0) -> bool:
    """Expand and send what is due, for about so many seconds; return whether the time ended before the mail did.

    Any number of drains may run at once, in any number of processes. A server that is away, or that breaks off in the
    middle of a mail, is left alone at once: other mails keep their place and their counts.
    """
    deadline = time.monotonic() + seconds
    with Transport() as transport:
        while not _over(deadline):
            progress = expand_due()
            outage = Outage.objects.filter(pk=THE_OUTAGE).first()
            if outage is None or outage.noted_at <= timezone.now() - AWAY_DELAY:
                progress += _deliver_batch(transport, deadline)
            if outage is not None and transport.works:
                _welcome_back()
            # Nothing in all that time may be a database that is slow to read.
            if not progress and not _over(deadline):
                return False
    return not _stopping.is_set()


def _deliver_batch(transport: Transport, deadline: float) -> int:
    """Deliver up to a batch of due messages and return how many were claimed."""
    messages = _due_messages()
    Batch(messages)
    deadline = min(deadline, time.monotonic() + BATCH_SECONDS)
    claimed = 0
    for message in messages:
        if transport.lost or _over(deadline):
            break
        claimed += deliver(message, transport)
    return claimed


def _due_messages() -> list[OutboxMessage]:
    """Read due messages, in a backlog some at random: so parallel drains seldom ask for the same ones."""
    due = OutboxMessage.objects.due(timezone.now())
    pks = list(due.values_list("pk", flat=True)[: BATCH * SPREAD])
    size = max(LEAST_BATCH, len(pks) // SPREAD)
    if len(pks) > size:
        start = random.randrange(len(pks))  # noqa: S311
        pks = (pks[start:] + pks[:start])[:size]
    return list(due.filter(pk__in=pks).select_related("event", "recipient")[:BATCH])


def _over(deadline: float) -> bool:
    return _stopping.is_set() or time.monotonic() >= deadline


def deliver(message: OutboxMessage, transport: Transport) -> bool:
    """Send one message if it is due and nobody else's; return whether it was. Its row says what came of it."""
    if not _claim(message):
        return False
    try:
        email = _build(message)
        transport.send(email)
    except NoLongerApplies as reason:
        _conclude(message, registry.nothing_follows, state=State.CANCELLED, last_error=str(reason))
    except NoMailbox as error:
        _suspend(message, error)
    except AddressSuspended as error:
        _hold(message, error.address)
    except (BadAddress, Refused) as error:
        _fail(message, error)
    except ServerAway as error:
        _note_outage(error)
        _wait_for_server(message, error)
    except BrokeOff as error:
        _note_outage(error)
        _retry(message, error)
    except (Deferred, NotBuilt) as error:
        _retry(message, error)
    else:
        _accepted(message, email.to[0])
    return True


def lease() -> timedelta:
    """How long a claim holds: longer than all answers of one delivery, each EMAIL_TIMEOUT, can take."""
    return timedelta(seconds=12 * settings.EMAIL_TIMEOUT)


class NoLongerApplies(Exception):
    """The kind of mail says that there is nothing to say any more."""


class AddressSuspended(Exception):
    """Nothing goes to this address until that is put right."""

    def __init__(self, address: str):
        super().__init__()
        self.address = address


class NotBuilt(Exception):
    """The app that builds this mail raised."""


def _claim(message: OutboxMessage) -> bool:
    """Take the message by one conditional UPDATE, which is atomic everywhere; tell whether it is as it was read.

    The end of the lease stands in `next_attempt_at` and is the claim's own mark: whoever comes back after it finds
    another value there, or none, and records nothing.
    """
    now = timezone.now()
    due = OutboxMessage.objects.filter(next_attempt_at__lte=now)
    outcome = {"state": State.SENDING, "attempts": message.attempts + 1, "next_attempt_at": now + lease()}
    if not due.filter(pk=message.pk, next_attempt_at=message.next_attempt_at).update(**outcome):
        return False
    _put(message, outcome)
    message.leased_until = message.next_attempt_at  # kept apart: recording changes the field, and may be undone
    return True


def _build(message: OutboxMessage) -> EmailMultiAlternatives:
    if message.attempts > len(RETRY_DELAYS) + 1:
        raise Refused("Given up: every delivery ended without a word.")
    address = address_of(message)
    if not registry.proves_address(message.kind) and _is_suspended(address, message):
        raise AddressSuspended(address)
    try:
        with translation.override(language_of(message)):
            content = registry.get_kind(message.kind).build(message)
            email = content and compose(message, content, address)
    except Exception as error:  # the code is the other app's; its words may hold the mail's
        logger.exception("Outbox message %s could not be built.", message.pk)
        raise NotBuilt(f"The mail could not be built ({type(error).__name__}).") from None
    if email is None:
        raise NoLongerApplies("The mail applies no longer.")
    return email


def _is_suspended(address: str, message: OutboxMessage) -> bool:
    """Ask once for the whole batch, and again before mail is held that a suspension may just have been lifted for."""
    return address.lower() in message.batch.once(_suspended) and is_suspended(address)


def _suspended(messages: Sequence[OutboxMessage]) -> set[str]:
    addresses = {message.fixed_address or getattr(message.recipient, "email", "") for message in messages}
    return suspended_among(addresses)


def _put(message: OutboxMessage, fields: dict) -> None:
    for name, value in fields.items():
        setattr(message, name, value)


def _record(message: OutboxMessage, **outcome) -> bool:
    """Write what came of this claim, unless its lease is over and the message another worker's."""
    recorded = OutboxMessage.objects.filter(
        pk=message.pk, state=State.SENDING, next_attempt_at=message.leased_until
    ).update(**outcome)
    _put(message, outcome)
    return bool(recorded)


def _accepted(message: OutboxMessage, address: str) -> None:
    outcome = {"state": State.SENT, "sent_at": timezone.now(), "to_address": address, "last_error": ""}
    try:
        _conclude(message, registry.get_kind(message.kind).sent, **outcome)
    except (OperationalError, InterfaceError):
        raise  # unrecorded: the mail goes out once more when the lease ends, with the same Message-ID
    except Exception as error:
        # The other app's code raised after the mail had left: sending it again would not help.
        logger.exception("What follows from outbox message %s raised.", message.pk)
        _fail(message, f"Sent, but what follows from it failed ({type(error).__name__}).")


def _fail(message: OutboxMessage, error: Exception | str) -> None:
    logger.warning("Outbox message %s (%s) failed: %s", message.pk, message.kind, error)
    outcome = {"state": State.FAILED, "last_error": str(error)}
    try:
        _conclude(message, registry.get_kind(message.kind).failed, **outcome)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # the other app's code, or the app itself is gone
        logger.exception("What follows from the failure of outbox message %s raised.", message.pk)
        _conclude(message, registry.nothing_follows, **outcome)


def _suspend(message: OutboxMessage, error: NoMailbox) -> None:
    address = address_of(message)
    suspend(address, said=str(error))
    message.batch.once(_suspended).add(address.lower())
    _hold(message, address, str(error))


def _hold(message: OutboxMessage, address: str, said: str = "") -> None:
    """Let the message wait until mail arrives at its reader again; one that carries a secret fails instead."""
    if registry.carries_secret(message.kind):
        _fail(message, said or "The address is suspended.")
    else:
        _conclude(message, registry.nothing_follows, **as_held(address, said=said))


def _conclude(message: OutboxMessage, hook: Callable[[OutboxMessage], None], **outcome) -> None:
    """Record the end of a message and run what follows from it, both or neither."""
    outcome = {"next_attempt_at": None, "nonce": "", **outcome}
    if hook is registry.nothing_follows:
        _record(message, **outcome)
        return
    with transaction.atomic():
        if _record(message, **outcome):
            hook(message)


def _retry(message: OutboxMessage, error: Exception) -> None:
    if message.attempts > len(RETRY_DELAYS):
        _fail(message, error)
    else:
        again = timezone.now() + RETRY_DELAYS[message.attempts - 1]
        _record(message, state=State.RETRYING, next_attempt_at=again, last_error=str(error))


def _wait_for_server(message: OutboxMessage, error: Exception) -> None:
    """Put the message back as it was: that the server is away is not its fault and costs it no attempt."""
    _record(
        message,
        state=State.RETRYING,
        attempts=message.attempts - 1,
        next_attempt_at=timezone.now() + AWAY_DELAY,
        last_error=str(error),
    )


def _note_outage(error: Exception) -> None:
    """Leave the server alone for a while, in every process."""
    logger.warning("The mail server is away: %s", error)
    Outage.objects.update_or_create(pk=THE_OUTAGE, defaults={"noted_at": timezone.now()})


def _welcome_back() -> None:
    """End the outage and hurry the mails in whose middle the server broke off.

    Not those that were hurried a few times already: perhaps it is they that it breaks at.
    """
    logger.info("The mail server is back.")
    Outage.objects.filter(pk=THE_OUTAGE).delete()
    OutboxMessage.objects.filter(
        state=State.RETRYING, last_error__startswith=BROKE_OFF, attempts__lte=MOST_HURRIES
    ).update(next_attempt_at=timezone.now())
