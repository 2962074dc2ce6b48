"""The statuses of a case: one record each. Filter, badge, rule and sentence come from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

OPEN_GROUP, RESOLVED_GROUP, FINAL_GROUP = "open", "resolved", "final"
HELP_DESK, PROVIDER, NOBODY = "help_desk", "provider", "nobody"

# How long a case stays Resolved before the portal closes it.
CLOSE_AFTER = timedelta(days=14)


@dataclass(frozen=True)
class Status:
    """What one status means.

    Arguments:
        ball: who has to act next: "help_desk", "provider" or "nobody".
        next: the codes that may follow, whoever brings the change about.
        agent_next: those of them that an agent may choose by hand. New becomes Open by taking or
            answering; only its provider withdraws a case.
        sentence: what the provider reads about it.
    """

    code: str
    label: str | Promise
    group: str
    badge: str
    ball: str
    next: tuple[str, ...]
    agent_next: tuple[str, ...]
    sentence: str | Promise

    @property
    def is_final(self) -> bool:
        return self.group == FINAL_GROUP

    @property
    def can_be_withdrawn(self) -> bool:
        return CANCELLED.code in self.next


NEW = Status(
    code="new",
    label=_("New"),
    group=OPEN_GROUP,
    badge="new",
    ball=HELP_DESK,
    next=("open", "cancelled"),
    agent_next=(),
    sentence=_("The Help Desk has received your case. An agent will take it."),
)
OPEN = Status(
    code="open",
    label=_("Open"),
    group=OPEN_GROUP,
    badge="open",
    ball=HELP_DESK,
    next=("awaiting", "resolved", "cancelled"),
    agent_next=("awaiting", "resolved"),
    sentence=_("The Help Desk is working on your case."),
)
AWAITING = Status(
    code="awaiting",
    label=_("Awaiting Info"),
    group=OPEN_GROUP,
    badge="awaiting",
    ball=PROVIDER,
    next=("open", "resolved", "cancelled"),
    agent_next=("open", "resolved"),
    sentence=_("The Help Desk needs more information from you. Add it below."),
)
RESOLVED = Status(
    code="resolved",
    label=_("Resolved"),
    group=RESOLVED_GROUP,
    badge="resolved",
    ball=NOBODY,
    next=("open", "closed"),
    agent_next=("open", "closed"),
    sentence=format_lazy(
        _(
            "The Help Desk has answered your case. If something is still wrong, add information below:"
            " that opens the case again. Otherwise it closes by itself after {days} days."
        ),
        days=CLOSE_AFTER.days,
    ),
)
CLOSED = Status(
    code="closed",
    label=_("Closed"),
    group=FINAL_GROUP,
    badge="closed",
    ball=NOBODY,
    next=(),
    agent_next=(),
    sentence=_("This case is closed. If you need more help, file a follow-up case."),
)
CANCELLED = Status(
    code="cancelled",
    label=_("Cancelled"),
    group=FINAL_GROUP,
    badge="cancelled",
    ball=NOBODY,
    next=(),
    agent_next=(),
    sentence=_("You withdrew this case. If you need more help, file a follow-up case."),
)

ALL = (NEW, OPEN, AWAITING, RESOLVED, CLOSED, CANCELLED)
BY_CODE = {status.code: status for status in ALL}
CHOICES = [(status.code, status.label) for status in ALL]
OPEN_CODES = tuple(status.code for status in ALL if status.group == OPEN_GROUP)
FINAL_CODES = tuple(status.code for status in ALL if status.is_final)

BALL_LABELS = {
    HELP_DESK: _("The Help Desk"),
    PROVIDER: _("You"),
    NOBODY: _("Nobody"),
}
STAFF_BALL_LABELS = {
    HELP_DESK: _("The Help Desk"),
    PROVIDER: _("The provider"),
    NOBODY: _("Nobody"),
}
