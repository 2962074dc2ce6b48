"""Dates and moments in words: in the reader's language, in Eastern Time, with the zone said."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext, gettext_noop, pgettext, pgettext_lazy

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
    "dense": pgettext_lazy("date format", "n/j/Y"),
}


def describe_day(day: date | datetime, style: str = "") -> str:
    """Say a day; of a moment, the day that it is in Eastern Time.

    Arguments:
        style: "long" with the whole name of the month, "short" without the year, "dense" for tables.
    """
    return format_date(_local(day), str(STYLES[style]))


def describe_moment(at: datetime, style: str = "") -> str:
    """Say day, time and zone, such as "Nov 27, 2026, 3:05 p.m. EST"; styles are those of describe_day()."""
    zone = _local(at).tzname()
    words = {"day": describe_day(at, style), "time": format_date(_local(at), "g:i a")}
    if style == "dense":
        return pgettext("moment in a table", "%(day)s %(time)s %(zone)s") % {**words, "zone": SHORT_ZONES[zone]}
    return pgettext("moment", "%(day)s, %(time)s %(zone)s") % {**words, "zone": gettext(zone)}


def _local(at: date | datetime) -> date | datetime:
    return at.astimezone(EASTERN) if isinstance(at, datetime) else at
