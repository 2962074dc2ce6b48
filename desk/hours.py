"""Opening hours as arithmetic: Eastern wall-clock time, daylight saving, holidays. No database here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext, pgettext_lazy

EASTERN = ZoneInfo("America/New_York")
DAYS_TO_LOOK_AHEAD = 366

# The provider guide's own abbreviations: "M-F", "Sa-Su".
SHORT_DAYS = (
    pgettext_lazy("weekday", "M"),
    pgettext_lazy("weekday", "Tu"),
    pgettext_lazy("weekday", "W"),
    pgettext_lazy("weekday", "Th"),
    pgettext_lazy("weekday", "F"),
    pgettext_lazy("weekday", "Sa"),
    pgettext_lazy("weekday", "Su"),
)


@dataclass(frozen=True)
class Span:
    """A span of one weekday (0 is Monday), from `opens` up to and without `closes`."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True)
class Schedule:
    """Weekly hours, and the dates on which they don't apply."""

    spans: tuple[Span, ...]
    holidays: frozenset[date] = frozenset()

    def spans_on(self, day: date) -> list[Span]:
        if day in self.holidays:
            return []
        return sorted(
            (span for span in self.spans if span.weekday == day.weekday()),
            key=lambda span: span.opens,
        )

    def open_span(self, now: datetime) -> Span | None:
        """Return the span in which an aware moment falls."""
        local = now.astimezone(EASTERN)
        for span in self.spans_on(local.date()):
            if span.opens <= local.time() < span.closes:
                return span
        return None

    def next_opening(self, now: datetime) -> datetime | None:
        """Return the next moment at which the desk opens, in Eastern Time, within a year."""
        today = now.astimezone(EASTERN).date()
        for days in range(DAYS_TO_LOOK_AHEAD):
            day = today + timedelta(days=days)
            for span in self.spans_on(day):
                opening = datetime.combine(day, span.opens, tzinfo=EASTERN)
                if opening > now:
                    return opening
        return None


def clock(at: time) -> str:
    """Say a time as the provider guide does: "7 am", "6:30 pm", "noon" is "12 pm"."""
    half = gettext("am") if at.hour < 12 else gettext("pm")
    return f"{_hour(at)}:{at.minute:02} {half}" if at.minute else f"{_hour(at)} {half}"


def _hour(at: time) -> int:
    return at.hour % 12 or 12


def describe_week(spans: Iterable[Span]) -> tuple[str, ...]:
    """Say the weekly hours in lines such as "M-F: 7 am – 7 pm"; neighbors with equal hours share one."""
    by_day: dict[int, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.weekday, span.opens)):
        by_day.setdefault(span.weekday, []).append(span)

    def hours_on(day: int) -> str:
        return ", ".join(f"{clock(span.opens)} – {clock(span.closes)}" for span in by_day.get(day, []))

    lines = []
    for hours, days in groupby(range(7), key=hours_on):
        first, *rest = days
        name = f"{SHORT_DAYS[first]}-{SHORT_DAYS[rest[-1]]}" if rest else str(SHORT_DAYS[first])
        if hours:
            lines.append(f"{name}: {hours}")
    return tuple(lines)


def describe_state(schedule: Schedule, now: datetime) -> str:
    """Say in one sentence whether the desk is open and when that changes."""
    if span := schedule.open_span(now):
        # Some languages say one o'clock unlike all other hours.
        until = ngettext("Open now, until %(time)s", "Open now, until %(time)s", _hour(span.closes))
        return until % {"time": clock(span.closes)}
    opening = schedule.next_opening(now)
    if opening is None:
        return gettext("Closed now")
    opens = ngettext(
        "Closed now. Opens %(day)s at %(time)s", "Closed now. Opens %(day)s at %(time)s", _hour(opening.time())
    )
    return opens % {
        "day": _describe_day(opening.date(), now.astimezone(EASTERN).date()),
        "time": clock(opening.time()),
    }


def _describe_day(day: date, today: date) -> str:
    distance = (day - today).days
    if distance == 0:
        return gettext("today")
    if distance == 1:
        return gettext("tomorrow")
    if distance < 7:
        return pgettext("opens on", "%(weekday)s") % {"weekday": WEEKDAYS[day.weekday()]}
    return pgettext("opens on", "%(month)s %(day)d") % {"month": MONTHS[day.month], "day": day.day}


ZONE_NAME = gettext_lazy("Eastern Time")
