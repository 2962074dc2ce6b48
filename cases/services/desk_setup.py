"""What supervisors decide about queues, request types and canned replies."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from cases import canned
from cases.list_filters import forget_offers
from cases.models import CannedReply, Queue, RequestType
from cases.request_types import forget_request_types
from cases.services.errors import DefaultQueueNeeded, NotAllowed, RequestTypeNeeded, UnknownPlaceholder


def _require_supervisor(by: User) -> None:
    if not by.is_supervisor:
        raise NotAllowed


def _forget_copies() -> None:
    """Let a change show at once in the process that makes it, once it is stored."""
    transaction.on_commit(forget_request_types, robust=True)
    transaction.on_commit(forget_offers, robust=True)


def lock_setup() -> None:
    """Let supervisors who change queues or request types at once follow each other, until the transaction ends.

    First of all locks, and in one order: a form that locks its own row before waits in a circle with another one.
    """
    list(Queue.objects.select_for_update().order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def make_default_queue(*, by: User, queue: Queue) -> None:
    """Let new agents join this queue, and new request types begin with it; the one before loses the mark.

    There is always exactly one, which no service takes away.

    Raises:
        NotAllowed: `by` is no supervisor.
    """
    _require_supervisor(by)
    lock_setup()
    Queue.objects.filter(is_default=True).exclude(pk=queue.pk).update(is_default=False)
    Queue.objects.filter(pk=queue.pk).update(is_default=True)
    queue.is_default = True


def _is_default(queue: Queue) -> bool:
    return Queue.objects.filter(pk=queue.pk, is_default=True).exists()


def refuse_no_default(queue: Queue, *, is_default: bool) -> None:
    """Refuse to take the mark away from the default queue.

    Raises:
        DefaultQueueNeeded: it has the mark, and would have it no more.
    """
    if not is_default and _is_default(queue):
        raise DefaultQueueNeeded


@transaction.atomic
def save_queue(*, by: User, queue: Queue, is_default: bool) -> None:
    """Keep a queue under its name, new or not, and give it the mark of the default one if that is wished.

    Raises:
        NotAllowed: `by` is no supervisor.
        DefaultQueueNeeded
    """
    _require_supervisor(by)
    lock_setup()
    refuse_no_default(queue, is_default=is_default)
    queue.is_default = _is_default(queue)
    queue.save(update_fields=None if queue._state.adding else ["name"])
    if is_default and not queue.is_default:
        make_default_queue(by=by, queue=queue)
    _forget_copies()


def refuse_no_type(request_type: RequestType, *, is_active: bool) -> None:
    """Refuse to switch off what is the last choice of the intake form.

    Raises:
        RequestTypeNeeded: no other type is offered.
    """
    if not is_active and not RequestType.objects.offered().exclude(pk=request_type.pk).exists():
        raise RequestTypeNeeded


@transaction.atomic
def save_request_type(*, by: User, request_type: RequestType) -> None:
    """Keep a request type, new or not, as it was filled out.

    Raises:
        NotAllowed: `by` is no supervisor.
        RequestTypeNeeded
    """
    _require_supervisor(by)
    lock_setup()
    refuse_no_type(request_type, is_active=request_type.is_active)
    request_type.save()
    _forget_copies()


def refuse_unknown_placeholders(body: str) -> None:
    """Refuse a text that a provider would read with a slip in braces.

    Raises:
        UnknownPlaceholder
    """
    if names := canned.unknown(body):
        raise UnknownPlaceholder(names, known=canned.PLACEHOLDERS)


@transaction.atomic
def save_canned_reply(*, by: User, reply: CannedReply) -> None:
    """Keep a canned reply, new or not, as it was filled out.

    Raises:
        NotAllowed: `by` is no supervisor.
        UnknownPlaceholder
    """
    _require_supervisor(by)
    refuse_unknown_placeholders(reply.body)
    reply.save()
