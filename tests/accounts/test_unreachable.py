"""Whoever cannot be reached by mail sees it on every page until it is put right."""

import pytest
from django.core import mail as django_mail

from accounts import services
from accounts.models import User
from cases import services as cases
from cases.models import RequestType
from mail.models import OutboxMessage, State, SuspendedAddress
from tests.accounts.letters import code_in
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW_EMAIL = "paula.new@clinic.example.org"
WORDS = "We could not reach you at paula.prince@clinic.example.org"
PAGES = ["/", "/my-lists/", "/cases/new/", "/account/", "/account/email/", "/resources/"]


@pytest.fixture
def suspended(paula) -> SuspendedAddress:
    return SuspendedAddress.objects.create(address=paula.email, said="550 5.1.1 no such user")


@pytest.fixture
def case(paula):
    filing = cases.Filing(
        request_type=RequestType.objects.first(),
        description="Two vials.",
        organization_name="Riverside Clinic",
        primary_name="Riverside Clinic",
    )
    return cases.file_case(by=paula, filing=filing, key="k" * 20)


@pytest.fixture
def browser(paula, client_for):
    return client_for(paula)


def correct(browser, mailbox):
    browser.post("/account/email/", {"new_email": NEW_EMAIL, "current_password": PASSWORD})
    code = code_in(next(each for each in mailbox() if each.to == [NEW_EMAIL]))
    return browser.post("/account/email/confirm/", {"code": code}, follow=True)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_it_from_the_next_login_on(path, client, paula, suspended):
    client.post("/login/", {"username": paula.username, "password": PASSWORD})
    html = client.get(path).text
    assert WORDS in html
    assert 'href="/account/email/"' in html


def test_page_of_a_case_says_it_to_its_provider_alone(browser, client_for, case, suspended, rosa, agnes):
    page = f"/cases/{case.case_id}/"
    assert WORDS in browser.get(page).text
    assert WORDS not in client_for(agnes).get(page).text
    assert "could not reach" not in client_for(rosa).get("/my-lists/").text


def test_strangers_learn_nothing(client, suspended):
    assert "could not reach" not in client.get("/").text


@pytest.mark.parametrize("path", PAGES)
def test_pages_cost_what_they_cost(path, browser, suspended, statements):
    browser.get(path)
    told = statements(lambda: browser.get(path))
    suspended.delete()
    assert len(told) <= len(statements(lambda: browser.get(path)))


def test_account_page_says_it_once(browser, paula, suspended, mailbox):
    services.request_password_reset(identifier=paula.username)
    mailbox()
    assert OutboxMessage.objects.update(state=State.FAILED, hold_reason="") == 1
    html = browser.get("/account/").text
    assert html.count("could not reach you") == 1
    assert "has not arrived" not in html


def test_corrected_address_ends_it_and_gets_what_waited(browser, paula, agnes, case, suspended, mailbox):
    cases.add_reply(by=agnes, case=case, body="Which lot?")
    mailbox()
    assert set(OutboxMessage.objects.filter(recipient=paula).values_list("state", flat=True)) == {State.HELD}
    html = correct(browser, mailbox).text
    assert "could not reach" not in html
    django_mail.outbox.clear()
    arrived = mailbox()
    assert {each.to[0] for each in arrived if each.to != [agnes.email]} == {NEW_EMAIL}
    assert any("Which lot?" in each.body for each in arrived)
    assert User.objects.get(pk=paula.pk).email == NEW_EMAIL


def test_no_page_promises_mail_to_an_address_that_takes_none(browser, suspended):
    browser.post("/account/email/", {"new_email": NEW_EMAIL, "current_password": PASSWORD})
    assert "to your present address" not in browser.get("/account/email/confirm/").text
    suspended.delete()
    assert "to your present address" in browser.get("/account/email/confirm/").text


def test_password_is_asked_for(browser, suspended):
    browser.post("/account/email/", {"new_email": NEW_EMAIL, "current_password": "not mine"})
    assert WORDS in browser.get("/").text


def test_old_address_that_takes_no_mail_is_not_told(browser, paula, suspended, mailbox):
    correct(browser, mailbox)
    mailbox()
    assert not OutboxMessage.objects.filter(kind="email_changed").exists()


def test_old_address_that_takes_mail_is_told(browser, paula, mailbox):
    correct(browser, mailbox)
    assert [each.to for each in mailbox() if "address was changed" in each.subject] == [[paula.email]]


def test_address_that_was_suspended_before_can_be_proved(browser, suspended, mailbox):
    SuspendedAddress.objects.create(address=NEW_EMAIL)
    correct(browser, mailbox)
    assert list(SuspendedAddress.objects.values_list("address", flat=True)) == [suspended.address]


def test_temporary_password_is_not_kept_for_a_dead_address(nadia, sven, mailbox):
    SuspendedAddress.objects.create(address=nadia.email)
    services.send_temporary_password(account=nadia, by=sven)
    assert mailbox() == []
    message = OutboxMessage.objects.get(recipient=nadia)
    assert (message.state, message.nonce) == (State.FAILED, "")


def test_reader_of_spanish_reads_it_in_spanish(browser, paula, suspended):
    User.objects.filter(pk=paula.pk).update(language="es")
    html = browser.get("/").text
    assert "No pudimos comunicarnos con usted en paula.prince@clinic.example.org" in html
    assert "could not reach" not in html
