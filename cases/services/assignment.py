"""Who works a case: take, hand over, hand back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from cases.models import Case, CaseEvent, Queue
from cases.services.change import (
    assign,
    locked,
    record,
    refuse_final,
    refuse_stale,
    require_agent,
    store,
)
from cases.services.errors import AlreadyTaken, NotAllowed, StaleCase
from cases.statuses import FINAL_CODES, NEW, OPEN
from mail.services import owe


@transaction.atomic
def take_case(*, by: User, case: Case) -> Case:
    """Make an unassigned case one's own; New becomes Open.

    One conditional UPDATE decides between two agents who take it at the same time.

    Raises:
        NotAllowed: not an agent.
        AlreadyTaken: somebody else was faster.
        CaseIsFinal, StaleCase: its status changed in between.
    """
    require_agent(by)
    before, at = Case.objects.get(pk=case.pk), timezone.now()
    refuse_final(before)
    opens = before.status == NEW.code
    changes = {"assigned_agent": by, "updated_at": at}
    if opens:
        changes |= {"status": OPEN.code, "status_changed_at": at, "public_updated_at": at}
    free = Case.objects.filter(pk=case.pk, assigned_agent=None, status=before.status)
    taken = free.update(**changes)
    after = Case.objects.select_related("assigned_agent").get(pk=case.pk)
    if not taken:
        if after.assigned_agent_id == by.pk:
            return after
        if after.assigned_agent_id:
            raise AlreadyTaken(after)
        raise StaleCase(after)
    record(after, CaseEvent.Kind.AGENT_ASSIGNED, by=by, at=at, new=by.pk)
    if opens:
        record(after, CaseEvent.Kind.STATUS_CHANGED, by=by, at=at, old=NEW.code, new=OPEN.code)
    return after


@transaction.atomic
def assign_case(*, by: User, case: Case, agent: User | None, seen: int | None = None) -> Case:
    """Hand a case over to an agent, or back to its queue.

    Agents hand over their own cases and unassigned ones; supervisors also those of others.

    Arguments:
        agent: one of `User.objects.agents()`; None gives the case back to its queue.
        seen: id of the newest event on the page that the wish comes from.

    Raises:
        NotAllowed: somebody else's case, or `agent` does not work cases.
        StaleCase, CaseIsFinal.
    """
    require_agent(by)
    if agent is not None and not User.objects.agents().filter(pk=agent.pk).exists():
        raise NotAllowed
    case = locked(case)
    refuse_stale(case, seen)
    refuse_final(case)
    if case.assigned_agent_id not in (None, by.pk) and not by.is_supervisor:
        raise NotAllowed
    agent_id = agent.pk if agent else None
    if case.assigned_agent_id == agent_id:
        return case
    if case.assigned_agent_id is None and agent_id == by.pk:
        return take_case(by=by, case=case)
    at = timezone.now()
    assign(case, agent_id, by=by, at=at)
    store(case, was=case.status, at=at, public=False)
    if agent_id:
        owe("case_assigned", about=("case", case.pk), agent=agent_id, by=by.pk)
    return case


@transaction.atomic
def join_default_queue(*, agent: User) -> None:
    """Let somebody who works cases hear of new ones; supervisors refine who is in which queue."""
    if agent.is_agent:
        agent.queues.add(*Queue.objects.filter(is_default=True))


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
    return Case.objects.filter(pk__in=ids, assigned_agent=agent).update(assigned_agent=None, updated_at=at)
