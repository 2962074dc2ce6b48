"""The end of a session: pages know when it comes, can put it off, and lead back to where they were."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import drafts
from accounts.models import Draft

URL = "/session/"
PAGE = "/account/"
TEXT = "Two lines\nof text"


@pytest.fixture(autouse=True)
def note(monkeypatch):
    """Register a long form for these tests alone."""
    monkeypatch.setattr(drafts, "_forms", dict(drafts._forms))
    drafts.register_form("note", fields=("text",))


def end_in(minutes: float, user=None) -> None:
    """Let every session end in so many minutes: its person has been idle."""
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=minutes))


def data(html: str, name: str) -> str | None:
    """Return what the warning of a page tells its script."""
    dialog = re.search(r"<dialog\b[^>]*>", html)
    found = dialog and re.search(rf'\bdata-{name}(?:="([^"]*)")?[\s>]', dialog[0])
    return unescape(found[1] or "") if found else None


# --- asked by the script ---------------------------------------------------------------------


def test_page_and_answer_say_the_same(paula, client_for):
    browser = client_for(paula)
    end_in(4)
    html = browser.get("/terms/").text
    told = browser.get(URL).json()
    assert told["person"] == data(html, "person")
    assert (told["final"], data(html, "final")) == (False, None)


def test_asking_leaves_the_end_where_it_is(paula, client_for):
    browser = client_for(paula)
    end_in(4)
    before = Session.objects.get().expire_date
    assert 235 <= browser.get(URL).json()["left"] <= 240
    assert Session.objects.get().expire_date == before


def test_staying_moves_it_by_the_whole_limit(paula, client_for):
    browser = client_for(paula)
    for _time in range(12):
        end_in(0.5)
        assert browser.post(URL).json()["left"] >= 30 * 60
        assert browser.get(URL).json()["left"] >= 30 * 60


def test_staying_counts_within_a_grain_too(paula, client_for, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    browser = client_for(paula)
    time_machine.move_to(start + timedelta(minutes=4), tick=False)
    assert browser.get(URL).json()["left"] == 31 * 60
    assert browser.post(URL).json()["left"] == 35 * 60


def test_absolute_limit_is_moved_by_nothing(paula, client_for, time_machine, settings):
    settings.SESSION_COOKIE_AGE = 3600
    start = timezone.now().replace(microsecond=0)
    time_machine.move_to(start, tick=False)
    browser = client_for(paula)
    time_machine.move_to(start + timedelta(minutes=34), tick=False)
    assert browser.post(URL).json() | {"person": ""} == {"left": 26 * 60, "final": True, "person": ""}
    html = browser.get(PAGE).text
    assert data(html, "final") == ""
    assert "A login lasts 1 hour." in data(html, "final-text")


def test_anonymous_is_led_to_the_login(client, db):
    for act in (client.get, client.post):
        answer = act(URL)
        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={URL}")


def test_ended_session_stays_ended(paula, client_for):
    browser = client_for(paula)
    end_in(-1)
    assert browser.post(URL).status_code == 302
    assert browser.get(PAGE).status_code == 302


def test_staying_needs_the_token(paula, client_for):
    browser = client_for(paula, enforce_csrf_checks=True)
    end_in(4)
    assert browser.post(URL).status_code == 403
    assert browser.get(URL).json()["left"] <= 240


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_wrong_method(method, paula, client_for):
    assert getattr(client_for(paula), method)(URL).status_code == 405


def test_another_person_has_another_mark(paula, rosa, client_for):
    marks = [client_for(person).get(URL).json()["person"] for person in (paula, rosa, paula)]
    assert marks[0] == marks[2] != marks[1]
    assert not {str(paula.pk), paula.username} & set(marks)


def test_nadia_may_take_her_time_with_the_password(nadia, client_for):
    browser = client_for(nadia)
    end_in(4)
    assert data(browser.get("/set-password/").text, "url") == URL
    assert browser.post(URL).json()["left"] >= 30 * 60


def test_answer_is_kept_by_nobody(paula, client_for):
    assert client_for(paula).get(URL)["Cache-Control"] == "no-store"


# --- the warning on a page -------------------------------------------------------------------


def test_every_page_of_a_person_can_warn(paula, agnes, client_for):
    browser = client_for(paula)
    for path in ("/", "/my-lists/", "/cases/new/", "/account/password/", "/no-such-page/"):
        assert data(browser.get(path).text, "url") == URL, path
    workspace = client_for(agnes).get("/admin/").text
    assert data(workspace, "url") == URL
    assert "js/session.js" in workspace


def test_page_of_nobody_does_not(client, db):
    assert "<dialog" not in client.get("/").text
    assert "<dialog" not in client.get("/login/").text


@pytest.mark.parametrize(("minutes", "warning"), [(30, 300), (240, 300), (5, 100)])
def test_warning_comes_five_minutes_before_or_a_third_of_a_short_limit(minutes, warning, paula, client_for, settings):
    settings.PROVIDER_IDLE = timedelta(minutes=minutes)
    assert data(client_for(paula).get(PAGE).text, "warn") == str(warning)


def test_way_back_is_the_page_with_its_query(paula, client_for):
    browser = client_for(paula)
    assert data(browser.get("/my-lists/?tab=all&q=vials").text, "next") == "/my-lists/?tab=all&q=vials"


def test_mailed_link_is_no_way_back(paula, client_for):
    html = client_for(paula).get("/set-password/MQ/c1abcd-0123456789abcdef/").text
    assert data(html, "next") == "/"
    assert "c1abcd" not in re.search(r"<dialog.*</dialog>", html, re.DOTALL)[0]


# --- after the end ---------------------------------------------------------------------------


def test_login_says_that_a_session_has_ended_and_leads_back(paula, client_for, log_in):
    browser = client_for(paula)
    end_in(-1)
    answer = browser.get("/my-lists/?tab=all")
    assert answer["Location"] == "/login/?next=/my-lists/%3Ftab%3Dall&ended=yes"
    page = browser.get(answer["Location"]).text
    assert "You were logged out." in page
    assert "after 30 minutes without activity, and everybody 12 hours after the login" in page
    assert "Your text is kept" not in page
    assert log_in("paula.prince", browser=browser, next="/my-lists/?tab=all")["Location"] == "/my-lists/?tab=all"


def test_login_says_nothing_of_the_kind_to_somebody_new(client, db):
    assert client.get("/my-lists/")["Location"] == "/login/?next=/my-lists/"
    assert "You were logged out" not in client.get("/login/?next=/my-lists/").text


def test_anonymous_session_that_lives_has_not_ended(paula, client, log_in):
    client.post("/account/details/", {"text": TEXT, "stamp": drafts.make_stamp(paula, "note", "key-1")})
    assert "helpdesk_session" in client.cookies, "it holds the sentence for the login page"
    assert client.get("/my-lists/")["Location"] == "/login/?next=/my-lists/"


def test_login_says_that_the_text_is_kept(client, db):
    page = client.get("/login/?next=/cases/new/&ended=kept").text
    assert "You were logged out. Your text is kept." in page
    assert "It is kept for 7 days." in page
    assert "<script>" not in client.get("/login/?ended=<script>").text


# --- the last words --------------------------------------------------------------------------


def last_words(user, **fields) -> dict:
    return {"text": TEXT, "stamp": drafts.make_stamp(user, "note", "key-1"), "leaving": "1", **fields}


def kept() -> list[tuple]:
    return list(Draft.objects.values_list("owner__username", "key", "data__text"))


def test_last_words_are_kept_after_the_end(paula, client_for):
    browser = client_for(paula, enforce_csrf_checks=False)
    end_in(-1)
    answer = browser.post("/drafts/", last_words(paula))
    assert (answer.status_code, answer.content) == (204, b"")
    assert kept() == [("paula.prince", "key-1", TEXT)]
    assert "Your text is kept" not in browser.get("/login/").text, "the script says so itself"


def test_last_words_without_a_token_are_kept(paula):
    assert Client(enforce_csrf_checks=True).post("/drafts/", last_words(paula)).status_code == 204
    assert kept() == [("paula.prince", "key-1", TEXT)]


def test_last_words_in_somebody_elses_session_are_the_owners(paula, rosa, client_for):
    browser = client_for(rosa)
    assert browser.post("/drafts/", last_words(paula)).status_code == 204
    assert kept() == [("paula.prince", "key-1", TEXT)]
    assert "another person" not in browser.get("/").text


def test_last_words_without_a_valid_stamp_leave_no_trace(paula, client, time_machine):
    words = last_words(paula)
    assert client.post("/drafts/", words | {"stamp": "junk"}).status_code == 302
    time_machine.move_to(timezone.now() + timedelta(hours=24, seconds=2))
    assert client.post("/drafts/", words).status_code == 302
    assert kept() == []
