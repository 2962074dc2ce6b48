"""Set Permanent Password: /set-password/."""

import unicodedata

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import TermsAcceptance, User
from desk.models import TermsVersion
from tests.accounts.letters import user_id_in
from tests.conftest import PASSWORD, TEMPORARY_PASSWORD, make_person


@pytest.fixture
def browser(nadia, client_for) -> Client:
    return client_for(nadia)


def save(browser: Client, password: str, again: str | None = None, **data):
    return browser.post(
        "/set-password/", {"new_password1": password, "new_password2": password if again is None else again, **data}
    )


def test_saves_and_leads_home(browser, nadia, mailbox, log_in):
    assert nadia.username in browser.get("/set-password/").content.decode()
    response = save(browser, PASSWORD)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert "Your permanent password is set." in browser.get("/").content.decode(), "still logged in"
    nadia.refresh_from_db()
    assert not nadia.must_change_password
    assert nadia.password_changed_at is not None
    assert nadia.temporary_expires_at is None
    [letter] = mailbox()
    assert letter.to == [nadia.email]
    assert letter.subject == "Your Help Desk password was changed"
    assert user_id_in(letter) == nadia.username
    assert PASSWORD not in letter.body
    assert log_in(nadia.username, PASSWORD).status_code == 302
    assert log_in(nadia.username, TEMPORARY_PASSWORD).status_code == 200


def test_other_sessions_end(nadia, client_for, browser):
    elsewhere = client_for(nadia)
    assert elsewhere.get("/set-password/").status_code == 200
    save(browser, PASSWORD)
    assert elsewhere.get("/account/")["Location"] == "/login/?next=/account/&ended=yes"
    assert browser.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "Enter a password of 15 characters or more"),
        ("orchard window", "at least 15 characters"),
        ("e\u0301" * 8, "at least 15 characters"),
        ("passwordpassword", "leaked passwords"),
        ("123456789012345", "leaked passwords"),
        ("P.a.s.s.w.o.r.d.1234567890", "leaked passwords"),
        ("µµµµµµµµµµµµµµµµµ", "repeats itself"),
        ("abab abab abab abab", "repeats itself"),
        (" " * 15, "repeats itself"),
        ("fghijklmnopqrstuv", "follows a sequence"),
        ("helpdesk-vaccine-2026", "words that people try first"),
        ("Nadia.Noble.2026", "made up of your User ID, email address or name"),
        ("noblenadianoble1", "made up of your User ID, email address or name"),
        ("nadia.noble@clinic.example.org", "made up of your User ID, email address or name"),
        ("x" * 100 + "abcdefgh" * 30, "at most 256 characters"),
        ("orchard\0 lantern window 48", "Null characters are not allowed"),
    ],
)
def test_weak_password_is_refused_with_its_reason(password, reason, browser, nadia):
    response = save(browser, password)
    assert response.status_code == 200
    assert reason in response.content.decode()
    nadia.refresh_from_db()
    assert nadia.must_change_password
    assert nadia.check_password(TEMPORARY_PASSWORD)


def test_temporary_password_is_refused_as_permanent(browser, nadia):
    nadia.set_password("Temporary7Secret99")
    nadia.save()
    browser.force_login(nadia, backend="accounts.backends.PortalBackend")
    assert "This is your temporary password" in save(browser, "Temporary7Secret99").content.decode()


@pytest.mark.parametrize(
    "password",
    [
        "orchard lantern window 48",
        "    fifteen blanks around    ",
        "ключ от старого сарая",
        "🐎🔋📎🏠🌳🌻🐝🦉🎈🧭🚲🎻🪁🧩🛶",
        "nadia walks by the river",
        "all lower case words",
    ],
)
def test_no_composition_rules(password, browser, nadia, log_in):
    assert save(browser, password).status_code == 302
    assert log_in(nadia.username, password).status_code == 302


def test_parts_of_a_name_under_four_letters_do_not_count(client_for, db):
    browser = client_for(make_person("bob.lee", temporary=True))
    assert "made up of your User ID" in save(browser, "boblee boblee 77").content.decode()
    assert save(browser, "bob bob lee lee 77").status_code == 302


@pytest.mark.parametrize("typed_on", ["NFC", "NFD"])
def test_password_typed_on_a_mac_works_on_windows(typed_on, browser, nadia, log_in):
    password = "été sous les pommiers"
    assert save(browser, unicodedata.normalize(typed_on, password)).status_code == 302
    for form in ("NFC", "NFD"):
        assert log_in(nadia.username, unicodedata.normalize(form, password)).status_code == 302


def test_two_that_differ_are_refused(browser, nadia):
    page = save(browser, PASSWORD, again=PASSWORD + "9").content.decode()
    assert "The two passwords differ" in page
    assert PASSWORD not in page, "a password is never echoed"
    nadia.refresh_from_db()
    assert nadia.must_change_password


def test_terms_are_not_asked_twice(browser):
    assert 'name="terms"' not in browser.get("/set-password/").content.decode()


@pytest.mark.parametrize("accepted", ["none", "an older version"])
def test_terms_are_asked_where_the_present_version_is_not_accepted(accepted, browser, nadia):
    if accepted == "none":
        TermsAcceptance.objects.all().delete()
    else:
        TermsVersion.objects.create(version="next", text="New words.", published_at=timezone.now())
    assert 'name="terms"' in browser.get("/set-password/").content.decode()
    assert "Accept the Terms &amp; Conditions" in save(browser, PASSWORD).content.decode()
    assert User.objects.get(pk=nadia.pk).must_change_password
    assert save(browser, PASSWORD, terms="on").status_code == 302
    assert nadia.terms_acceptances.filter(version=TermsVersion.objects.current()).exists()


def test_pasting_and_password_managers_work(browser):
    page = browser.get("/set-password/").content.decode()
    assert page.count('autocomplete="new-password"') == 2
    for hindrance in ("onpaste", 'autocomplete="off"', "maxlength="):
        assert hindrance not in page.split("<form", 2)[-1].replace('maxlength="1024"', "")
    assert "password-reveal" in page


def test_anonymous_is_led_to_login(client, db):
    assert client.get("/set-password/")["Location"] == "/login/?next=/set-password/"


def test_who_has_a_permanent_password_is_led_to_changing_it(paula, client_for):
    assert client_for(paula).get("/set-password/")["Location"] == "/account/password/"
    assert save(client_for(paula), PASSWORD + " new")["Location"] == "/account/password/"
    paula.refresh_from_db()
    assert paula.check_password(PASSWORD)


def test_sending_twice_changes_nothing_more(browser, nadia, mailbox):
    assert save(browser, PASSWORD).status_code == 302
    assert save(browser, PASSWORD)["Location"] == "/account/password/"
    assert len(mailbox()) == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(method, browser):
    assert getattr(browser, method)("/set-password/").status_code == 405


def test_browsers_keep_no_copy(browser):
    assert "no-store" in browser.get("/set-password/")["Cache-Control"]
