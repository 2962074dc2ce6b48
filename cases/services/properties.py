"""What a case is, beside what is said on it: status, priority, request type, queue, assigned agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from cases.models import Batch, Case, CaseEvent, Queue, RequestType
from cases.services.assignment import hand_over, lock_receiver
from cases.services.change import locked, record, refuse_final, refuse_stale, require_agent, store
from cases.services.progress import choose_status
from mail.services import owe


def _other(wish: Model | None, present_id: int | None) -> Model | None:
    return wish if wish is not None and wish.pk != present_id else None


@dataclass(frozen=True)
class Changes:
    """What an agent wants to be different about a case; what is None or empty stays as it is.

    Arguments:
        status: code.
        queue: wins over the queue that a new request type brings with it.
        agent: who gets the case; `unassign` gives it back to its queue instead.
    """

    status: str = ""
    priority: int | None = None
    request_type: RequestType | None = None
    queue: Queue | None = None
    agent: User | None = None
    unassign: bool = False

    def beyond(self, case: Case) -> Changes:
        """Return those of the wishes that are not so already."""
        return Changes(
            status="" if self.status == case.status else self.status,
            priority=None if self.priority == case.priority else self.priority,
            request_type=_other(self.request_type, case.request_type_id),
            queue=_other(self.queue, case.queue_id),
            agent=_other(self.agent, case.assigned_agent_id),
            unassign=self.unassign and case.assigned_agent_id is not None,
        )


NO_CHANGES = Changes()


@dataclass(frozen=True)
class Made:
    """What became of the wishes: what others have to be told.

    Arguments:
        moved: whether the status is another one, be it that taking a new case opened it.
        chose_status: whether the agent asked for the status that it moved to.
        was_with: id of the agent who had the case before it was assigned.
    """

    moved: bool = False
    chose_status: bool = False
    retyped: bool = False
    requeued: bool = False
    assigned: bool = False
    reprioritised: bool = False
    was_with: int | None = None

    def __bool__(self) -> bool:
        return self != NOTHING_MADE


NOTHING_MADE = Made()


def make_changes(case: Case, changes: Changes, *, by: User, at: datetime, batch: Batch | None = None) -> Made:
    """Make the changes on a locked case, in memory, with their events; what is so already is no change.

    Raises:
        NotAllowed, CaseIsFinal, WrongTransition.
    """
    wanted = changes.beyond(case)
    if wanted == NO_CHANGES:
        return NOTHING_MADE
    refuse_final(case)
    was = case.status

    def note(kind: str, old: int, new: int) -> None:
        record(case, kind, by=by, at=at, old=old, new=new, batch=batch)

    queue = changes.queue
    if wanted.request_type:
        note(CaseEvent.Kind.REQUEST_TYPE_CHANGED, case.request_type_id, wanted.request_type.pk)
        case.request_type = wanted.request_type
        queue = queue or wanted.request_type.queue
    requeued = queue is not None and queue.pk != case.queue_id
    if requeued:
        note(CaseEvent.Kind.QUEUE_CHANGED, case.queue_id, queue.pk)
        case.queue = queue
    if wanted.priority is not None:
        note(CaseEvent.Kind.PRIORITY_CHANGED, case.priority, wanted.priority)
        case.priority = wanted.priority
    assigned, was_with = bool(wanted.agent or wanted.unassign), case.assigned_agent_id
    if assigned:
        hand_over(case, wanted.agent, by=by, at=at, batch=batch)
    choose_status(case, wanted.status, by=by, at=at, batch=batch)
    return Made(
        moved=case.status != was,
        chose_status=bool(wanted.status),
        retyped=wanted.request_type is not None,
        requeued=requeued,
        assigned=assigned,
        reprioritised=wanted.priority is not None,
        was_with=was_with if assigned else None,
    )


def owe_mail_for(case: Case, made: Made, *, by: User, told_of_status: bool = False) -> None:
    """Owe the mails that changes of one case bring about.

    Arguments:
        told_of_status: whether another mail of this change says the status already.
    """
    about = ("case", case.pk)
    if made.chose_status and not told_of_status:
        owe("case_status_changed", about=about, status=case.status, by=by.pk)
    if made.assigned:
        owe("case_assigned", about=about, agent=case.assigned_agent_id, was_with=made.was_with, by=by.pk)
    if made.requeued and not case.assigned_agent_id:
        owe("case_queue_changed", about=about, queue=case.queue_id, by=by.pk)


@transaction.atomic
def change_case(
    *, by: User, case: Case, changes: Changes, seen: int | None = None, batch: Batch | None = None
) -> Case:
    """Change what a case is; the provider is mailed a new status, an agent a case that became theirs.

    Arguments:
        seen: id of the newest event on the page that the wish comes from.
        batch: the bulk action that this is part of; it owes the mails of all its cases together.

    Raises:
        NotAllowed, StaleCase, CaseIsFinal, WrongTransition.
    """
    require_agent(by)
    lock_receiver(changes.agent)
    case = locked(case)
    refuse_stale(case, seen)
    was, at = case.status, timezone.now()
    made = make_changes(case, changes, by=by, at=at, batch=batch)
    if made:
        store(case, was=was, at=at, public=made.moved or made.retyped)
        if batch is None:
            owe_mail_for(case, made, by=by)
    return case
