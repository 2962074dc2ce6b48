"""Dates and moments in words: in the reader's language, in Eastern Time, with the zone said."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from django.utils.dateformat import format as format_date
from django.utils.translation import get_language, gettext, gettext_noop, pgettext, pgettext_lazy

from desk.hours import EASTERN

# The halves of the day as Django's `a` writes them, so that the catalogue can spell them its own way.
HALVES = (gettext_noop("a.m."), gettext_noop("p.m."))
# What the zone is called in winter and in summer; some languages have one name for both, and a short one for tables.
ZONES = (gettext_noop("EST"), gettext_noop("EDT"))
SHORT_ZONES = {"EST": pgettext_lazy("in a table", "EST"), "EDT": pgettext_lazy("in a table", "EDT")}

# The codes are those of Django's `date` filter.
STYLES = {
    "": pgettext_lazy("date format", "M j, Y"),
    "long": pgettext_lazy("date format", "F j, Y"),
    "short": pgettext_lazy("date format", "M j"),
}


def describe_day(day: date | datetime, style: str = "") -> str:
    """Say a day; of a moment, the day that it is in Eastern Time.

    Arguments:
        style: "long" with the whole name of the month, "short" without the year.
    """
    return format_date(_local(day), str(STYLES[style]))


def describe_moment(at: datetime, style: str = "") -> str:
    """Say day, time and zone, such as "Nov 27, 2026, 3:05 p.m. EST"; styles are those of describe_day()."""
    zone = _local(at).tzname()
    words = {"day": describe_day(at, style), "time": format_date(_local(at), "g:i a")}
    return pgettext("moment", "%(day)s, %(time)s %(zone)s") % {**words, "zone": gettext(zone)}


class TableMoments:
    """Write the many moments of a table, such as "11/27/2026 3:05 p.m. EST": what they share is looked up once.

    Arguments:
        with_zone: say the zone at each.
    """

    def __init__(self, *, with_zone: bool = True) -> None:
        self._form = pgettext("moment in a table", "%(month)s/%(day)d/%(year)d %(time)s")
        if with_zone:
            self._form += " %(zone)s"
        self._months = _months(get_language())
        self._halves = [gettext(half) for half in HALVES]
        self._zones = {name: str(short) for name, short in SHORT_ZONES.items()}

    def describe(self, at: datetime) -> str:
        local = at.astimezone(EASTERN)
        return self._form % {
            "day": local.day,
            "month": self._months[local.month],
            "year": local.year,
            "time": f"{local.hour % 12 or 12}:{local.minute:02}\N{NO-BREAK SPACE}{self._halves[local.hour >= 12]}",
            "zone": self._zones[local.tzname()],
        }


@cache
def _months(language: str) -> dict[int, str]:
    """Return the months as tables of a language write them; the code is one of Django's `date` filter."""
    code = pgettext("month in a table", "n")
    return {month: format_date(date(2000, month, 1), code) for month in range(1, 13)}


def _local(at: date | datetime) -> date | datetime:
    return at.astimezone(EASTERN) if isinstance(at, datetime) else at
