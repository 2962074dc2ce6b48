"""Events become messages: who gets mail, decided by the app that owed it, once."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from mail import registry
from mail.brakes import hold_over_caps
from mail.models import OutboxEvent, OutboxMessage, new_nonce
from mail.tokens import make_message_id

logger = logging.getLogger(__name__)

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)


def expand_due(limit: int = 50) -> int:
    """Expand up to `limit` events that are due and return how many were.

    Each in a transaction of its own: an event whose expansion raises is logged, keeps its error on the row, and comes
    again after a growing delay; the others go on.
    """
    now = timezone.now()
    return sum(
        _expand_or_postpone(pk) for pk in list(OutboxEvent.objects.due(now).values_list("pk", flat=True)[:limit])
    )


def _expand_or_postpone(pk: int) -> bool:
    try:
        return _expand(pk)
    except Exception as error:  # the code is the other app's, and one bad event must not stop the rest
        logger.exception("Outbox event %s could not be expanded.", pk)
        _postpone(pk, error)
        return False


@transaction.atomic
def _expand(pk: int) -> bool:
    # Skipping locked rows is for PostgreSQL; on SQLite the conditional UPDATE alone keeps a second worker out.
    event = OutboxEvent.objects.select_for_update(skip_locked=True).filter(pk=pk, expanded_at=None).first()
    if event is None:
        return False
    expanded = OutboxEvent.objects.filter(pk=pk, expanded_at=None).update(
        expanded_at=timezone.now(), next_attempt_at=None, last_error=""
    )
    if not expanded:
        return False
    addressees = {}
    for addressee in registry.get_event(event.code)(event):
        addressees.setdefault(addressee.key, addressee)
    messages = [_message(event, addressee) for addressee in addressees.values()]
    hold_over_caps(messages)
    OutboxMessage.objects.bulk_create(messages)
    return True


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
