"""A storm of mail is held back: so many an hour reach one person about one row, and so many in all."""

from bisect import bisect_right, insort
from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings

from mail import registry
from mail.models import Hold, OutboxMessage, State

WITHIN = timedelta(hours=1)


def hold_over_caps(messages: list[OutboxMessage]) -> None:
    """Mark those of new messages, the first event's first, that are over a cap as held.

    What happened within an hour counts, whenever a worker came to it: a backlog is no storm. Held mail does not count,
    so that mail flows again an hour later. Workers that expand at the same moment may each let one through.
    """
    capped = [message for message in messages if registry.get_kind(message.kind).is_capped]
    if not capped:
        return
    times = _times(capped)
    for message in capped:
        of_row, of_person = (times[key] for key in _keys(message.recipient_key, message.about_kind, message.about_id))
        if _lately(of_row, message.created_at) >= settings.MAIL_CAP_PER_CASE:
            _hold(message, Hold.CASE_CAP)
        elif _lately(of_person, message.created_at) >= settings.MAIL_CAP_PER_PERSON:
            _hold(message, Hold.PERSON_CAP)
        else:
            insort(of_row, message.created_at)
            insort(of_person, message.created_at)


def _hold(message: OutboxMessage, reason: Hold) -> None:
    message.state, message.hold_reason, message.next_attempt_at = State.HELD, reason, None


def _keys(recipient_key: str, about_kind: str, about_id: int) -> tuple[tuple, tuple]:
    return (recipient_key, about_kind, about_id), (recipient_key,)


def _lately(times: list[datetime], at: datetime) -> int:
    return bisect_right(times, at) - bisect_right(times, at - WITHIN)


def _times(messages: list[OutboxMessage]) -> dict[tuple, list[datetime]]:
    """Return when each of the recipients got mail about each row, and at all, in order."""
    created = [message.created_at for message in messages]
    lately = OutboxMessage.objects.filter(
        recipient_key__in={message.recipient_key for message in messages},
        created_at__gt=min(created) - WITHIN,
        created_at__lte=max(created),
    ).exclude(state__in=(State.HELD, State.CANCELLED))
    counted = lately.exclude(kind__in=registry.uncapped_kinds()).order_by()
    times = defaultdict(list)
    for *recipient_and_row, at in counted.values_list("recipient_key", "about_kind", "about_id", "created_at"):
        for key in _keys(*recipient_and_row):
            insort(times[key], at)
    return times
