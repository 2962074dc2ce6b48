"""Events become messages: who gets mail, decided by the app that owed it, once."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from mail import registry
from mail.batch import Batch
from mail.brakes import hold_over_caps
from mail.models import OutboxEvent, OutboxMessage, new_nonce
from mail.tokens import make_message_id

logger = logging.getLogger(__name__)

# How many events are expanded in one transaction: on SQLite nobody else writes meanwhile.
AT_ONCE = 10
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)


def expand_due(limit: int = 50) -> int:
    """Expand up to `limit` events that are due and return how many were.

    A few in a transaction; where an expansion raises, each in one of its own. The event that cannot be expanded is
    logged, keeps the error on its row, and comes again after a growing delay; the others go on.
    """
    pks = list(OutboxEvent.objects.due(timezone.now()).values_list("pk", flat=True)[:limit])
    return sum(_expand_or_postpone(pks[start : start + AT_ONCE]) for start in range(0, len(pks), AT_ONCE))


def _expand_or_postpone(pks: list[int]) -> int:
    try:
        return _expand(pks)
    except Exception as error:  # the code is the other app's, and one bad event must not stop the rest
        if len(pks) > 1:
            return sum(_expand_or_postpone([pk]) for pk in pks)
        logger.exception("Outbox event %s could not be expanded.", pks[0])
        _postpone(pks[0], error)
        return 0


@transaction.atomic
def _expand(pks: list[int]) -> int:
    # Skipping locked rows is for PostgreSQL; SQLite's transaction, begun IMMEDIATE, keeps a second worker out.
    owed = OutboxEvent.objects.select_for_update(skip_locked=True).filter(expanded_at=None).in_bulk(pks)
    if not owed:
        return 0
    events = [owed[pk] for pk in pks if pk in owed]
    OutboxEvent.objects.filter(pk__in=owed).update(expanded_at=timezone.now(), next_attempt_at=None, last_error="")
    Batch(events)
    messages = [_message(event, addressee) for event in events for addressee in _addressees(event)]
    hold_over_caps(messages)
    OutboxMessage.objects.bulk_create(messages)
    return len(events)


def _addressees(event: OutboxEvent) -> Iterable[registry.Addressee]:
    """Return to whom the event is told, each once."""
    addressees = {}
    for addressee in registry.get_event(event.code)(event):
        addressees.setdefault(addressee.key, addressee)
    return addressees.values()


def _message(event: OutboxEvent, addressee: registry.Addressee) -> OutboxMessage:
    kind = registry.get_kind(addressee.kind)
    about_kind, about_id = addressee.about or (event.about_kind, event.about_id)
    return OutboxMessage(
        event=event,
        kind=kind.code,
        recipient_id=addressee.user_id,
        recipient_key=addressee.key,
        fixed_address=addressee.address,
        about_kind=about_kind,
        about_id=about_id,
        message_id=make_message_id(about=(about_kind, about_id), user_id=addressee.user_id or 0),
        nonce=new_nonce() if kind.uses_nonce else "",
        created_at=event.created_at,
    )


def _postpone(pk: int, error: Exception) -> None:
    """Keep the error's name alone: its words may hold what an event must not."""
    event = OutboxEvent.objects.get(pk=pk)
    delay = min(FIRST_DELAY * 2 ** min(event.attempts, 10), LONGEST_DELAY)
    OutboxEvent.objects.filter(pk=pk, expanded_at=None).update(
        attempts=event.attempts + 1,
        next_attempt_at=timezone.now() + delay,
        last_error=type(error).__name__,
    )
