"""Maintenance: a page that says so, keeps what was sent, and needs nothing that may be away."""

import re
from html import unescape

import pytest
from django.test import Client

TYPED = {
    "description": "First line\nsecond <b>line</b>",
    "request_type": "3",
    "key": "abcdefghijklmnop",
    "password": "hunter2 hunter2 hunter2",
}


@pytest.fixture
def maintenance(settings):
    settings.MAINTENANCE = True


@pytest.fixture
def browser():
    """A browser whose form was opened before the maintenance began."""
    browser = Client(enforce_csrf_checks=True)
    browser.get("/login/")
    return browser


# Without the `db` fixture a look at the database is an error.
@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/login/",
        "/my-lists/",
        "/cases/new/",
        "/terms/",
        "/admin/",
        "/admin/login/",
        "/mailbox/",
        "/no-such-page",
        "/static",
    ],
)
def test_every_page_says_so_without_the_database(maintenance, client, address):
    client.cookies["helpdesk_session"] = "a" * 32
    response = client.get(address)
    page = unescape(response.content.decode())
    assert response.status_code == 503
    assert response["Retry-After"] == "600"
    assert "<h1>The portal is closed for maintenance</h1>" in page
    assert "<title>The portal is closed for maintenance – Provider Help Desk Portal</title>" in page
    for words in (
        "Your cases are safe.",
        "HOME",
        "REGISTER",
        "1-877-873-6247",
        "M-F: 7 am – 7 pm",
        response["X-Request-Reference"],
    ):
        assert words in page
    assert "Nothing was stored" not in page


@pytest.mark.django_db
def test_it_has_the_headers_of_a_page(client, settings):
    page = client.get("/terms/")
    settings.MAINTENANCE = True
    closed = Client().get("/terms/")
    for name in (
        "Content-Security-Policy",
        "Permissions-Policy",
        "Referrer-Policy",
        "X-Content-Type-Options",
        "X-Frame-Options",
    ):
        assert closed[name] == page[name]
    assert closed["Cache-Control"] == "no-store"


def test_own_words_stand_there_as_text(maintenance, client, settings):
    settings.MAINTENANCE_TEXT = "We move to a <b>new</b> server until 6 pm."
    page = client.get("/").content.decode()
    assert "We move to a &lt;b&gt;new&lt;/b&gt; server until 6 pm." in page
    assert "Your cases are safe." not in page


@pytest.mark.django_db
def test_health_checks_go_on(maintenance, client):
    assert client.get("/health/live").status_code == 200
    ready = client.get("/health/ready")
    assert ready.json()["database"] == "ok"


def test_static_files_go_on(maintenance, client, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "note.txt").write_text("served")
    assert b"".join(client.get("/static/note.txt").streaming_content) == b"served"


@pytest.mark.django_db
def test_what_was_sent_comes_back_and_can_be_sent_again(browser, settings):
    token = browser.cookies["helpdesk_csrf"].value
    settings.MAINTENANCE = True
    browser.handler.load_middleware()
    response = browser.post("/cases/new/?follow_up=CS0000001", {"csrfmiddlewaretoken": token, **TYPED})
    page = response.content.decode()
    assert response.status_code == 503
    assert "Nothing was stored." in page
    assert '<form method="post" action="/cases/new/?follow_up=CS0000001">' in page
    assert ">\nFirst line\nsecond &lt;b&gt;line&lt;/b&gt;</textarea>" in page
    assert '<input type="hidden" name="key" value="abcdefghijklmnop">' in page
    assert "hunter2" not in page
    fresh = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    settings.MAINTENANCE = False
    browser.handler.load_middleware()
    assert browser.post("/login/", {"csrfmiddlewaretoken": fresh, "username": ""}).status_code == 200


@pytest.mark.django_db
def test_a_form_of_another_site_is_not_given_back(browser, settings):
    settings.MAINTENANCE = True
    browser.handler.load_middleware()
    page = browser.post("/cases/new/", {"description": "planted text"}).content.decode()
    assert "planted" not in page
    assert "Go back and send the form again later." in page


@pytest.mark.django_db
def test_switched_off_nothing_is_closed(client, settings):
    settings.MAINTENANCE_TEXT = "Prepared for tonight."
    response = client.get("/")
    assert response.status_code == 200
    assert "Prepared for tonight." not in response.content.decode()
