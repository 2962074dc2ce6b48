"""Announcements: on every page from their start up to their end, from a copy, and never as markup."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, OperationalError, transaction
from django.test import Client
from django.utils import timezone

from desk import services
from desk.models import Announcement

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)


@pytest.fixture
def at():
    """Return a function that puts the clock to so many minutes from noon."""

    def put(minutes: int):
        return time_machine.travel(NOON + timedelta(minutes=minutes), tick=False)

    return put


def announce(text: str = "CVMS is down.", *, start: int = -10, end: int | None = None, **columns) -> Announcement:
    services.forget_facts()
    ends_at = None if end is None else NOON + timedelta(minutes=end)
    return Announcement.objects.create(
        text=text, starts_at=NOON + timedelta(minutes=start), ends_at=ends_at, **columns
    )


def shown() -> list[str]:
    return [notice.text for notice in services.help_desk_facts().notices]


def banner(page: str) -> str:
    found = re.search(r'<section class="banners".*?</section>', page, re.DOTALL)
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("minute", "is_there"), [(-11, False), (-10, True), (0, True), (9, True), (10, False), (6000, False)]
)
def test_shown_from_its_start_up_to_its_end(at, minute, is_there):
    announce(end=10)
    with at(minute):
        assert shown() == (["CVMS is down."] if is_there else [])


def test_without_an_end_it_stays(at):
    announce()
    with at(600_000):
        assert shown() == ["CVMS is down."]


def test_one_copy_sees_starts_and_ends_pass(at, monkeypatch, django_assert_num_queries):
    announce("Before", end=5)
    announce("After", start=5)
    monkeypatch.setattr("desk.copies.time.monotonic", lambda: 1.0)
    with at(0):
        assert shown() == ["Before"]
    with django_assert_num_queries(0), at(5):
        assert shown() == ["After"]


def test_most_urgent_first_then_the_newest(at):
    announce("Old notice", start=-30)
    announce("Warning", start=-40, severity="warning")
    announce("New notice", start=-20)
    announce("Emergency", start=-50, severity="emergency")
    with at(0):
        assert shown() == ["Emergency", "Warning", "New notice", "Old notice"]


def test_what_has_ended_is_not_carried_along(at):
    announce("Past", start=-30, end=-20)
    announce("To come", start=30)
    with at(0):
        assert [notice.text for notice in services.help_desk_facts().facts.notices] == ["To come"]


@pytest.mark.parametrize(
    "address", ["/", "/login/", "/register/", "/resources/", "/terms/", "/forgot/", "/no-such-page"]
)
def test_every_page_shows_it(client, address):
    Announcement.objects.create(text="CVMS is down.", severity="warning")
    services.forget_facts()
    client.get("/terms/")  # Error pages know what a page has shown before.
    part = banner(client.get(address).content.decode())
    assert 'aria-label="Announcements"' in part
    assert '<div class="banner banner--warning">' in part
    assert '<strong class="banner__label">Warning:</strong>' in part
    assert "CVMS is down." in part


def test_agents_see_it_in_their_workspace(client_for, agnes):
    Announcement.objects.create(text="CVMS is down.")
    services.forget_facts()
    assert "CVMS is down." in banner(client_for(agnes).get("/admin/").content.decode())


def test_without_one_there_is_no_empty_region(client):
    assert banner(client.get("/").content.decode()) == ""


@pytest.mark.urls("tests.helpdesk.urls")
@pytest.mark.parametrize("kind", ["400", "403", "404", "500", "503"])
def test_error_pages_show_the_last_known_without_the_database(client, kind, django_assert_num_queries):
    browser = Client(raise_request_exception=False)
    Announcement.objects.create(text="CVMS is down.")
    services.forget_facts()
    browser.get("/terms/")
    Announcement.objects.all().delete()
    with django_assert_num_queries(0):
        page = browser.get(f"/fail/{kind}/").content.decode()
    assert "CVMS is down." in banner(page)


def test_a_dead_database_leaves_it_standing(monkeypatch):
    Announcement.objects.create(text="CVMS is down.")
    services.forget_facts()
    assert shown() == ["CVMS is down."]

    def away():
        raise OperationalError("the database is away")

    monkeypatch.setattr("desk.services._load_facts", away)
    monkeypatch.setattr("desk.copies.time.monotonic", lambda: float("inf"))
    assert shown() == ["CVMS is down."]


def test_a_page_asks_nothing_for_it(client, django_assert_num_queries):
    for number in range(3):
        Announcement.objects.create(text=f"Outage {number}")
    services.forget_facts()
    client.get("/login/")
    with django_assert_num_queries(0):
        assert client.get("/login/").content.count(b'<div class="banner ') == 3


def test_text_and_link_are_escaped(client):
    Announcement.objects.create(
        text="<b>down</b>", link='https://status.example.org/?a="><script>', link_text="<i>more</i>"
    )
    services.forget_facts()
    part = banner(client.get("/").content.decode())
    assert "&lt;b&gt;down&lt;/b&gt;" in part
    assert "&lt;i&gt;more&lt;/i&gt;" in part
    assert 'href="https://status.example.org/?a=&quot;&gt;&lt;script&gt;"' in part


@pytest.mark.parametrize(
    ("link_text", "words"), [("See the status page", "See the status page"), ("", "Read more at status.example.org")]
)
def test_link_says_where_it_leads(client, link_text, words):
    Announcement.objects.create(text="CVMS is down.", link="https://status.example.org/cvms", link_text=link_text)
    services.forget_facts()
    part = " ".join(banner(client.get("/").content.decode()).split())
    assert f'<a class="banner__link" href="https://status.example.org/cvms" rel="noopener"> {words} </a>' in part


def test_link_that_looks_like_another_site_names_its_own(client):
    Announcement.objects.create(text="CVMS is down.", link="https://www.cdc.gov@status.example.org:8443/")
    services.forget_facts()
    assert "Read more at status.example.org\n" in banner(client.get("/").content.decode())


FORM = {
    "severity": "emergency",
    "text": "CVMS is down.",
    "link": "",
    "link_text": "",
    "starts_at_0": "2026-11-25",
    "starts_at_1": "12:00",
    "ends_at_0": "",
    "ends_at_1": "",
}


def test_supervisor_announces_changes_and_deletes_and_pages_follow_at_once(
    client_for, sven, django_capture_on_commit_callbacks
):
    browser = client_for(sven)

    def post(address: str, form: dict) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            browser.post(f"/admin/desk/announcement/{address}", form)

    assert banner(browser.get("/").content.decode()) == ""
    post("add/", FORM)
    announcement = Announcement.objects.get()
    assert announcement.starts_at == NOON
    with time_machine.travel(NOON, tick=False):
        assert "CVMS is down." in banner(client_for().get("/").content.decode())
    post(f"{announcement.pk}/change/", FORM | {"text": "CVMS is slow."})
    with time_machine.travel(NOON, tick=False):
        assert "CVMS is slow." in banner(client_for().get("/").content.decode())
    post(f"{announcement.pk}/delete/", {"post": "yes"})
    with time_machine.travel(NOON, tick=False):
        assert banner(client_for().get("/").content.decode()) == ""


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"ends_at_0": "2026-11-25", "ends_at_1": "12:00"}, "The end must be after the start."),
        ({"ends_at_0": "2026-11-24", "ends_at_1": "12:00"}, "The end must be after the start."),
        ({"link": "javascript:alert(1)"}, "Enter a web address that begins with https:// or http://."),
        ({"severity": "loud"}, "Select a valid choice."),
        ({"starts_at_0": "9999-12-31", "starts_at_1": "19:00"}, "Enter a valid date."),
        ({"ends_at_0": "9999-12-31", "ends_at_1": "23:59"}, "Enter a valid date."),
    ],
)
def test_nonsense_is_refused_with_a_reason(client_for, sven, typed, reason):
    response = client_for(sven).post("/admin/desk/announcement/add/", FORM | typed)
    assert reason in response.content.decode()
    assert not Announcement.objects.exists()


def test_the_database_itself_refuses_an_end_before_the_start():
    with pytest.raises(IntegrityError), transaction.atomic():
        announce(start=0, end=0)


def test_the_list_says_what_is_shown(client_for, sven):
    now = timezone.now()
    hour = timedelta(hours=1)
    for text, start, end in (("Past", -2, -1), ("Present", -1, 1), ("Future", 1, None)):
        Announcement.objects.create(text=text, starts_at=now + start * hour, ends_at=end and now + end * hour)
    page = client_for(sven).get("/admin/desk/announcement/").content.decode()
    assert re.findall(r'field-state">([^<]+)', page) == ["To come", "Shown now", "Ended"]
