"""A session ends after a while without activity, and in any case some hours after the login."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import drafts

PAGE = "/account/"
# What the limit of 30 minutes is kept to.
GRAIN = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def note(monkeypatch):
    """Register a long form for these tests alone."""
    monkeypatch.setattr(drafts, "_forms", dict(drafts._forms))
    drafts.register_form("note", fields=("text",))


@pytest.fixture
def later(time_machine):
    """Return a function that moves the clock on, from a moment that stands still."""
    start = timezone.now().replace(microsecond=0)
    time_machine.move_to(start, tick=False)
    passed = timedelta(0)

    def move_on(**delta) -> None:
        nonlocal passed
        passed += timedelta(**delta)
        time_machine.move_to(start + passed, tick=False)

    return move_on


def is_in(browser, path: str = PAGE) -> bool:
    return browser.get(path).status_code == 200


def writes(act) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        act()
    # What PostgreSQL has planned for a page, it only reads.
    return [query["sql"] for query in captured if not query["sql"].startswith(("SELECT", "EXECUTE", "PREPARE"))]


def test_provider_is_in_for_the_whole_limit_and_out_a_grain_later(paula, client_for, later):
    browser, other = client_for(paula), client_for(paula)
    later(minutes=30)
    assert is_in(browser)
    later(minutes=5)
    assert not is_in(other), "35 minutes after the login"
    assert is_in(browser), "5 minutes after the last page"


def test_what_has_ended_is_gone_from_the_server(paula, client_for, later):
    client_for(paula)
    later(minutes=34)
    call_command("clearsessions")
    assert Session.objects.exists()
    later(minutes=1, seconds=1)
    call_command("clearsessions")
    assert not Session.objects.exists()


def test_pages_in_time_keep_it_going_until_the_absolute_limit(paula, client_for, later):
    browser = client_for(paula)
    for _half_hour in range(23):
        later(minutes=30)
        assert is_in(browser)
    later(minutes=29, seconds=59)
    assert is_in(browser)
    later(seconds=1)
    assert not is_in(browser)


def test_last_minutes_before_the_absolute_limit_are_not_cut_off(paula, client_for, later):
    browser = client_for(paula)
    for minutes in (*[30] * 22, 23):  # 11:23 after the login the session would end at 11:58
        later(minutes=minutes)
        is_in(browser)
    later(minutes=20)
    is_in(browser)
    later(minutes=16)
    assert is_in(browser), "11:59 after the login"


def test_staff_have_the_absolute_limit_alone(agnes, client_for, later):
    browser = client_for(agnes)
    later(hours=11, minutes=59)
    assert is_in(browser)
    later(minutes=1)
    assert not is_in(browser)


def test_staff_may_be_given_a_limit(agnes, client_for, later, settings):
    settings.STAFF_IDLE = timedelta(minutes=60)
    browser = client_for(agnes)
    later(minutes=65)
    assert not is_in(browser)


def test_page_writes_nothing_within_a_grain_and_one_row_after_it(paula, client_for, later):
    browser = client_for(paula)
    later(minutes=4, seconds=59)
    assert writes(lambda: is_in(browser)) == []
    later(seconds=1)
    [statement] = writes(lambda: is_in(browser))
    assert statement.startswith('UPDATE "django_session"')
    assert writes(lambda: is_in(browser)) == []


def test_staff_page_writes_nothing_all_day(agnes, client_for, later):
    browser = client_for(agnes)
    later(hours=6)
    assert writes(lambda: is_in(browser)) == []


def test_typing_is_activity(paula, client_for, later):
    browser = client_for(paula)
    later(minutes=20)
    typed = {"text": "Words", "stamp": drafts.make_stamp(paula, "note", "key-1")}
    assert browser.post("/drafts/", typed).status_code == 204
    later(minutes=20)
    assert is_in(browser)


def test_page_that_asks_by_itself_is_no_activity(agnes, client_for, later, settings):
    settings.STAFF_IDLE = timedelta(minutes=30)
    browser = client_for(agnes)
    for _quarter in range(2):
        later(minutes=15)
        assert browser.post("/admin/cases/case/999/presence/").status_code == 404
    later(minutes=5)
    assert not is_in(browser)


def test_saving_the_session_does_not_move_its_end(paula, client_for, later):
    browser = client_for(paula)
    ends = Session.objects.get().expire_date
    later(minutes=4)
    browser.post("/account/details/", {"first_name": "Pola", "last_name": "Prince", "phone": ""})
    assert "messages" in browser.session or browser.session.get("_messages"), "the page's sentence is kept in it"
    assert Session.objects.get().expire_date == ends


def test_cookie_lasts_as_long_as_the_absolute_limit(paula, client_for, later, log_in):
    assert log_in("paula.prince").cookies["helpdesk_session"]["max-age"] == 12 * 3600
    browser = client_for(paula)
    later(minutes=30)
    answer = browser.post("/account/details/", {"first_name": "Pola", "last_name": "Prince", "phone": ""})
    assert answer.cookies["helpdesk_session"]["max-age"] == 11 * 3600 + 30 * 60


def test_another_login_starts_both_clocks_anew(paula, client_for, later, log_in):
    browser = client_for(paula)
    later(minutes=34)
    log_in("paula.prince", browser=browser)
    later(minutes=34)
    assert is_in(browser)


def test_changed_password_keeps_the_clock(paula, client_for, later):
    browser = client_for(paula)
    later(minutes=4)
    browser.post("/account/sessions/end/")
    later(minutes=31)
    assert not is_in(browser)


def test_session_that_has_no_clock_ends_as_django_ends_it(paula, client_for, later):
    browser = client_for(paula)
    session = browser.session
    for name in ("_logged_in_at", "_idle_seconds"):
        del session[name]
    session.save()
    later(hours=11)
    assert is_in(browser)
    later(hours=1)
    assert not is_in(browser)
