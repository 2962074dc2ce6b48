"""The way of a case from one status to the next."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from cases.models import Batch, Case
from cases.services.change import (
    locked,
    move,
    refuse_final,
    require_provider,
    store,
)
from cases.services.errors import CaseError, NowPartOf, WrongTransition
from cases.statuses import BY_CODE, CANCELLED, CLOSE_AFTER, CLOSED, RESOLVED
from mail.services import owe

logger = logging.getLogger(__name__)


def choose_status(case: Case, to: str, *, by: User, at: datetime, batch: Batch | None = None) -> bool:
    """Bring a locked case to the status that an agent chose, in memory; tell whether it moved.

    Raises:
        CaseIsFinal, WrongTransition: not one that an agent may choose by hand.
    """
    if not to or to == case.status:
        return False
    refuse_final(case)
    if to not in case.state.agent_next:
        raise WrongTransition(case, BY_CODE[to])
    move(case, to, by=by, at=at, batch=batch)
    return True


@transaction.atomic
def withdraw_case(*, by: User, case: Case) -> Case:
    """Cancel a case at the wish of the provider who filed it; a second time changes nothing.

    Raises:
        NotAllowed, CaseIsFinal, WrongTransition.
        NowPartOf: the case was merged; the larger one goes only if its provider says so.
    """
    require_provider(by, case)
    asked, case = case, locked(case)
    if case.pk != asked.pk:
        raise NowPartOf(asked, case)
    if case.status == CANCELLED.code:
        return case
    was, at = case.status, timezone.now()
    move(case, CANCELLED.code, by=by, at=at)
    store(case, was=was, at=at)
    owe("case_status_changed", about=("case", case.pk), status=case.status, by=by.pk)
    return case


@transaction.atomic
def _close(case: Case, *, before: datetime) -> bool:
    case = locked(case)
    if case.status != RESOLVED.code or case.status_changed_at > before:
        return False
    at = timezone.now()
    move(case, CLOSED.code, by=None, at=at)
    store(case, was=RESOLVED.code, at=at)
    owe("case_status_changed", about=("case", case.pk), status=case.status, by=None)
    return True


def close_resolved(*, limit: int = 1000) -> int:
    """Close what has been resolved for CLOSE_AFTER, oldest first; return how many.

    One transaction a case: a bad row cannot stop the rest.
    """
    before = timezone.now() - CLOSE_AFTER
    due = Case.objects.filter(status=RESOLVED.code, status_changed_at__lte=before)
    closed = 0
    for case in due.order_by("status_changed_at", "pk")[:limit]:
        try:
            closed += _close(case, before=before)
        except CaseError:
            logger.exception("case %s could not be closed", case.pk)
    return closed
