"""A storm of mail is held back: so many an hour reach one person about one row, and so many in all."""

from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.db.models import Count

from mail import registry
from mail.models import Hold, OutboxMessage, State

WITHIN = timedelta(hours=1)


def hold_over_caps(messages: list[OutboxMessage]) -> None:
    """Mark those of the messages of one event that are over a cap as held.

    What happened within an hour counts, whenever a worker came to it: a backlog is no storm. Held mail does not count,
    so that mail flows again an hour later. Workers that expand at the same moment may each let one through.
    """
    capped = [message for message in messages if registry.get_kind(message.kind).is_capped]
    if not capped:
        return
    of_person, of_row = _lately(capped)
    for message in capped:
        row = (message.recipient_key, message.about_kind, message.about_id)
        if of_row[row] >= settings.MAIL_CAP_PER_CASE:
            _hold(message, Hold.CASE_CAP)
        elif of_person[message.recipient_key] >= settings.MAIL_CAP_PER_PERSON:
            _hold(message, Hold.PERSON_CAP)


def _hold(message: OutboxMessage, reason: Hold) -> None:
    message.state, message.hold_reason, message.next_attempt_at = State.HELD, reason, None


def _lately(messages: list[OutboxMessage]) -> tuple[Counter, Counter]:
    """Return how many mails each of the recipients got, in all and about each row."""
    at = messages[0].created_at
    lately = OutboxMessage.objects.filter(
        recipient_key__in=[message.recipient_key for message in messages],
        created_at__gt=at - WITHIN,
        created_at__lte=at,
    ).exclude(state__in=(State.HELD, State.CANCELLED))
    groups = lately.exclude(kind__in=registry.uncapped_kinds()).order_by()
    of_person, of_row = Counter(), Counter()
    for key, kind, number, count in groups.values_list("recipient_key", "about_kind", "about_id").annotate(
        Count("pk")
    ):
        of_person[key] += count
        of_row[key, kind, number] += count
    return of_person, of_row
