"""The facts at the foot of every page: a copy a minute old, and never a reason for an error page."""

import time
from datetime import date

import pytest
from django.db import OperationalError
from django.urls import reverse

from desk import services
from desk.copies import COPY_SECONDS
from desk.models import Holiday, OpeningHours, PhoneLine


def test_seeded_facts_are_the_guides(db):
    facts = services.help_desk_facts().facts
    assert facts == services.BUILT_IN


def test_second_reading_asks_the_database_nothing(db, django_assert_num_queries):
    services.help_desk_facts()
    with django_assert_num_queries(0):
        services.help_desk_facts()


def test_a_change_elsewhere_shows_within_a_minute(db, monkeypatch):
    services.help_desk_facts()
    PhoneLine.objects.update(number="1-800-555-0100")
    assert services.help_desk_facts().phone_number == "1-877-873-6247"
    later = time.monotonic() + COPY_SECONDS
    monkeypatch.setattr("desk.copies.time.monotonic", lambda: later)
    assert services.help_desk_facts().phone_number == "1-800-555-0100"


def test_a_copy_that_another_thread_drops_meanwhile_is_shown_once_more(db, monkeypatch):
    services.help_desk_facts()

    def meanwhile() -> float:
        services.forget_facts()
        return -1.0

    monkeypatch.setattr("desk.copies.time.monotonic", meanwhile)
    assert services.help_desk_facts().facts == services.BUILT_IN


def test_known_facts_ask_the_database_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert services.known_facts().phone_number == "1-877-873-6247"


def test_database_down_shows_the_last_known_facts(db, monkeypatch, caplog):
    PhoneLine.objects.update(number="1-800-555-0100")
    services.help_desk_facts()
    later = time.monotonic() + COPY_SECONDS

    def away():
        raise OperationalError("the database is away")

    monkeypatch.setattr("desk.copies.time.monotonic", lambda: later)
    monkeypatch.setattr(services._copy, "_load", away)
    assert services.help_desk_facts().phone_number == "1-800-555-0100"
    assert "could not be read" in caplog.text


def test_database_down_from_the_start_shows_the_guides_own_facts(monkeypatch):
    def away():
        raise OperationalError("the database is away")

    monkeypatch.setattr(services._copy, "_load", away)
    assert services.help_desk_facts().facts == services.BUILT_IN


@pytest.mark.parametrize(
    ("number", "href"),
    [("1-877-873-6247", "tel:+18778736247"), ("(919) 555-0100", "tel:+19195550100")],
)
def test_number_can_be_dialed(db, number, href):
    PhoneLine.objects.update(number=number)
    assert services.help_desk_facts().phone_href == href


def test_past_holidays_are_not_carried_along(db):
    Holiday.objects.create(date=date(2020, 1, 1), name="New Year's Day")
    Holiday.objects.create(date=date(2099, 1, 1), name="New Year's Day")
    assert services.help_desk_facts().facts.schedule.holidays == {date(2099, 1, 1)}


def test_supervisor_changes_the_hours_and_the_foot_follows_at_once(
    client_for, sven, django_capture_on_commit_callbacks
):
    browser = client_for(sven)
    assert "M-F: 7 am – 7 pm" in browser.get("/terms/").content.decode()
    for span in OpeningHours.objects.filter(weekday__lt=5):
        address = reverse("admin:desk_openinghours_change", args=[span.pk])
        data = {"weekday": span.weekday, "opens_at": "08:00", "closes_at": "17:30"}
        with django_capture_on_commit_callbacks(execute=True):
            assert browser.post(address, data).status_code == 302
    assert "M-F: 8 am – 5:30 pm" in browser.get("/terms/").content.decode()
