"""Who has a case open: agents see each other before they answer twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from cases.models import Case, CaseLook
from cases.services.change import require_agent

# Pages tell every 20 seconds that they are still open: one lost word is forgiven.
OPEN_FOR = timedelta(seconds=45)


def _touch(case: Case, agent: User, *fields: str, looked_at: datetime | None = None) -> None:
    """Write one row in one statement: that is atomic by itself."""
    now = timezone.now()
    CaseLook.objects.bulk_create(
        [CaseLook(case=case, agent=agent, looked_at=looked_at or now, open_at=now)],
        update_conflicts=True,
        unique_fields=["case", "agent"],
        update_fields=fields,
    )


def note_look(*, by: User, case: Case, at: datetime) -> None:
    """Note that an agent has opened the page of a case; the agent of the case has then seen its answers.

    Arguments:
        case: as the page read it: what came after that is still unseen.
        at: a moment before the page read it.

    Raises:
        NotAllowed: not an agent.
    """
    require_agent(by)
    _touch(case, by, "looked_at", "open_at", looked_at=at)
    # No transaction around both: a merge locks cases before looks.
    if case.answer_unseen_at and case.assigned_agent_id == by.pk:
        shown = Case.objects.filter(pk=case.pk, assigned_agent=by, updated_at=case.updated_at)
        shown.update(answer_unseen_at=None)


def still_open(*, by: User, case: Case) -> None:
    """Note that the page of a case is still open in an agent's browser.

    Raises:
        NotAllowed: not an agent.
    """
    require_agent(by)
    _touch(case, by, "open_at")


def others_at(case: Case, *, but: User) -> list[User]:
    """Return who else has the case open, by name.

    Arguments:
        but: the person who asks.
    """
    recent = CaseLook.objects.filter(case=case, open_at__gt=timezone.now() - OPEN_FOR)
    looks = recent.exclude(agent=but).filter(agent__is_active=True).select_related("agent")
    return [look.agent for look in looks.order_by("agent__first_name", "agent__last_name", "agent_id")]
