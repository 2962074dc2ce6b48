"""Error pages: the ribbon, the phone line, the reference; no look at the database, nothing typed lost."""

import re
from html import unescape

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.urls import reverse

from desk.services import forget_facts
from helpdesk.errors import echoed_fields

pytestmark = [pytest.mark.urls("tests.helpdesk.urls"), pytest.mark.django_db]


@pytest.fixture
def browser():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("kind", "status", "heading"),
    [
        ("400", 400, "We could not read that request"),
        ("403", 403, "You may not open this page"),
        ("404", 404, "Page not found"),
        ("500", 500, "Something went wrong on our side"),
        ("503", 503, "The portal is not available right now"),
        ("503-interface", 503, "The portal is not available right now"),
        ("row", 500, "Something went wrong on our side"),
    ],
)
def test_every_error_has_ribbon_phone_hours_and_reference(browser, kind, status, heading, django_assert_num_queries):
    forget_facts()
    with django_assert_num_queries(0):
        response = browser.get(f"/fail/{kind}/")
    page = unescape(response.content.decode())
    assert response.status_code == status
    assert f"<h1>{heading}</h1>" in page
    assert f"<title>{heading} – Provider Help Desk Portal</title>" in page
    for words in ("HOME", "MY LISTS", "RESOURCES", "REGISTER", "LOGIN", "1-877-873-6247", "M-F: 7 am – 7 pm"):
        assert words in page
    assert response["X-Request-Reference"] in page


@pytest.mark.parametrize("kind", ["400", "403", "404", "405", "413", "429", "500", "503", "CSRF"])
def test_every_error_has_the_headers_of_a_page(browser, kind, monkeypatch):
    monkeypatch.setattr("accounts.throttles.retry_after", lambda *counted: 900)
    strict = Client(enforce_csrf_checks=True)
    ways = {
        "405": lambda: browser.put("/terms/"),
        "413": lambda: browser.post("/login/", {"username": "x" * 4_200_000}),
        "429": lambda: browser.post("/forgot/", {"identifier": "jane.doe"}),
        "CSRF": lambda: strict.post("/login/", {}),
    }
    page, error = browser.get("/terms/"), ways.get(kind, lambda: browser.get(f"/fail/{kind}/"))()
    assert error.status_code == (403 if kind == "CSRF" else int(kind))
    assert "1-877-873-6247" in error.content.decode()
    assert error["X-Request-Reference"]
    for name in (
        "Content-Security-Policy",
        "Cross-Origin-Opener-Policy",
        "Permissions-Policy",
        "Referrer-Policy",
        "X-Content-Type-Options",
        "X-Frame-Options",
    ):
        assert error[name] == page[name]
    assert error["Cache-Control"] == "no-store"


def test_an_unknown_address_has_a_page_too(browser):
    response = browser.get("/no/such/page")
    assert response.status_code == 404
    assert "There is no page at this address that you can open" in response.content.decode()


def test_a_person_who_was_known_keeps_the_name_and_a_logout_that_works(client_for, paula):
    browser = client_for(paula, raise_request_exception=False, enforce_csrf_checks=True)
    page = browser.get("/fail/500/").content.decode()
    assert paula.display_name in page
    assert "REGISTER" not in page
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    assert browser.post(reverse("accounts:logout"), {"csrfmiddlewaretoken": token}).status_code == 302
    assert "REGISTER" in browser.get("/fail/500/").content.decode()


def test_an_error_in_the_error_page_is_still_an_answer_with_the_phone_number(browser, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise ValueError("template")

    monkeypatch.setattr("helpdesk.errors.render_to_string", broken)
    response = browser.get("/fail/500/")
    assert response.status_code == 500
    assert b"1-877-873-6247" in response.content
    assert "The error page itself failed" in caplog.text


class TestDatabaseAway:
    """A POST that meets a dead database comes back as a form."""

    TYPED = {
        "description": "First line\nsecond <b>line</b>",
        "request_type": "3",
        "key": "abcdefghijklmnop",
        "password": "hunter2 hunter2 hunter2",
        "new_password1": "another secret of mine",
        "client_secret": "very secret",
    }

    @pytest.fixture
    def browser(self):
        browser = Client(raise_request_exception=False, enforce_csrf_checks=True)
        browser.get("/login/")
        return browser

    def post(self, browser, data, **kwargs):
        token = browser.cookies["helpdesk_csrf"].value
        return browser.post("/fail/503/?next=1", {"csrfmiddlewaretoken": token, **data}, **kwargs)

    def test_nothing_typed_is_lost(self, browser):
        response = self.post(browser, self.TYPED)
        page = response.content.decode()
        assert response.status_code == 503
        assert response["Retry-After"] == "30"
        assert "Nothing was stored." in page
        assert '<form method="post" action="/fail/503/?next=1">' in page
        assert ">\nFirst line\nsecond &lt;b&gt;line&lt;/b&gt;</textarea>" in page
        assert '<input type="hidden" name="request_type" value="3">' in page
        assert '<input type="hidden" name="key" value="abcdefghijklmnop">' in page

    def test_passwords_and_the_old_token_do_not_come_back(self, browser):
        page = self.post(browser, self.TYPED).content.decode()
        assert "hunter2" not in page
        assert "another secret" not in page
        assert "very secret" not in page
        assert page.count('name="csrfmiddlewaretoken"') == 1

    def test_the_form_that_comes_back_can_be_sent(self, browser):
        page = self.post(browser, self.TYPED).content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        again = browser.post("/fail/503/", {"csrfmiddlewaretoken": token, "description": "x"})
        assert again.status_code == 503

    def test_a_form_of_another_site_is_not_given_back(self):
        foreign = RequestFactory().post("/cases/new/", {"description": "planted text"})
        foreign._dont_enforce_csrf_checks = False
        assert echoed_fields(foreign) == []
        foreign._dont_enforce_csrf_checks = True
        assert [field.value for field in echoed_fields(foreign)] == ["planted text"]

    def test_looking_at_a_page_only_asks_to_try_again(self, browser):
        page = browser.get("/fail/503/").content.decode()
        assert "Nothing was stored" not in page
        assert '<a class="button" href="/fail/503/">Try again</a>' in page

    def test_a_dead_session_store_is_503_as_well(self, client_for, paula, monkeypatch):
        browser = client_for(paula, raise_request_exception=False)

        def away(self):
            raise OperationalError("the database is away")

        monkeypatch.setattr("accounts.session_store.SessionStore.load", away)
        response = browser.get("/my-lists/")
        assert response.status_code == 503
        assert "REGISTER" in response.content.decode()
