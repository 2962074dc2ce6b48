"""Dates and moments: in the reader's language, in Eastern Time, with the zone said."""

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.utils import translation

from desk.moments import STYLES, TableMoments, describe_day, describe_moment

WINTER = datetime(2026, 11, 27, 20, 5, tzinfo=UTC)
SUMMER = datetime(2026, 7, 4, 3, 30, tzinfo=UTC)  # still the day before in the East
MIDNIGHT = datetime(2026, 1, 1, 5, 0, tzinfo=UTC)
ONE_O_CLOCK = datetime(2026, 3, 1, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "style", "english", "spanish"),
    [
        (WINTER, "", "Nov 27, 2026, 3:05 p.m. EST", "27 nov 2026, 3:05 p.\N{NO-BREAK SPACE}m. (hora del este)"),
        (
            WINTER,
            "long",
            "November 27, 2026, 3:05 p.m. EST",
            "27 de noviembre de 2026, 3:05 p.\N{NO-BREAK SPACE}m. (hora del este)",
        ),
        (WINTER, "short", "Nov 27, 3:05 p.m. EST", "27 nov, 3:05 p.\N{NO-BREAK SPACE}m. (hora del este)"),
        (SUMMER, "", "Jul 3, 2026, 11:30 p.m. EDT", "3 jul 2026, 11:30 p.\N{NO-BREAK SPACE}m. (hora del este)"),
        (ONE_O_CLOCK, "short", "Mar 1, 1:00 p.m. EST", "1 mar, 1:00 p.\N{NO-BREAK SPACE}m. (hora del este)"),
    ],
)
def test_moment(at, style, english, spanish):
    assert describe_moment(at, style) == english
    with translation.override("es"):
        assert describe_moment(at, style) == spanish


@pytest.mark.parametrize(
    ("at", "english", "spanish"),
    [
        (WINTER, "11/27/2026 3:05_p.m. EST", "27 nov 2026, 3:05_p._m. ET"),
        (SUMMER, "7/3/2026 11:30_p.m. EDT", "3 jul 2026, 11:30_p._m. ET"),
        (MIDNIGHT, "1/1/2026 12:00_a.m. EST", "1 ene 2026, 12:00_a._m. ET"),
    ],
)
def test_moment_of_a_table(at, english, spanish):
    assert TableMoments().describe(at) == english.replace("_", "\N{NO-BREAK SPACE}")
    assert TableMoments(with_zone=False).describe(at) == english[:-4].replace("_", "\N{NO-BREAK SPACE}")
    with translation.override("es"):
        assert TableMoments().describe(at) == spanish.replace("_", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize("day", [date(2026, 7, 3), SUMMER])
def test_day_of_a_moment_is_that_in_the_east(day):
    assert describe_day(day, "long") == "July 3, 2026"
    with translation.override("es"):
        assert describe_day(day, "long") == "3 de julio de 2026"
        assert describe_day(day) == "3 jul 2026"


def test_other_zone_of_the_thread_changes_nothing(settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    assert describe_moment(WINTER) == "Nov 27, 2026, 3:05 p.m. EST"


@pytest.mark.parametrize("style", STYLES)
def test_filters_say_nothing_for_no_time(style):
    template = Template("{% load moments %}[{{ at|moment:style }}{{ at|day:style }}]")
    assert template.render(Context({"at": None, "style": style})) == "[]"


def test_element_is_for_people_and_programs():
    with translation.override("es"):
        html = Template("{% load moments %}{{ at|time_element }}").render(Context({"at": WINTER}))
    assert (
        html
        == '<time datetime="2026-11-27T20:05:00+00:00">27 nov 2026, 3:05 p.\N{NO-BREAK SPACE}m. (hora del este)</time>'
    )
