"""Promise 5: the emailed password opens one door, checked on every URL of the running URL table."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
OPEN_TO_NADIA = ("/set-password/", "/logout/", "/session/", "/health/", "/terms/", "/language/", "/static/")
# What a stranger may see. Everything else leads to LOGIN, or is no door at all.
PUBLIC = {
    "/", "/register/", "/register/done/", "/login/", "/logout/", "/logout/done/",
    "/forgot/", "/forgot/done/", "/terms/", "/resources/", "/accessibility/",
    "/set-password/MQ/set-password/", "/health/live", "/health/ready", "/csm_vaccine", "/csm_vaccine/",
    "/admin/login/", "/admin/logout/", "/language/",
}  # fmt: skip
SAMPLES = {"uidb64": "MQ", "token": "set-password", "content_type_id": "1", "object_id": "1", "app_label": "accounts"}


def sample(converter, name: str) -> str:
    if name in SAMPLES:
        return SAMPLES[name]
    for text in ("1", "CS0000001", "00000000000000000001-0123abcd", "something"):
        if re.fullmatch(converter.regex, text):
            return text
    raise AssertionError(f"Give {name} a sample: {converter.regex}")


def path_of(pattern) -> str:
    """Return an address that the pattern takes, for a route with converters or a regular expression."""
    text = str(pattern)
    if hasattr(pattern, "_route"):
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: sample(pattern.converters[match[1]], match[1]), text)
    text = re.sub(r"\(\?P<app_label>[^)]*\)", "accounts", text)
    return re.sub(r"\(\?P<\w+>[^)]*\)", "anything", text).strip("^$")


def table(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + path_of(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from table(entry, path)
        else:
            yield path, entry


TABLE = list(table(get_resolver()))
PATHS = [path for path, _entry in TABLE]


def test_the_whole_table_is_walked():
    for path, entry in TABLE:
        found = resolve(path)
        assert found.func is entry.callback or found.url_name, path
        assert found.route.endswith(str(entry.pattern).lstrip("^")) or "[^" in found.route, path
    assert len(PATHS) > 60
    for promised in ("/account/", "/cases/new/", "/my-lists/", "/mailbox/", "/admin/", "/admin/accounts/user/"):
        assert promised in PATHS


@pytest.mark.parametrize("method", METHODS)
def test_everything_leads_nadia_to_the_set_password_page(method, nadia, client_for):
    browser = client_for(nadia, enforce_csrf_checks=True)
    walked = 0
    for path in [*PATHS, "/no-such-page/", "/admin/no/such/page/"]:
        if path.startswith(OPEN_TO_NADIA):
            continue
        response = browser.generic(method, path)
        assert response.status_code == (302 if method in {"GET", "HEAD"} else 303), (method, path)
        assert response["Location"] == "/set-password/", (method, path)
        walked += 1
    assert walked > 50


def test_what_stays_open_to_nadia_is_no_more_than_promised(nadia, client_for):
    browser = client_for(nadia)
    assert browser.get("/set-password/").status_code == 200
    assert browser.get("/terms/").status_code == 200
    assert browser.get("/health/live").status_code == 200
    opened = {path for path in PATHS if path.startswith(OPEN_TO_NADIA)}
    assert opened == {
        "/set-password/", "/set-password/MQ/set-password/", "/logout/", "/logout/done/", "/session/", "/terms/",
        "/health/live", "/health/ready",
        "/language/",
    }  # fmt: skip
    assert browser.post("/language/", {"language": "es", "next": "/set-password/"})["Location"] == "/set-password/"
    assert browser.post("/logout/")["Location"] == "/logout/done/"
    assert browser.get("/set-password/")["Location"] == "/login/?next=/set-password/"


def test_paula_passes_where_nadia_does_not(paula, client_for):
    browser = client_for(paula)
    for path in ("/", "/account/", "/my-lists/", "/cases/new/"):
        assert browser.get(path).status_code == 200, path


def test_door_opens_with_the_permanent_password(nadia, client_for):
    browser = client_for(nadia)
    assert browser.get("/account/").status_code == 302
    type(nadia).objects.update(must_change_password=False)
    assert browser.get("/account/").status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_strangers_are_led_to_login_from_everything_that_is_not_public(method, db, client):
    for path in set(PATHS) - PUBLIC:
        response = client.generic(method, path)
        if path.startswith(("/mailbox/", "/styleguide/")):
            assert response.status_code in {404, 405}, path
        else:
            assert response.status_code == 302, path
            assert response["Location"].startswith(("/login/?next=", "/admin/login/?next=")), path


@pytest.mark.parametrize("person", ["paula", "vera"])
def test_admin_has_no_door_for_who_works_no_cases(person, request, client_for, db):
    browser = client_for(request.getfixturevalue(person))
    for path in PATHS:
        if path.startswith("/admin/") and path not in {"/admin/login/", "/admin/logout/", "/admin/jsi18n/"}:
            response = browser.get(path)
            assert response.status_code in {302, 405}, path
            if response.status_code == 302:
                assert response["Location"].startswith("/admin/login/?next="), path
    answer = browser.get("/admin/login/")
    assert answer.status_code == (404 if person == "paula" else 302)


def test_admin_changes_no_passwords_and_logs_out_for_real(agnes, client_for):
    browser = client_for(agnes)
    assert browser.get("/admin/password_change/")["Location"] == "/account/password/"
    browser.post("/admin/logout/")
    assert browser.get("/account/")["Location"] == "/login/?next=/account/"


def test_admin_login_leads_to_the_one_login_page(db):
    assert Client().get("/admin/login/?next=/admin/")["Location"] == "/login/?next=/admin/"
