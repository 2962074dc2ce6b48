"""What the admin opens with: the agent's numbers, and what the last days brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.agent_query import ANSWERED
from cases.counts import PreparedCounts, capped
from cases.models import Case, CaseEvent
from cases.statuses import RESOLVED
from desk.hours import EASTERN
from mail.models import InboundMail, OutboxMessage, State

DAYS = 14
# The drawing, in its own units.
_HEIGHT, _WIDTH, _LEFT, _TOP, _FOOT = 150, 440, 34, 10, 20
_BAR = 10


@dataclass(frozen=True)
class Number:
    """How many rows wait somewhere, and the way to them."""

    code: str
    label: str | Promise
    address: str
    count: int

    @property
    def is_alarm(self) -> bool:
        return self.code in (State.FAILED, State.HELD) and self.count > 0

    @property
    def shown(self) -> str:
        return capped(self.count)


@dataclass(frozen=True)
class Day:
    """One day of the help desk: how much came in, how much was done."""

    day: date
    filed: int
    resolved: int


@dataclass(frozen=True)
class Bar:
    kind: str
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Mark:
    """A word on an axis, and where it stands."""

    text: str
    x: int
    y: float


@dataclass(frozen=True)
class Chart:
    """Cases filed and resolved per day, in the help desk's time zone, the oldest day first."""

    days: list[Day]

    width = _WIDTH
    height = _TOP + _HEIGHT + _FOOT
    left = _LEFT
    bar_width = _BAR
    base = _TOP + _HEIGHT

    @property
    def filed(self) -> int:
        return sum(day.filed for day in self.days)

    @property
    def resolved(self) -> int:
        return sum(day.resolved for day in self.days)

    @property
    def top(self) -> int:
        """Return what the axis goes up to: an even number, so that its middle is one too."""
        most = max((max(day.filed, day.resolved) for day in self.days), default=0)
        return max(most + most % 2, 2)

    def _slot(self, index: int) -> int:
        return _LEFT + index * (_WIDTH - _LEFT) // DAYS

    @property
    def bars(self) -> list[Bar]:
        bars = []
        for index, day in enumerate(self.days):
            for place, (kind, count) in enumerate((("filed", day.filed), ("resolved", day.resolved))):
                height = round(count / self.top * _HEIGHT, 1)
                bars.append(Bar(kind, self._slot(index) + 3 + place * (_BAR + 1), self.base - height, height))
        return [bar for bar in bars if bar.height]

    @property
    def levels(self) -> list[Mark]:
        marks = [(0, self.base), (self.top // 2, self.base - _HEIGHT / 2), (self.top, self.base - _HEIGHT)]
        return [Mark(str(count), _LEFT - 4, y) for count, y in marks]

    @property
    def dates(self) -> list[Mark]:
        """Return every second day, the last among them."""
        return [
            Mark(f"{day.day.month}/{day.day.day}", self._slot(index) + 3 + _BAR, self.base + _FOOT - 5)
            for index, day in enumerate(self.days)
            if (len(self.days) - 1 - index) % 2 == 0
        ]


@dataclass(frozen=True)
class StartPage:
    numbers: list[Number]
    chart: Chart


def _numbers(agent) -> list[Number]:
    lists = reverse("admin:cases_case_changelist")
    wanted: list[tuple[str, str | Promise, str]] = [
        ("mine", _("My open cases"), f"{lists}?list=mine"),
        ("unassigned", _("Unassigned"), f"{lists}?list=unassigned"),
        ("awaiting", _("Mine, awaiting info"), f"{lists}?list=awaiting&agent={agent.pk}"),
        ("answered", ANSWERED.label, f"{lists}?list={ANSWERED.code}"),
    ]
    if agent.has_perm("mail.view_outboxmessage"):
        outbox = reverse("admin:mail_outboxmessage_changelist")
        wanted += [
            (code.value, label, f"{outbox}?state__exact={code.value}")
            for code, label in ((State.FAILED, _("Mails that failed")), (State.HELD, _("Mails held back")))
        ]
    if agent.has_perm("mail.view_inboundmail"):
        inbox = reverse("admin:mail_inboundmail_changelist")
        wanted.append(("unmatched", _("Mails that came in and wait"), inbox))
    counts = _counts(tuple(code for code, _label, _address in wanted)).of(user=agent.pk)
    return [Number(code, label, address, counts[code]) for code, label, address in wanted]


@cache
def _counts(codes: tuple[str, ...]) -> PreparedCounts:
    """Return what counts these; of cases the staff may see all."""

    def build(agent):
        cases = Case.objects.unmerged()
        rows = {
            "mine": cases.open().assigned_to(agent),
            "unassigned": cases.unassigned(),
            "awaiting": cases.awaiting_provider().assigned_to(agent),
            "answered": ANSWERED.keep(cases, agent),
            State.FAILED.value: OutboxMessage.objects.failed(),
            State.HELD.value: OutboxMessage.objects.held(),
            "unmatched": InboundMail.objects.waiting(),
        }
        return {code: rows[code] for code in codes}, {}

    return PreparedCounts(build)


def _per_day(rows: QuerySet, field: str, what: str) -> dict[date, int]:
    days = rows.order_by().annotate(day=TruncDate(field, tzinfo=EASTERN)).values("day")
    return dict(days.annotate(n=Count(what, distinct=True)).values_list("day", "n"))


def _chart() -> Chart:
    today = timezone.now().astimezone(EASTERN).date()
    days = [today - timedelta(days=DAYS - 1 - index) for index in range(DAYS)]
    since = datetime.combine(days[0], time.min, tzinfo=EASTERN)
    filed = _per_day(Case.objects.unmerged().filter(filed_at__gte=since), "filed_at", "pk")
    done = CaseEvent.objects.filter(
        kind=CaseEvent.Kind.STATUS_CHANGED, to_value=RESOLVED.code, at__gte=since, case__merged_into=None
    )
    resolved = _per_day(done, "at", "case")
    return Chart([Day(day, filed.get(day, 0), resolved.get(day, 0)) for day in days])


def start_page(agent) -> StartPage:
    """Return what an agent sees first, in three statements."""
    return StartPage(_numbers(agent), _chart())
