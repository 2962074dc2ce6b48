"""The language switch: for whom, for how long, and back to where."""

import re

import pytest
from django.test import Client

from accounts import services
from accounts.models import Registration, User

pytestmark = pytest.mark.django_db


def switch(browser: Client, language: str, address: str = "/"):
    return browser.post("/language/", {"language": language, "next": address})


def language_of(response) -> str:
    """Return the language of a page, which its element and its header name alike."""
    spoken = re.search(r'<html lang="([\w-]+)"', response.content.decode())[1]
    assert response["Content-Language"] == spoken
    return spoken


# --- Strangers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("es", "es"),
        ("es-MX,es;q=0.9,en;q=0.5", "es"),
        ("en-GB,es;q=0.5", "en"),
        ("de", "en"),
        ("", "en"),
        ("\0", "en"),
    ],
)
def test_first_visit_follows_the_browser(client, asked, spoken):
    response = client.get("/terms/", headers={"accept-language": asked})
    assert language_of(response) == spoken
    assert {"Accept-Language", "Cookie"} <= set(response["Vary"].split(", "))


def test_refused_host_is_told_in_the_language_of_its_own_browser(settings):
    settings.SECURE_SSL_REDIRECT = True
    browser = Client(raise_request_exception=False)
    browser.get("/terms/", headers={"accept-language": "es"}, secure=True)
    refused = browser.get("/terms/", headers={"accept-language": "en", "host": "elsewhere.example"})
    assert refused.status_code == 400
    assert language_of(refused) == "en"


def test_choice_of_a_stranger_is_a_cookie_that_wins_over_the_browser(client):
    response = switch(client, "es", "/resources/?from=mail")
    assert (response.status_code, response["Location"]) == (303, "/resources/?from=mail")
    cookie = response.cookies["helpdesk_language"]
    assert (cookie.value, cookie["max-age"]) == ("es", 365 * 24 * 3600)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert language_of(client.get("/terms/", headers={"accept-language": "en"})) == "es"
    assert "helpdesk_session" not in client.cookies


def test_cookie_is_secure_where_the_portal_is(client, settings):
    settings.LANGUAGE_COOKIE_SECURE = True
    assert switch(client, "es").cookies["helpdesk_language"]["secure"]


@pytest.mark.parametrize("language", ["fr", "", "es\0", "ES", "../en"])
def test_language_without_a_catalogue_changes_nothing(client_for, paula, language):
    response = switch(client_for(paula), language, "/terms/")
    assert response["Location"] == "/terms/"
    assert not response.cookies
    assert User.objects.get(pk=paula.pk).language == ""


def test_cookie_of_somebody_elses_making_is_no_language(client):
    client.cookies["helpdesk_language"] = "../../etc/passwd"
    assert language_of(client.get("/terms/")) == "en"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "", "http:///evil.example",
        "/language/", "/logout/", "/drafts/", "/session/", "/account/sessions/end/",
        "terms", "a b", "?a=1", "../terms/", "cases:home",
    ],
)  # fmt: skip
def test_switch_leads_to_no_other_site_and_to_nothing_that_only_takes_forms(client, target):
    assert switch(client, "es", target)["Location"] == "/"


def test_address_of_the_switch_alone_leads_home(client):
    response = client.get("/language/?language=es&next=/terms/")
    assert response["Location"] == "/"
    assert not response.cookies


def test_public_pages_stay_without_a_token_and_cacheable(client):
    response = client.get("/terms/")
    assert "Cache-Control" not in response
    assert not response.cookies


def test_switch_stands_on_every_page_with_each_language_by_its_own_name(client):
    page = client.get("/resources/?a=1&b=2").content.decode()
    form = re.search(r'<form class="language-switch".*?</form>', page, re.DOTALL)[0]
    assert 'action="/language/"' in form
    assert 'name="next" value="/resources/?a=1&amp;b=2"' in form
    assert re.findall(r'value="(\w+)"\s+lang="(\w+)"( aria-current="true")?>([^<]+)<', form) == [
        ("en", "en", ' aria-current="true"', "English"),
        ("es", "es", "", "Español"),
    ]


def test_switch_works_on_error_pages(client):
    switch(client, "es")
    response = client.get("/no-such-page/?x=1")
    assert response.status_code == 404
    assert language_of(response) == "es"
    assert 'name="next" value="/no-such-page/?x=1"' in response.content.decode()


@pytest.mark.urls("tests.helpdesk.urls")
def test_page_of_a_broken_database_offers_no_choice_that_it_could_not_keep():
    response = Client(raise_request_exception=False).get("/fail/503/", headers={"accept-language": "es"})
    assert response.status_code == 503
    assert language_of(response) == "es"
    assert "language-switch" not in response.content.decode()


def test_too_large_a_body_is_answered_in_the_language_of_its_sender(client, settings):
    settings.BODY_LIMIT = 10
    switch(client, "es")
    big = client.post("/register/", {"first_name": "x" * 100}, headers={"accept-language": "es"})
    other = Client().post("/register/", {"first_name": "x" * 100})
    assert (big.status_code, other.status_code) == (413, 413)
    assert [re.search(r'<html lang="(\w+)"', each.content.decode())[1] for each in (big, other)] == ["es", "en"]


# --- A form on the page -----------------------------------------------------------------------


def test_page_with_a_form_says_without_script_that_the_switch_empties_it(client):
    warning = "Changing the language empties the form on this page."
    assert f'<p class="language-switch__hint">{warning}' in client.get("/register/").content.decode()
    assert warning not in client.get("/terms/").content.decode()


# --- Accounts ---------------------------------------------------------------------------------


def test_choice_of_the_signed_in_stands_on_the_account(client_for, paula):
    switch(client_for(paula), "es")
    assert User.objects.get(pk=paula.pk).language == "es"
    elsewhere = client_for(paula).get("/account/", headers={"accept-language": "en"})
    assert language_of(elsewhere) == "es"
    assert "Español" in re.search(r"<dl.*?</dl>", elsewhere.content.decode(), re.DOTALL)[0]


def test_account_wins_over_the_cookie_of_a_shared_computer(client_for, paula):
    services.choose_language(user=paula, language="en")
    browser = client_for(paula)
    browser.cookies["helpdesk_language"] = "es"
    assert language_of(browser.get("/account/")) == "en"


def test_chosen_language_stays_after_logout(client_for, paula):
    browser = client_for(paula)
    switch(browser, "es")
    browser.post("/logout/")
    assert language_of(browser.get("/login/")) == "es"


def test_account_without_a_language_takes_that_of_its_first_login(client, paula):
    login = {"username": paula.username, "password": "orchard lantern window 48"}
    client.post("/login/", login, headers={"accept-language": "es"})
    assert User.objects.get(pk=paula.pk).language == "es"
    Client().post("/login/", login, headers={"accept-language": "en"})
    assert User.objects.get(pk=paula.pk).language == "es"


def test_nadia_may_choose_before_she_has_a_permanent_password(client_for, nadia):
    browser = client_for(nadia)
    assert switch(browser, "es", "/set-password/")["Location"] == "/set-password/"
    assert User.objects.get(pk=nadia.pk).language == "es"
    assert language_of(browser.get("/set-password/")) == "es"


def test_choice_that_is_no_language_is_refused_by_the_service(paula):
    with pytest.raises(ValueError, match="fr"):
        services.choose_language(user=paula, language="fr")


def test_registration_carries_the_language_of_its_form_to_the_account(client, mailbox):
    form = {"first_name": "Lucía", "last_name": "Ríos", "email": "lucia@clinic.example.org", "terms": "on"}
    client.post("/register/", form, headers={"accept-language": "es"})
    assert Registration.objects.get().language == "es"
    mailbox()
    assert User.objects.get(email="lucia@clinic.example.org").language == "es"


def test_registration_changes_no_account_that_exists(client, paula, mailbox):
    form = {"first_name": "Paula", "last_name": "Prince", "email": paula.email, "terms": "on"}
    client.post("/register/", form, headers={"accept-language": "es"})
    mailbox()
    assert User.objects.get(pk=paula.pk).language == ""


def test_workspace_is_english_for_everybody(client_for, agnes):
    services.choose_language(user=agnes, language="es")
    browser = client_for(agnes)
    assert browser.get("/admin/")["Content-Language"] == "en"
    assert language_of(browser.get("/account/")) == "es"
