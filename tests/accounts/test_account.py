"""The account page and what is changed on it: /account/ and the pages under it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import EmailChange, Membership, Organization, User
from mail.models import OutboxEvent, OutboxMessage, State
from tests.accounts.letters import code_in, user_id_in
from tests.accounts.pages import masked, says_error
from tests.conftest import PASSWORD, make_person

NEW_EMAIL = "paula.new@clinic.example.org"
PAGES = ["/account/", "/account/details/", "/account/organization/", "/account/email/", "/account/email/confirm/"]
PAGES += ["/account/notifications/"]


@pytest.fixture
def browser(paula, client_for):
    return client_for(paula)


def ask(browser, email: str = NEW_EMAIL, password: str = PASSWORD):
    return browser.post("/account/email/", {"new_email": email, "current_password": password})


def confirm(browser, code: str):
    return browser.post("/account/email/confirm/", {"code": code})


@pytest.mark.parametrize("path", PAGES)
def test_anonymous_is_led_to_login(path, client, db):
    assert client.get(path)["Location"] == f"/login/?next={path}"
    assert client.post(path)["Location"] == f"/login/?next={path}"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("person", ["paula", "agnes", "vera"])
def test_everybody_with_an_account_has_the_pages(path, person, request, client_for, db):
    assert client_for(request.getfixturevalue(person)).get(path).status_code == 200


def test_shows_what_is_ones_own(browser, paula, rosa, organization):
    services.remember_organization(user=paula, name="Second Clinic")
    page = browser.get("/account/").content.decode()
    for words in ("paula.prince", paula.email, "Paula Prince", "Riverside Clinic", "Second Clinic"):
        assert words in page
    assert rosa.username not in page


def test_costs_the_same_with_one_and_three_secondaries(browser, paula, organization, statements):
    services.remember_organization(user=paula, name="Clinic 1")
    one = statements(lambda: browser.get("/account/"))
    services.remember_organization(user=paula, name="Clinic 2")
    services.remember_organization(user=paula, name="Clinic 3")
    assert statements(lambda: browser.get("/account/")) == one


# --- Name and phone ---------------------------------------------------------------------------


def test_name_and_phone_change_and_the_user_id_stays(browser, paula):
    page = browser.get("/account/details/").content.decode()
    assert 'value="Paula"' in page
    response = browser.post(
        "/account/details/", {"first_name": "Pola", "last_name": "Roe", "phone": "919-555-0100 x7"}
    )
    assert response["Location"] == "/account/"
    assert "Your details are saved." in browser.get("/account/").content.decode()
    paula.refresh_from_db()
    assert (paula.first_name, paula.last_name, paula.phone) == ("Pola", "Roe", "919-555-0100 x7")
    assert paula.username == "paula.prince"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", ""),
        ("first_name", "a\nb"),
        ("last_name", "x" * 101),
        ("phone", "1" * 41),
        ("phone", "1\r\n2"),
        ("phone", "\0"),
    ],
)
def test_bad_details_are_explained_and_kept(field, value, browser, paula):
    typed = {"first_name": "Pola", "last_name": "Roe", "phone": "555"}
    response = browser.post("/account/details/", typed | {field: value})
    assert response.status_code == 200
    assert says_error(response)
    for name in typed.keys() - {field}:
        assert f'value="{typed[name]}"' in response.content.decode()
    paula.refresh_from_db()
    assert paula.first_name == "Paula"


def test_only_the_fields_of_the_page_are_taken(browser, paula, rosa):
    smuggled = {"id": rosa.pk, "user": rosa.pk, "username": "z", "is_staff": "1", "email": "z@example.org"}
    browser.post("/account/details/", {"first_name": "X", "last_name": "Y", "phone": "", **smuggled})
    rosa.refresh_from_db()
    paula.refresh_from_db()
    assert rosa.first_name == "Rosa"
    assert paula.first_name == "X"
    assert (paula.username, paula.email, paula.is_staff) == ("paula.prince", "paula.prince@clinic.example.org", False)


# --- Organization -----------------------------------------------------------------------------


def test_organization_changes_and_the_one_before_is_remembered(browser, paula, organization):
    assert 'value="Riverside Clinic"' in browser.get("/account/organization/").content.decode()
    assert browser.post("/account/organization/", {"name": " Lakeside  Clinic"})["Location"] == "/account/"
    assert services.primary_organization(paula).name == "Lakeside Clinic"
    assert services.organizations_of(paula)[1] == [organization]


@pytest.mark.parametrize(
    "name", ["", "x" * 201, "a\nb", "\0", "Generic Vaccine Provider", "generic  VACCINE provider"]
)
def test_bad_organization_is_explained(name, browser, paula, organization):
    response = browser.post("/account/organization/", {"name": name})
    assert response.status_code == 200
    assert says_error(response)
    assert services.primary_organization(paula) == organization


def test_placeholder_is_not_prefilled(browser):
    assert 'value="Generic Vaccine Provider"' not in browser.get("/account/organization/").content.decode()


# --- Email ------------------------------------------------------------------------------------


def test_email_changes_with_the_code_and_the_old_address_is_told(browser, paula, mailbox, log_in):
    old = paula.email
    assert ask(browser, NEW_EMAIL.upper())["Location"] == "/account/email/confirm/"
    [asked] = mailbox()
    assert asked.to == [NEW_EMAIL]
    assert "http://testserver/account/email/confirm/" in asked.body
    assert User.objects.get(pk=paula.pk).email == old, "not before the code"
    assert NEW_EMAIL in browser.get("/account/").content.decode()
    assert confirm(browser, f" {code_in(asked)} ")["Location"] == "/account/"
    assert User.objects.get(pk=paula.pk).email == NEW_EMAIL
    told = mailbox()[1]
    assert told.to == [old]
    assert told.subject == "Your Help Desk email address was changed"
    assert user_id_in(told) == "paula.prince"
    assert NEW_EMAIL not in told.body + told.alternatives[0][0]
    assert log_in(NEW_EMAIL, PASSWORD).status_code == 302
    assert log_in(old, PASSWORD).status_code == 200


def test_code_is_kept_nowhere(browser, mailbox, everything_stored):
    ask(browser)
    code = code_in(mailbox()[0])
    assert NEW_EMAIL in everything_stored()
    assert code.lower() not in everything_stored()


def test_code_works_once(browser, mailbox):
    ask(browser)
    code = code_in(mailbox()[0])
    confirm(browser, code)
    assert "no new address to confirm" in confirm(browser, code).content.decode()
    assert OutboxEvent.objects.filter(code="email_changed").count() == 1


@pytest.mark.parametrize("code", ["", "wrong", "x" * 50, "\0", "🙂🙂🙂🙂"])
def test_wrong_code_is_refused(code, browser, paula, mailbox):
    ask(browser)
    mailbox()
    response = confirm(browser, code)
    assert response.status_code == 200
    assert says_error(response)
    assert User.objects.get(pk=paula.pk).email != NEW_EMAIL


def test_five_wrong_codes_are_the_end(browser, paula, mailbox):
    ask(browser)
    code = code_in(mailbox()[0])
    for _ in range(5):
        assert confirm(browser, "wrong").status_code == 200
    assert "no new address to confirm" in confirm(browser, code).content.decode()
    assert User.objects.get(pk=paula.pk).email != NEW_EMAIL


def test_parallel_guess_counts_too(browser, paula, mailbox, monkeypatch):
    ask(browser)
    code = code_in(mailbox()[0])
    read_before_the_others = EmailChange.objects.get()
    EmailChange.objects.update(wrong_codes=5)
    monkeypatch.setattr("accounts.services.profile.pending_email_change", lambda user: read_before_the_others)
    with pytest.raises(services.EmailCodeExpired):
        services.confirm_email_change(user=paula, code=code)


def test_code_holds_24_hours(browser, paula, mailbox):
    ask(browser)
    code = code_in(mailbox()[0])
    EmailChange.objects.update(requested_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert "no new address to confirm" in confirm(browser, code).content.decode()
    EmailChange.objects.update(requested_at=timezone.now() - timedelta(hours=23, minutes=59))
    assert confirm(browser, code).status_code == 302


def test_only_the_latest_wish_counts(browser, paula, mailbox):
    ask(browser, "first@clinic.example.org")
    first = code_in(mailbox()[0])
    ask(browser, NEW_EMAIL)
    second = code_in(mailbox()[1])
    confirm(browser, first)
    assert User.objects.get(pk=paula.pk).email == "paula.prince@clinic.example.org"
    confirm(browser, second)
    assert User.objects.get(pk=paula.pk).email == NEW_EMAIL


def test_overtaken_wish_is_not_mailed(browser, mailbox):
    ask(browser, "first@clinic.example.org")
    ask(browser, NEW_EMAIL)
    assert [letter.to for letter in mailbox()] == [[NEW_EMAIL]]
    assert OutboxMessage.objects.filter(state=State.CANCELLED).count() == 1


def test_code_of_another_person_is_nothing(browser, paula, rosa, client_for, mailbox):
    ask(browser)
    code = code_in(mailbox()[0])
    confirm(client_for(rosa), code)
    assert not User.objects.filter(email=NEW_EMAIL).exists()


def test_address_of_another_account_looks_free_and_its_owner_is_told(browser, paula, rosa, mailbox, statements):
    ask(browser, "first.of.all@clinic.example.org")  # makes the counters
    answers = []
    taken = statements(lambda: answers.append(ask(browser, rosa.email)))
    free = statements(lambda: answers.append(ask(browser, "free@clinic.example.org")))
    assert taken == free
    assert masked(answers[0]) == masked(answers[1])
    letters = {tuple(letter.to): letter for letter in mailbox()}
    assert letters[(rosa.email,)].subject == "You already have a Help Desk account"
    assert paula.username not in letters[(rosa.email,)].body


def test_address_taken_in_the_meantime_is_refused(browser, paula, mailbox):
    ask(browser)
    code = code_in(mailbox()[0])
    make_person("new.comer")
    User.objects.filter(username="new.comer").update(email=NEW_EMAIL)
    assert "belongs to another account" in confirm(browser, code).content.decode()
    assert User.objects.get(pk=paula.pk).email == "paula.prince@clinic.example.org"
    assert not OutboxEvent.objects.filter(code="email_changed").exists()


@pytest.mark.parametrize(
    "email", ["", "nonsense", "paula.prince@clinic.example.org", "a@b\r\nBcc: c@example.org", "\0@example.org"]
)
def test_bad_new_address_is_explained(email, browser):
    response = ask(browser, email)
    assert response.status_code == 200
    assert says_error(response)
    assert not EmailChange.objects.exists()


def test_wrong_present_password_is_refused(browser):
    response = ask(browser, password="not mine")
    assert "This is not your present password." in response.content.decode()
    assert f'value="{NEW_EMAIL}"' in response.content.decode()
    assert not EmailChange.objects.exists()


def test_more_than_five_wishes_an_hour_are_refused(browser):
    for number in range(5):
        assert ask(browser, f"{number}@clinic.example.org").status_code == 302
    assert ask(browser).status_code == 429
    assert EmailChange.objects.count() == 5


def test_address_that_mail_does_not_reach_is_shown(browser, paula, mailbox, monkeypatch):
    from mail.transport import Refused, Transport

    def refuse(self, email):
        raise Refused("550 no such user")

    with monkeypatch.context() as patched:
        patched.setattr(Transport, "send", refuse)
        ask(browser)
        mailbox()
    assert f"Our last email to {NEW_EMAIL} has not arrived" in browser.get("/account/").content.decode()
    services.request_password_reset(identifier=paula.username)
    mailbox()
    assert "has not arrived" not in browser.get("/account/").content.decode()


def test_organizations_and_memberships_stay_with_the_account(browser, organization, paula, mailbox):
    ask(browser)
    confirm(browser, code_in(mailbox()[0]))
    assert Membership.objects.get(user=paula).organization == organization
    assert Organization.objects.filter(is_placeholder=True).count() == 1
