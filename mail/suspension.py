"""Addresses from which mail came back take none until that is put right."""

import re
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mail import wake
from mail.models import Hold, OutboxMessage, State, SuspendedAddress

_ENHANCED = re.compile(r"\s*(5\.\d{1,3}\.\d{1,3})\b")
# RFC 3463, 3.2: these blame the sender's address, or the way, and not the recipient's.
_NOT_THE_RECIPIENT = {"5.1.7", "5.1.8", "5.1.9"}


def says_no_mailbox(status: str) -> bool:
    """Tell whether a status (RFC 3463) says that nobody will ever read mail at the address (X.1.X).

    A refusal for policy, size or a full mailbox says nothing about the address.
    """
    found = _ENHANCED.match(status)
    return bool(found) and found[1].startswith("5.1.") and found[1] not in _NOT_THE_RECIPIENT


def is_suspended(address: str) -> bool:
    return SuspendedAddress.objects.filter(address=address.lower()).exists()


def suspended_among(addresses: Iterable[str]) -> set[str]:
    """Return those of the addresses, in lower case, to which nothing goes."""
    found = SuspendedAddress.objects.filter(address__in={address.lower() for address in addresses})
    return set(found.values_list("address", flat=True))


def suspend(address: str, *, said: str) -> None:
    """Send nothing to the address from now on. It keeps what the server said first."""
    SuspendedAddress.objects.get_or_create(address=address.lower(), defaults={"said": said[:300]})


def lift(address: str) -> bool:
    """Let mail go to the address again, what waits for it first; tell whether it was suspended."""
    with transaction.atomic():
        deleted, _per_model = SuspendedAddress.objects.filter(address=address.lower()).delete()
        waiting_for_address().filter(to_address__iexact=address).update(**as_queued())
        transaction.on_commit(wake.ring, robust=True)
    return bool(deleted)


def waiting_for_address() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.held().filter(hold_reason=Hold.SUSPENDED)


def as_held(address: str, *, said: str) -> dict:
    """Return the fields of a message that waits for an address."""
    return {
        "state": State.HELD,
        "hold_reason": Hold.SUSPENDED,
        "next_attempt_at": None,
        "to_address": address,
        "last_error": said[:300],
    }


def as_queued() -> dict:
    """Return the fields of a message that was held and goes out now, with the Message-ID that nobody has seen."""
    return {
        "state": State.QUEUED,
        "hold_reason": "",
        "attempts": 0,
        "next_attempt_at": timezone.now(),
        "last_error": "",
        "sent_at": None,
    }
