"""Who works a case: take, hand over, hand back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from cases.models import Batch, Case, CaseEvent, Queue
from cases.services.change import assign, move, newest_unseen, record, refuse_final, require_agent
from cases.services.errors import AlreadyTaken, NotAllowed, StaleCase
from cases.statuses import FINAL_CODES, NEW, OPEN


def lock_receiver(agent: User | None) -> None:
    """Keep whoever may get a case from being blocked or given another role until the transaction ends.

    To be called before a case is locked: `block_account` and `change_role` lock the account first and its
    cases after it, and two who lock in one order never wait in a circle. `hand_over` and `refuse_idle`
    look at the account after this.
    """
    if agent is not None:
        User.objects.select_for_update(no_key=True).filter(pk=agent.pk).first()


def refuse_idle(agent: User) -> None:
    """Refuse to give a case to somebody who does not work cases, as the database has it now.

    Raises:
        NotAllowed: blocked, or of another role, whatever was true when `agent` was loaded.
    """
    if not User.objects.agents().filter(pk=agent.pk).exists():
        raise NotAllowed


@transaction.atomic
def take_case(*, by: User, case: Case, batch: Batch | None = None) -> Case:
    """Make an unassigned case one's own; New becomes Open.

    One conditional UPDATE decides between two agents who take it at the same time.

    Raises:
        NotAllowed: not an agent, or not any more.
        AlreadyTaken: somebody else was faster.
        CaseIsFinal, StaleCase: its status changed in between.
    """
    require_agent(by)
    lock_receiver(by)
    refuse_idle(by)
    before, at = Case.objects.select_related("merged_into").get(pk=case.pk).home, timezone.now()
    refuse_final(before)
    opens = before.status == NEW.code
    changes = {"assigned_agent": by, "updated_at": at}
    if opens:
        changes |= {"status": OPEN.code, "status_changed_at": at, "public_updated_at": at}
    free = Case.objects.filter(pk=before.pk, assigned_agent=None, status=before.status, merged_into=None)
    taken = free.update(**changes)
    # Not found by the UPDATE itself: one that waited for somebody to store a message does not see it.
    unseen = newest_unseen(by.pk)
    after = Case.objects.select_related("assigned_agent").annotate(unseen_at=unseen).get(pk=before.pk)
    if not taken:
        if after.assigned_agent_id == by.pk:
            return after
        if after.assigned_agent_id:
            raise AlreadyTaken(after)
        raise StaleCase(after)
    if after.unseen_at:
        Case.objects.filter(pk=after.pk).update(answer_unseen_at=after.unseen_at)
        after.answer_unseen_at = after.unseen_at
    record(after, CaseEvent.Kind.AGENT_ASSIGNED, by=by, at=at, new=by.pk, batch=batch)
    if opens:
        record(after, CaseEvent.Kind.STATUS_CHANGED, by=by, at=at, old=NEW.code, new=OPEN.code, batch=batch)
    return after


def hand_over(case: Case, agent: User | None, *, by: User, at: datetime, batch: Batch | None = None) -> None:
    """Give a locked case to another agent or back to its queue, in memory.

    Agents hand over their own cases and unassigned ones; supervisors also those of others. Who takes a
    new case for themselves opens it.

    Arguments:
        agent: one of `User.objects.agents()`, locked before the case; None gives the case back to its queue.

    Raises:
        NotAllowed: somebody else's case, or `agent` does not work cases.
    """
    if not may_hand_over(by, case):
        raise NotAllowed
    if agent is not None:
        refuse_idle(agent)
    assign(case, agent.pk if agent else None, by=by, at=at, batch=batch)
    if agent == by and case.status == NEW.code:
        move(case, OPEN.code, by=by, at=at, batch=batch)


def may_hand_over(by: User, case: Case) -> bool:
    """Tell whether this agent decides who works the case: their own, an unassigned one, or by a supervisor any."""
    return case.assigned_agent_id in (None, by.pk) or by.is_supervisor


@transaction.atomic
def join_default_queue(*, agent: User) -> None:
    """Let somebody who works cases hear of new ones; supervisors refine who is in which queue."""
    if agent.is_agent:
        agent.queues.add(*Queue.objects.filter(is_default=True))


@transaction.atomic
def leave_queues(*, agent: User) -> None:
    """Take somebody who works cases no more out of every queue."""
    agent.queues.clear()


@transaction.atomic
def hand_back_cases(*, agent: User, by: User) -> int:
    """Give all unfinished cases of an agent who cannot work any more back to their queues.

    Resolved ones too: a provider's message may open them again, and somebody has to read it.
    """
    at = timezone.now()
    held = Case.objects.filter(assigned_agent=agent).exclude(status__in=FINAL_CODES)
    ids = list(held.select_for_update().order_by("pk").values_list("pk", flat=True))
    CaseEvent.objects.bulk_create(
        CaseEvent(case_id=pk, kind=CaseEvent.Kind.AGENT_ASSIGNED, by=by, at=at, from_value=str(agent.pk)) for pk in ids
    )
    cases = Case.objects.filter(pk__in=ids, assigned_agent=agent)
    return cases.update(assigned_agent=None, answer_unseen_at=None, updated_at=at)
