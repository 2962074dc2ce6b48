"""What every change of a case has in common: who may, the lock, the event, the careful write."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Subquery

from accounts.models import User
from cases.models import Batch, Case, CaseEvent, Message, Side
from cases.services.errors import CaseIsFinal, NotAllowed, StaleCase, WrongTransition
from cases.statuses import BY_CODE, Status
from desk.prepared import PreparedInsert

_events = PreparedInsert(CaseEvent)


def require_provider(by: User, case: Case | None = None) -> None:
    """Refuse everybody but an active provider, and on a case everybody but who filed it.

    Raises:
        NotAllowed: staff, a stranger, or a member who may see but not answer.
    """
    if not (by.is_active and by.is_provider) or (case is not None and case.provider_id != by.pk):
        raise NotAllowed


def require_agent(by: User) -> None:
    """Refuse everybody but agents, supervisors and administrators.

    Raises:
        NotAllowed: providers and viewers.
    """
    if not by.is_agent:
        raise NotAllowed


def locked(case: Case) -> Case:
    """Read the case afresh and keep others from changing it until the transaction ends.

    A case that has been merged is the one that it became part of: stale pages act on that.
    SQLite has no row locks: there the transaction itself, begun IMMEDIATE, is the lock.
    """
    found = Case.objects.select_for_update().get(pk=case.home_id)
    while found.merged_into_id:
        found = Case.objects.select_for_update().get(pk=found.merged_into_id)
    return found


def refuse_stale(case: Case, seen: int | None) -> None:
    """Refuse a change by somebody who has not seen the latest event.

    Arguments:
        seen: id of the newest event on the page it comes from; None where nothing was shown.

    Raises:
        StaleCase: there is a newer one.
    """
    news = case.events.exclude(kind=CaseEvent.Kind.MAIL_NOTED)  # a machine's mail changes nothing
    if seen is not None and news.filter(pk__gt=seen).exists():
        raise StaleCase(case)


def refuse_final(case: Case) -> None:
    """Refuse a case that is closed or cancelled.

    Raises:
        CaseIsFinal: always for those.
    """
    if case.state.is_final:
        raise CaseIsFinal(case)


def record(
    case: Case,
    kind: str,
    *,
    by: User | None,
    at: datetime,
    old: str | int | None = "",
    new: str | int | None = "",
    batch: Batch | None = None,
) -> CaseEvent:
    """Append one event; `old` and `new` are codes or ids, `by` is None for the portal itself."""
    event = CaseEvent(
        case=case, kind=kind, by=by, at=at, from_value=str(old or ""), to_value=str(new or ""), batch=batch
    )
    return _events.insert(event)


def move(case: Case, to: str, *, by: User | None, at: datetime, batch: Batch | None = None) -> None:
    """Bring a locked case to another status, in memory, and record it.

    Raises:
        CaseIsFinal, WrongTransition: the table in `cases.statuses` does not allow it.
    """
    old: Status = case.state
    new: Status = BY_CODE[to]
    refuse_final(case)
    if to not in old.next:
        raise WrongTransition(case, new)
    record(case, CaseEvent.Kind.STATUS_CHANGED, by=by, at=at, old=old.code, new=new.code, batch=batch)
    case.status, case.status_changed_at = new.code, at
    if new.ball != old.ball:
        case.waiting_since = at


def assign(case: Case, agent_id: int | None, *, by: User, at: datetime, batch: Batch | None = None) -> None:
    """Give a locked case to an agent or back to its queue, in memory, and record it."""
    record(case, CaseEvent.Kind.AGENT_ASSIGNED, by=by, at=at, old=case.assigned_agent_id, new=agent_id, batch=batch)
    case.assigned_agent_id = agent_id
    look_for_unseen(case)


def newest_unseen(agent_id: int) -> Subquery:
    """Return when the provider last wrote what an agent has not seen, as a column of a query of cases."""
    said = Message.objects.unseen_by(agent_id).filter(case=OuterRef("pk"))
    return Subquery(said.order_by("-created_at").values("created_at")[:1])


def look_for_unseen(case: Case) -> None:
    """Let `store` find what the agent of a locked case has not seen; until then nobody knows in memory."""
    agent_id = case.assigned_agent_id
    case.answer_unseen_at = newest_unseen(agent_id) if agent_id else None


def spoke(case: Case, side: Side, *, at: datetime) -> None:
    """Note which side wrote last; whoever has to answer has waited since the first word.

    What a provider writes is unseen by the case's agent, whoever files it.
    """
    if case.last_message_by != side:
        case.last_message_by, case.waiting_since = side, at
    if side == Side.PROVIDER and case.assigned_agent_id:
        case.answer_unseen_at = at


def store(case: Case, *, was: str, at: datetime, public: bool = True) -> None:
    """Write a changed case, if its status is still what it was.

    Arguments:
        was: the status code that was read under the lock.
        public: False keeps the provider's list as it is.

    Raises:
        StaleCase: somebody changed the status in between.
    """
    case.updated_at = at
    changes = {
        "status": case.status,
        "status_changed_at": case.status_changed_at,
        "assigned_agent_id": case.assigned_agent_id,
        "priority": case.priority,
        "request_type_id": case.request_type_id,
        "queue_id": case.queue_id,
        "last_message_by": case.last_message_by,
        "waiting_since": case.waiting_since,
        "answer_unseen_at": case.answer_unseen_at,
        "updated_at": at,
    }
    if public:
        case.public_updated_at = changes["public_updated_at"] = at
    if not Case.objects.filter(pk=case.pk, status=was).update(**changes):
        raise StaleCase(case)
    if isinstance(case.answer_unseen_at, Subquery):
        # What the database found is read when somebody asks.
        del case.answer_unseen_at
