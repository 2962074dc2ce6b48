"""Change password: /account/password/ asks for the present one."""

import pytest

from tests.conftest import PASSWORD

NEW = "nine quiet lanterns in the orchard"
PATH = "/account/password/"
NOT_YOURS = "This is not your present password."


@pytest.fixture
def browser(paula, client_for):
    return client_for(paula)


def change(browser, *, present: str = PASSWORD, new: str = NEW, again: str | None = None, **data):
    typed = {"current_password": present, "new_password1": new, "new_password2": again or new, **data}
    return browser.post(PATH, typed)


def test_changes_and_tells(browser, paula, mailbox, log_in, client_for):
    elsewhere = client_for(paula)
    assert change(browser)["Location"] == "/account/"
    assert "Other sessions have ended." in browser.get("/account/").content.decode()
    assert elsewhere.get("/account/").status_code == 302
    assert log_in("paula.prince", NEW).status_code == 302
    assert log_in("paula.prince", PASSWORD).status_code == 200
    [letter] = mailbox()
    assert letter.to == [paula.email]
    assert letter.subject == "Your Help Desk password was changed"


def test_anonymous_is_led_to_login(client, db):
    assert client.get(PATH)["Location"] == f"/login/?next={PATH}"


def test_wrong_present_password_changes_nothing(browser, paula):
    assert NOT_YOURS in change(browser, present="wrong").content.decode()
    paula.refresh_from_db()
    assert paula.check_password(PASSWORD)


def test_tenth_wrong_one_is_the_last_look(browser, paula, log_in):
    for _ in range(10):
        answer = change(browser, present="wrong")
        assert (answer.status_code, NOT_YOURS in answer.content.decode()) == (200, True)
    for guess in ("wrong", PASSWORD):
        answer = change(browser, present=guess)
        assert answer.status_code == 429
        assert "There were too many attempts." in answer.content.decode()
        assert NOT_YOURS not in answer.content.decode(), "a refused look tells nothing"
    email = browser.post("/account/email/", {"new_email": "n@example.org", "current_password": PASSWORD})
    assert email.status_code == 429, "the other page that asks for it counts with it"
    paula.refresh_from_db()
    assert paula.check_password(PASSWORD)
    assert log_in("paula.prince").status_code == 302, "logging in is not concerned"


def test_right_one_forgets_the_wrong_ones(browser):
    for _ in range(9):
        change(browser, present="wrong")
    assert change(browser, new="short").status_code == 200
    for _ in range(9):
        assert change(browser, present="wrong").status_code == 200


@pytest.mark.parametrize("present", ["", "wrong"])
def test_new_password_field_is_no_way_to_guess_the_present_one(present, browser):
    page = change(browser, present=present, new=PASSWORD).content.decode()
    assert "This is your present password" not in page
    assert "This is your present password" in change(browser, new=PASSWORD).content.decode()


@pytest.mark.parametrize(
    ("new", "again", "reason"),
    [
        ("too short", None, "at least 15 characters"),
        ("passwordpassword", None, "leaked passwords"),
        ("paulaprince2026", None, "made up of your User ID"),
        (NEW, NEW + "!", "The two passwords differ"),
    ],
)
def test_weak_password_is_refused_with_its_reason(new, again, reason, browser, paula):
    assert reason in change(browser, new=new, again=again).content.decode()
    paula.refresh_from_db()
    assert paula.check_password(PASSWORD)


def test_password_is_never_echoed(browser):
    page = change(browser, again=NEW + "!").content.decode()
    assert NEW not in page
    assert PASSWORD not in page


def test_asks_terms_where_the_present_version_is_not_accepted(browser, paula):
    paula.terms_acceptances.all().delete()
    assert "Accept the Terms" in change(browser).content.decode()
    assert change(browser, terms="on").status_code == 302
    assert paula.terms_acceptances.count() == 1


def test_nadia_has_her_own_page(nadia, client_for):
    assert client_for(nadia).get(PATH)["Location"] == "/set-password/"
