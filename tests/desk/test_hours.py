"""Opening hours in Eastern wall-clock time, whatever the season and the server's clock."""

from datetime import UTC, date, datetime, time

import pytest
from django.utils import translation

from desk.hours import EASTERN, Schedule, Span, clock, describe_state, describe_week
from desk.services import BUILT_IN

GUIDE = BUILT_IN.schedule
MONDAY = date(2026, 11, 23)


def eastern(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=EASTERN)


@pytest.mark.parametrize(
    ("hour", "minute", "is_open"),
    [(6, 59, False), (7, 0, True), (18, 59, True), (19, 0, False)],
)
def test_open_from_the_first_minute_and_closed_at_the_last(hour, minute, is_open):
    assert (GUIDE.open_span(eastern(MONDAY, hour, minute)) is not None) is is_open


def test_weekend_has_its_own_hours():
    sunday = date(2026, 11, 22)
    assert GUIDE.open_span(eastern(sunday, 9, 59)) is None
    assert GUIDE.open_span(eastern(sunday, 10)) == Span(6, time(10), time(18))


@pytest.mark.parametrize(
    ("utc", "is_open"),
    [
        (datetime(2026, 7, 6, 11, 0, tzinfo=UTC), True),  # 7 am EDT
        (datetime(2026, 7, 6, 23, 0, tzinfo=UTC), False),  # 7 pm EDT
        (datetime(2026, 12, 7, 11, 59, tzinfo=UTC), False),  # 6:59 am EST
        (datetime(2026, 12, 7, 12, 0, tzinfo=UTC), True),  # 7 am EST
    ],
)
def test_summer_and_winter_open_by_the_wall_clock(utc, is_open):
    assert (GUIDE.open_span(utc) is not None) is is_open


@pytest.mark.parametrize("change", [date(2026, 3, 8), date(2026, 11, 1)])
def test_next_opening_on_a_day_that_the_clock_changes(change):
    night = datetime.combine(change, time(0, 30), tzinfo=EASTERN)
    assert GUIDE.next_opening(night) == eastern(change, 10)


def test_holiday_is_closed_all_day_and_the_next_day_opens():
    thanksgiving = date(2026, 11, 26)
    schedule = Schedule(GUIDE.spans, frozenset([thanksgiving]))
    noon = eastern(thanksgiving, 12)
    assert schedule.open_span(noon) is None
    assert schedule.next_opening(noon) == eastern(date(2026, 11, 27), 7)


def test_a_break_at_noon_closes_and_opens_again():
    schedule = Schedule((Span(0, time(13), time(17)), Span(0, time(8), time(12))))
    assert schedule.open_span(eastern(MONDAY, 12, 30)) is None
    assert schedule.next_opening(eastern(MONDAY, 12, 30)) == eastern(MONDAY, 13)
    assert schedule.next_opening(eastern(MONDAY, 6)) == eastern(MONDAY, 8)
    assert describe_week(schedule.spans) == ("M: 8 am – 12 pm, 1 pm – 5 pm",)


def test_the_week_in_the_guides_own_words():
    assert describe_week(GUIDE.spans) == ("M-F: 7 am – 7 pm", "Sa-Su: 10 am – 6 pm")


def test_a_closed_day_parts_the_week():
    spans = [span for span in GUIDE.spans if span.weekday != 2]
    assert describe_week(spans) == ("M-Tu: 7 am – 7 pm", "Th-F: 7 am – 7 pm", "Sa-Su: 10 am – 6 pm")


@pytest.mark.parametrize(
    ("at", "said"),
    [(time(0), "12 am"), (time(12), "12 pm"), (time(18, 30), "6:30 pm"), (time(7, 5), "7:05 am")],
)
def test_clock(at, said):
    assert clock(at) == said


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (eastern(MONDAY, 12), "Open now, until 7 pm"),
        (eastern(MONDAY, 6), "Closed now. Opens today at 7 am"),
        (eastern(MONDAY, 20), "Closed now. Opens tomorrow at 7 am"),
    ],
)
def test_state_says_what_changes_when(now, said):
    assert describe_state(GUIDE, now) == said


def test_state_names_the_day_and_then_the_date():
    mondays_only = [Span(0, time(7), time(19))]
    assert describe_state(Schedule(tuple(mondays_only)), eastern(date(2026, 11, 25), 8)) == (
        "Closed now. Opens Monday at 7 am"
    )
    away = Schedule(tuple(mondays_only), frozenset([date(2026, 11, 30)]))
    assert describe_state(away, eastern(date(2026, 11, 25), 8)) == "Closed now. Opens December 7 at 7 am"


def test_a_desk_without_hours_is_closed_and_promises_nothing():
    assert describe_state(Schedule(()), eastern(MONDAY, 12)) == "Closed now"


SHORT_DAY = Schedule((Span(0, time(13), time(17)), Span(2, time(9), time(13))))


@pytest.mark.parametrize(
    ("schedule", "now", "said"),
    [
        (GUIDE, eastern(MONDAY, 9), "Abierto ahora, hasta las 7 p.\N{NO-BREAK SPACE}m."),
        (GUIDE, eastern(MONDAY, 6), "Cerrado ahora. Abre hoy a las 7 a.\N{NO-BREAK SPACE}m."),
        (GUIDE, eastern(MONDAY, 20), "Cerrado ahora. Abre mañana a las 7 a.\N{NO-BREAK SPACE}m."),
        (SHORT_DAY, eastern(MONDAY, 9), "Cerrado ahora. Abre hoy a la 1 p.\N{NO-BREAK SPACE}m."),
        (SHORT_DAY, eastern(date(2026, 11, 25), 10), "Abierto ahora, hasta la 1 p.\N{NO-BREAK SPACE}m."),
        (SHORT_DAY, eastern(date(2026, 11, 26), 10), "Cerrado ahora. Abre el lunes a la 1 p.\N{NO-BREAK SPACE}m."),
        (
            Schedule(SHORT_DAY.spans, frozenset({date(2026, 11, 30)})),
            eastern(date(2026, 11, 25), 14),
            "Cerrado ahora. Abre el 2 de diciembre a las 9 a.\N{NO-BREAK SPACE}m.",
        ),
        (Schedule(()), eastern(MONDAY, 9), "Cerrado ahora"),
    ],
)
def test_state_in_spanish(schedule, now, said):
    with translation.override("es"):
        assert describe_state(schedule, now) == said


def test_the_week_in_spanish():
    with translation.override("es"):
        assert describe_week(GUIDE.spans) == (
            "L-V: 7 a.\N{NO-BREAK SPACE}m. – 7 p.\N{NO-BREAK SPACE}m.",
            "S-D: 10 a.\N{NO-BREAK SPACE}m. – 6 p.\N{NO-BREAK SPACE}m.",
        )
        assert clock(time(18, 30)) == "6:30 p.\N{NO-BREAK SPACE}m."
