"""One case out of two, and cases that have to do with each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from accounts.models import User
from cases.models import Case, CaseEvent, CaseLink, CaseLook, Message, Side, Submission
from cases.services.assignment import may_hand_over
from cases.services.change import assign, look_for_unseen, move, record, refuse_stale, require_agent, store
from cases.services.errors import (
    IntoFinished,
    MergedAlready,
    OtherProvider,
    SameCase,
    StaleCase,
    WorkedByAnother,
)
from cases.services.files import move_files
from cases.statuses import AWAITING, CLOSED, HELP_DESK, NEW, OPEN, OPEN_CODES, RESOLVED
from mail.services import owe


@transaction.atomic
def merge_case(*, by: User, case: Case, into: Case, seen: int | None = None) -> Case:
    """Make a case part of another one of the same provider, for good; return the other one.

    Messages move with their authors, times and files, the description becomes a message of the provider;
    events stay where they are. What was merged into the case before moves on with it. The provider
    and the agents of both are told in one mail each.

    Arguments:
        into: the case that stays; if that has become part of a third one, the third.
        seen: id of the newest event of both on the page that the wish comes from.

    Raises:
        NotAllowed, StaleCase, SameCase, OtherProvider, MergedAlready, IntoFinished, WorkedByAnother.
    """
    require_agent(by)
    source, target = _both_locked(case, into)
    refuse_unmergeable(source, target, by=by)
    refuse_stale(source, seen)
    refuse_stale(target, seen)
    was, at = target.status, timezone.now()
    record(source, CaseEvent.Kind.CASE_MERGED, by=by, at=at, new=target.pk)
    record(target, CaseEvent.Kind.CASE_MERGED, by=by, at=at, old=source.pk)
    if not target.state.is_final:
        _take_over(source, target, by=by, at=at)
    _age_looks(source, target)
    _move_texts(source, target)
    look_for_unseen(target)
    _move_links(source, target)
    _close(source, target, by=by, at=at)
    store(target, was=was, at=at)
    owe("case_merged", about=("case", target.pk), source=source.pk, status=target.status, by=by.pk)
    return target


def refuse_unmergeable(source: Case, target: Case, *, by: User) -> None:
    """Refuse two cases that cannot become one, or not by this agent.

    A merge takes an open case away from its agent where the target has another one: that is handing it over.

    Raises:
        SameCase, OtherProvider, MergedAlready, IntoFinished, WorkedByAnother.
    """
    if source.pk == target.pk:
        raise SameCase(source)
    if source.merged_into_id:
        raise MergedAlready(source)
    if source.provider_id != target.provider_id:
        raise OtherProvider(source, target)
    if target.state.is_final and not source.state.is_final:
        raise IntoFinished(target)
    leaves_agent = target.assigned_agent_id not in (None, source.assigned_agent_id)
    if source.status in OPEN_CODES and leaves_agent and not may_hand_over(by, source):
        raise WorkedByAnother(source, target)


def _both_locked(case: Case, into: Case) -> tuple[Case, Case]:
    """Lock two cases, and those that their merge touches, in the order of their numbers.

    Links and bulk actions lock in that order too, so that nobody waits in a circle. Where the source
    was linked or got a part before its lock was there, all locks are given back and taken anew.
    """
    into_id = Case.objects.get(pk=into.pk).home_id
    while True:
        with transaction.atomic():
            wanted = {case.pk, into_id} | _touched_with(case)
            rows = {row.pk: row for row in Case.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
            if _touched_with(case) <= wanted:
                break
            transaction.set_rollback(True)
    source, target = rows[case.pk], rows[into_id]
    if target.merged_into_id and source.pk != target.pk:
        raise StaleCase(target)
    return source, target


def _touched_with(source: Case) -> set[int]:
    """Return the numbers of the cases that became part of one, and of both ends of its links."""
    ends = CaseLink.objects.filter(Q(case=source.pk) | Q(other=source.pk)).values_list("case", "other")
    parts = Case.objects.filter(merged_into=source.pk).values_list("pk", flat=True)
    return {*parts, *chain.from_iterable(ends)}


@dataclass(frozen=True)
class _Talk:
    """When each side of a case wrote last."""

    asked: datetime
    answered: datetime | None

    @property
    def last(self) -> datetime:
        return max(self.asked, self.answered or self.asked)


def _talk(case: Case) -> _Talk:
    said = case.messages.aggregate(
        asked=Max("created_at", filter=Q(kind=Message.Kind.PROVIDER)),
        answered=Max("created_at", filter=Q(kind=Message.Kind.PUBLIC)),
    )
    return _Talk(asked=max(case.filed_at, said["asked"] or case.filed_at), answered=said["answered"])


def _take_over(source: Case, target: Case, *, by: User, at: datetime) -> None:
    """Give the target, in memory, what of the source still counts: urgency, its agent, who has to answer."""
    if source.priority < target.priority:
        record(target, CaseEvent.Kind.PRIORITY_CHANGED, by=by, at=at, old=target.priority, new=source.priority)
        target.priority = source.priority
    if source.status not in OPEN_CODES:
        return
    agent_id = source.assigned_agent_id
    if agent_id and target.assigned_agent_id is None and User.objects.agents().filter(pk=agent_id).exists():
        assign(target, agent_id, by=by, at=at)
    here, there = _talk(target), _talk(source)
    waits = source.state.ball == HELP_DESK and source.last_message_by == Side.PROVIDER
    unanswered = waits and (here.answered is None or there.asked > here.answered)
    starts = target.status == NEW.code and source.status != NEW.code
    if starts or (unanswered and target.status in (AWAITING.code, RESOLVED.code)):
        move(target, OPEN.code, by=by, at=at)
    if target.status not in OPEN_CODES:
        return
    if target.last_message_by == source.last_message_by:
        target.waiting_since = min(target.waiting_since, source.waiting_since)
    elif there.last > here.last:
        target.last_message_by, target.waiting_since = source.last_message_by, source.waiting_since


def _age_looks(source: Case, target: Case) -> None:
    """Let the provider's words on the source be news to agents who have seen the target but not them.

    A look is not deleted: a page that is still open would make a new one.
    """
    said = Message.objects.filter(case=source, kind=Message.Kind.PROVIDER).values_list("created_at", flat=True)
    words = [source.filed_at, *said]
    seen = dict(CaseLook.objects.filter(case=source).values_list("agent", "looked_at"))
    aged = []
    for look in CaseLook.objects.filter(case=target):
        read_until = seen.get(look.agent_id)
        first = min((at for at in words if read_until is None or at > read_until), default=None)
        if first and first <= look.looked_at:
            look.looked_at = first - timedelta(microseconds=1)
            aged.append(look)
    CaseLook.objects.bulk_update(aged, ["looked_at"])


def _move_texts(source: Case, target: Case) -> None:
    Message.objects.filter(case=source).move_to(target)
    filed = Submission.objects.filter(case=source, provider=source.provider_id).first()
    key = filed.key if filed else ""
    if key and Message.objects.filter(author=source.provider_id, form_key=key).exists():
        key = ""
    description = Message.objects.create(
        case=target,
        author_id=source.provider_id,
        kind=Message.Kind.PROVIDER,
        body=source.description,
        created_at=source.filed_at,
        form_key=key,
        form_digest=filed.text_digest if key else "",
    )
    move_files(source, target, description=description)


def _move_links(source: Case, target: Case) -> None:
    for link in CaseLink.objects.filter(Q(case=source) | Q(other=source)):
        partner = link.other_id if link.case_id == source.pk else link.case_id
        link.delete()
        if partner != target.pk:
            first, second = sorted((partner, target.pk))
            CaseLink.objects.get_or_create(
                case_id=first, other_id=second, defaults={"by_id": link.by_id, "at": link.at}
            )


def _close(source: Case, target: Case, *, by: User, at: datetime) -> None:
    if source.status != CLOSED.code:
        record(source, CaseEvent.Kind.STATUS_CHANGED, by=by, at=at, old=source.status, new=CLOSED.code)
        Case.objects.filter(pk=source.pk).update(status=CLOSED.code, status_changed_at=at, waiting_since=at)
    Case.objects.filter(Q(pk=source.pk) | Q(merged_into=source)).update(merged_into=target)
    Case.objects.filter(pk=source.pk).update(
        description="", answer_unseen_at=None, updated_at=at, public_updated_at=at
    )


# --- links -----------------------------------------------------------------------------------


@transaction.atomic
def link_cases(*, by: User, case: Case, other: Case) -> bool:
    """Say that two cases have to do with each other; tell whether that is news.

    Raises:
        NotAllowed, SameCase.
    """
    first, second, at = *_ends(by, case, other), timezone.now()
    _link, is_new = CaseLink.objects.get_or_create(case=first, other=second, defaults={"by": by, "at": at})
    if is_new:
        _tell_both(CaseEvent.Kind.CASE_LINKED, first, second, by=by, at=at)
    return is_new


@transaction.atomic
def unlink_cases(*, by: User, case: Case, other: Case) -> bool:
    """Take back a link; tell whether there was one.

    Raises:
        NotAllowed, SameCase.
    """
    first, second, at = *_ends(by, case, other), timezone.now()
    removed, _per_model = CaseLink.objects.filter(case=first, other=second).delete()
    if removed:
        _tell_both(CaseEvent.Kind.CASE_UNLINKED, first, second, by=by, at=at)
    return bool(removed)


def _ends(by: User, case: Case, other: Case) -> list[Case]:
    """Return both ends of a link, locked, the smaller number first; a merged case is the one it became part of."""
    require_agent(by)
    homes = Case.objects.filter(pk__in=(case.pk, other.pk))
    numbers = {home.home_id for home in homes}
    if len(numbers) < 2:
        raise SameCase(case)
    ends = list(Case.objects.select_for_update().filter(pk__in=numbers).order_by("pk"))
    for end in ends:
        if end.merged_into_id:
            raise StaleCase(end)
    return ends


def _tell_both(kind: str, first: Case, second: Case, *, by: User, at: datetime) -> None:
    record(first, kind, by=by, at=at, new=second.pk)
    record(second, kind, by=by, at=at, new=first.pk)
    Case.objects.filter(pk__in=(first.pk, second.pk)).update(updated_at=at)
