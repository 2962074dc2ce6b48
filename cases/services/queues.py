"""What supervisors decide about queues."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from cases.models import Queue
from cases.services.errors import NotAllowed


@transaction.atomic
def make_default_queue(*, by: User, queue: Queue) -> None:
    """Let new agents join this queue, and new request types begin with it; the one before loses the mark.

    There is always exactly one, which no service takes away.

    Raises:
        NotAllowed: `by` is no supervisor.
    """
    if not by.is_supervisor:
        raise NotAllowed
    # Locked in one order, so that two who choose at once follow each other.
    list(Queue.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    Queue.objects.filter(is_default=True).exclude(pk=queue.pk).update(is_default=False)
    Queue.objects.filter(pk=queue.pk).update(is_default=True)
    queue.is_default = True
