"""LOGIN and its brakes: strangers can neither guess on nor lock anybody out."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.utils import timezone

from accounts import services, throttles
from accounts.models import User
from tests.accounts.letters import link_in
from tests.accounts.pages import masked, says_error
from tests.conftest import PASSWORD, TEMPORARY_PASSWORD

NO_MATCH = "This User ID and password do not match."
TOO_MANY = "There were too many attempts to log in."


@pytest.fixture
def low_cap(monkeypatch) -> None:
    """Twelve in place of fifty for each name, for speed; one test counts to the hundred of the promise."""
    monkeypatch.setattr(throttles, "NAME_LIMIT", 12)


def strangers_exhaust_the_cap(log_in, username: str) -> None:
    """Fail from ever new networks, so that no (account, network) counter stops it."""
    for number in range(throttles.NAME_LIMIT):
        answer = log_in(username, "a stranger's guess", address=f"10.{number}.0.1")
        assert answer.status_code == 200, number


@pytest.mark.parametrize(
    "name",
    [
        "paula.prince",
        "PAULA.Prince",
        " paula.prince ",
        "paula.prince@clinic.example.org",
        "Paula.Prince@CLINIC.example.org",
    ],
)
def test_user_id_or_email_without_regard_to_case(name, paula, log_in):
    answer = log_in(name, PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert answer.wsgi_request.user == paula


def test_leads_back_to_where_the_way_began(paula, log_in):
    assert log_in("paula.prince", next="/cases/new/")["Location"] == "/cases/new/"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:evil.example",
        "\x00/my-lists/", "/my-lists/\r\nX-Evil: 1", "https://testserver.evil.example/", "///evil.example",
    ],
)  # fmt: skip
def test_never_leads_away(target, paula, log_in):
    answer = log_in("paula.prince", next=target)
    assert answer.status_code == 302
    assert answer["Location"] in {"/", "/my-lists/%0D%0AX-Evil:%201"}
    assert "X-Evil" not in answer.headers


@pytest.mark.parametrize("target", ["/account/sessions/end/", "/session/", "/drafts/", "/logout/?a=1", "/language/"])
def test_leads_home_where_the_way_began_at_a_button_or_a_script(target, paula, log_in):
    assert log_in("paula.prince", next=target)["Location"] == "/"


@pytest.mark.parametrize("target", ["/login/", "/login/?next=/login/", "/", "/account/", "%00", ""])
def test_signed_in_person_is_led_on(target, paula, client_for):
    answer = client_for(paula).get("/login/", {"next": target})
    assert answer.status_code == 302
    assert not answer["Location"].startswith("/login/")


def test_wrong_password_says_so_and_keeps_the_user_id(paula, log_in):
    answer = log_in("paula.prince", "wrong")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert NO_MATCH in page
    assert 'value="paula.prince"' in page
    assert "wrong" not in re.sub(r"<[^>]*>", "", page)
    assert not answer.wsgi_request.user.is_authenticated


@pytest.mark.parametrize("person", ["known", "blocked", "waiting for the mail", "on a temporary password"])
def test_unknown_user_id_answers_like_a_known_one(person, nadia, paula, log_in, statements, monkeypatch):
    username = nadia.username if person == "on a temporary password" else paula.username
    if person == "blocked":
        User.objects.update(is_active=False)
    if person == "waiting for the mail":
        paula.set_unusable_password()
        paula.save()
    stranger = "nobody.here."[: len(username)]
    assert len(stranger) == len(username), "so that the lengths of the pages compare"
    hashed, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or encode(*args))
    answers, ran, hashings = [], [], []
    for name in (username, stranger):
        hashed.clear()
        ran.append(statements(lambda name=name: answers.append(log_in(name, "wrong"))))
        hashings.append(len(hashed))
    assert ran[0] == ran[1]
    assert len(ran[0]) > 3
    assert hashings == [1, 1]
    known, unknown = (
        masked(answer).replace(name, "-") for answer, name in zip(answers, (username, stranger), strict=True)
    )
    assert known == unknown


@pytest.mark.parametrize("username", ["paula.prince", "nobody.here"])
def test_tenth_failure_from_one_network_is_refused_in_plain_words(username, paula, log_in):
    for number in range(9):
        assert log_in(username, "wrong", address=f"203.0.113.{number}").status_code == 200
    for _ in range(2):
        refused = log_in(username, "wrong", address="203.0.113.77")
        assert refused.status_code == 429
        assert TOO_MANY in refused.content.decode()
        assert NO_MATCH not in refused.content.decode()
        assert f'value="{username}"' in refused.content.decode()
    assert log_in(username, PASSWORD, address="203.0.113.1").status_code == 429, "the right one too"
    assert log_in(username, "wrong", address="198.51.100.1").status_code == 200, "other networks are not concerned"
    assert log_in("rosa.reed", "wrong", address="203.0.113.1").status_code == 200, "other accounts neither"


def test_failures_with_one_name_tell_nothing_of_the_other(paula, log_in):
    for known, other in ((paula.email, paula.username), ("nobody@clinic.example.org", "nobody.here")):
        for _ in range(11):
            refused = log_in(known, "wrong")
        assert refused.status_code == 429
        assert log_in(other, "wrong").status_code == 200


def test_known_browser_is_one_no_more_after_a_hundred_failures(paula, log_in, time_machine):
    time_machine.move_to(timezone.now())
    browser = Client()
    log_in("paula.prince", browser=browser)
    browser.post("/logout/")
    for _ in range(throttles.ACCOUNT_LIMIT // throttles.DEVICE_LIMIT):
        for _ in range(throttles.DEVICE_LIMIT):
            assert log_in("paula.prince", "wrong", browser=browser).status_code == 200
        time_machine.shift(throttles.DEVICE_WINDOW)
    request = browser.get("/login/").wsgi_request
    assert throttles.trusted_device(request, "paula.prince") is None


def test_success_forgets_the_failures_before_it(paula, log_in):
    for _ in range(9):
        log_in("paula.prince", "wrong")
    assert log_in("paula.prince").status_code == 302
    for _ in range(9):
        assert log_in("paula.prince", "wrong").status_code == 200


@pytest.mark.parametrize("username", ["paula.prince", "nobody.here"])
def test_hundred_failures_from_many_networks_are_the_end(username, paula, log_in):
    assert throttles.NAME_LIMIT * 2 == throttles.ACCOUNT_LIMIT == 100
    strangers_exhaust_the_cap(log_in, username)
    strangers_exhaust_the_cap(log_in, f"{username}@clinic.example.org")
    assert log_in(f"{username}@clinic.example.org", PASSWORD, address="198.51.100.9").status_code == 429
    refused = log_in(username, PASSWORD, address="198.51.100.9")
    assert refused.status_code == 429
    assert TOO_MANY in refused.content.decode()
    assert f'value="{username}"' in refused.content.decode()


def test_known_browser_gets_in_although_strangers_exhausted_the_cap(paula, log_in, low_cap):
    browser = Client()
    log_in("paula.prince", browser=browser)
    browser.post("/logout/")
    strangers_exhaust_the_cap(log_in, "paula.prince")
    assert log_in("paula.prince", address="198.51.100.9").status_code == 429
    assert log_in("paula.prince", browser=browser, address="198.51.100.9").status_code == 302
    assert log_in("paula.prince", address="198.51.100.8").status_code == 429, "it gave strangers nothing"


def test_known_browser_has_its_own_counter(paula, log_in, low_cap):
    browser = Client()
    log_in("paula.prince", browser=browser)
    browser.post("/logout/")
    for _ in range(throttles.DEVICE_LIMIT):
        log_in("paula.prince", "wrong", browser=browser)
    assert throttles.count("login", "paula.prince") == 0, "the account's counter is not touched"
    strangers_exhaust_the_cap(log_in, "paula.prince")
    assert log_in("paula.prince", browser=browser).status_code == 429, "no better than a stranger for a while"


def test_cookie_of_one_account_is_nothing_to_another(paula, rosa, log_in, low_cap):
    browser = Client()
    log_in("rosa.reed", browser=browser)
    browser.post("/logout/")
    strangers_exhaust_the_cap(log_in, "paula.prince")
    [cookie] = [name for name in browser.cookies if name.startswith("helpdesk_device_")]
    browser.cookies[throttles._device_cookie_name(paula.pk)] = browser.cookies[cookie].value
    assert log_in("paula.prince", browser=browser, address="198.51.100.9").status_code == 429


def test_device_cookie_is_kept_from_scripts_and_names_nobody(paula, nadia, log_in):
    answer = log_in("paula.prince")
    [name] = [name for name in answer.cookies if name.startswith("helpdesk_device_")]
    cookie = answer.cookies[name]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert bool(cookie["secure"]) == settings.SESSION_COOKIE_SECURE
    assert "paula" not in name + cookie.value
    answer = log_in("nadia.noble", TEMPORARY_PASSWORD)
    assert not [name for name in answer.cookies if name.startswith("helpdesk_device_")], "not for a mailed password"


def test_mailed_link_always_works_and_opens_the_password_again(paula, log_in, client, mailbox, low_cap):
    strangers_exhaust_the_cap(log_in, "paula.prince")
    client.post("/forgot/", {"identifier": "paula.prince"})
    link = link_in(mailbox()[0])
    form = client.get(link)["Location"]
    new = PASSWORD + " and more"
    assert client.post(form, {"new_password1": new, "new_password2": new})["Location"] == "/"
    assert log_in("paula.prince", new, address="198.51.100.9").status_code == 302


def test_what_was_typed_as_user_id_is_in_no_table(paula, log_in, everything_stored, client):
    for _ in range(11):
        log_in("MySecret-Typed-99", "Other-Secret-77", next="/Third-Secret-55/")
    client.post("/login/?username=MySecret-Typed-99", {"username": "MySecret-Typed-99", "password": "Other-Secret-77"})
    client.post("/forgot/", {"identifier": "MySecret-Typed-99"})
    stored = everything_stored()
    assert "paula.prince" in stored, "the tables were read"
    assert "accounts_throttlecounter" in stored
    assert "axes_accessattempt" in stored
    for secret in ("mysecret-typed-99", "other-secret-77", "third-secret-55"):
        assert secret not in stored


def test_what_was_typed_is_in_no_log(log_in, caplog):
    caplog.set_level("DEBUG")
    for _ in range(11):
        log_in("MySecret-Typed-99", "Other-Secret-77")
    told = "\n".join(record.getMessage() for record in caplog.records if record.name != "django.db.backends")
    assert "MySecret-Typed-99" not in told
    assert "Other-Secret-77" not in told


@pytest.mark.parametrize(
    "name", ["\0", "paula\0", "\ufeff", "x" * 5000, "🙂", "\u202e", "a\r\nb", "%", "' OR 1=1 --", "@", "+@", " "]
)
def test_strange_names_are_no_fault(name, log_in, paula):
    answer = log_in(name, "wrong")
    assert answer.status_code == 200
    assert says_error(answer)


@pytest.mark.parametrize("password", ["\0", "x" * 5000, "🙂", "a\r\nb", " "])
def test_strange_passwords_are_no_fault(password, log_in, paula):
    assert log_in("paula.prince", password).status_code == 200


@pytest.mark.parametrize(
    "body", [b"username=%ff%00&password=%ed%a0%80", b"username=a&username=b", b"", b"&&&=", b"\xff"]
)
def test_bytes_that_are_no_form_are_no_fault(body, client, db):
    assert client.post("/login/", body, "application/x-www-form-urlencoded").status_code == 200


def test_blocked_person_is_told_no_more_than_a_stranger(paula, log_in, sven):
    browser = Client()
    log_in("paula.prince", browser=browser)
    services.block_account(account=paula, by=sven)
    assert NO_MATCH in log_in("paula.prince").content.decode()
    assert browser.get("/account/")["Location"] == "/login/?next=/account/"


@pytest.mark.parametrize("demo", [True, False])
def test_demo_accounts_log_in_only_where_demo_is_on(demo, paula, log_in, settings):
    User.objects.update(is_demo=True)
    settings.DEMO = True
    browser = Client()
    assert log_in("paula.prince", browser=browser).status_code == 302
    settings.DEMO = demo
    assert browser.get("/account/").status_code == (200 if demo else 302)
    assert log_in("paula.prince").status_code == (302 if demo else 200)


def test_login_makes_a_new_session(paula, log_in):
    browser = Client()
    browser.get("/login/")
    session = browser.session
    session["planted"] = 1
    session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    log_in("paula.prince", browser=browser)
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != session.session_key


def test_without_its_csrf_token_nothing_happens(paula):
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/login/", {"username": "paula.prince", "password": PASSWORD}).status_code == 403
    assert throttles.count("login", "paula.prince") == 0


def test_logout_is_a_post(paula, client_for):
    browser = client_for(paula)
    assert browser.get("/logout/").status_code == 405
    assert browser.get("/account/").status_code == 200
    assert browser.get("/logout/done/")["Location"] == "/", "nobody is told so before it is true"
    assert browser.post("/logout/")["Location"] == "/logout/done/"
    assert browser.get("/account/").status_code == 302


def test_logout_says_that_it_is_done(paula, client_for):
    browser = client_for(paula)
    page = browser.post("/logout/", follow=True).text
    assert "You are logged out" in page
    assert "On a shared computer, close the browser too." in page
    assert paula.display_name not in page


def test_forgot_is_offered_on_the_page(client, db):
    page = client.get("/login/").content.decode()
    assert 'href="/forgot/"' in page
    assert 'href="/register/"' in page
    assert 'autocomplete="current-password"' in page
