"""The mailed set-password link: /set-password/<whose>/<token>/."""

from datetime import timedelta

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import User
from accounts.tokens import token_as_of
from tests.accounts.letters import link_in
from tests.conftest import PASSWORD, TEMPORARY_PASSWORD

NEW = "nine quiet lanterns in the orchard"
DEAD = "This link works no more"


@pytest.fixture
def link_for(mailbox):
    def ask(user: User) -> str:
        services.request_password_reset(identifier=user.username)
        return link_in(mailbox()[-1])

    return ask


def follow(browser: Client, link: str) -> str:
    """Open the link as a browser does and return the address of its form."""
    response = browser.get(link)
    assert response.status_code == 302
    return response["Location"]


def save(browser: Client, link: str, password: str = NEW, **data):
    return browser.post(follow(browser, link), {"new_password1": password, "new_password2": password, **data})


def test_sets_the_password_and_logs_in(paula, link_for, client, log_in, mailbox):
    response = save(client, link_for(paula))
    assert (response.status_code, response["Location"]) == (302, "/")
    assert "you are logged in" in client.get("/").content.decode()
    assert client.get("/account/").status_code == 200
    assert log_in("paula.prince", NEW).status_code == 302
    assert log_in("paula.prince", PASSWORD).status_code == 200
    assert [letter.subject for letter in mailbox()][1:] == ["Your Help Desk password was changed"]


def test_scanners_get_consumes_nothing(paula, link_for, client):
    link = link_for(paula)
    for _ in range(3):
        scanner = Client(headers={"user-agent": "mail scanner"})
        assert scanner.get(scanner.get(link)["Location"]).status_code == 200
        assert scanner.head(link).status_code == 302
    assert save(client, link).status_code == 302
    paula.refresh_from_db()
    assert paula.check_password(NEW)


def test_works_once(paula, link_for, client):
    link = link_for(paula)
    save(client, link)
    assert DEAD in Client().get(link).content.decode()


def test_works_for_nadia_and_ends_her_temporary_password(nadia, link_for, client, log_in):
    assert save(client, link_for(nadia)).status_code == 302
    assert client.get("/account/").status_code == 200, "the other door is not in the way"
    assert log_in(nadia.username, TEMPORARY_PASSWORD).status_code == 200
    nadia.refresh_from_db()
    assert (nadia.must_change_password, nadia.temporary_expires_at) == (False, None)


def test_works_while_nadia_is_signed_in(nadia, link_for, client_for):
    assert save(client_for(nadia), link_for(nadia)).status_code == 302


def test_works_for_24_hours(paula, link_for, time_machine):
    link = link_for(paula)
    time_machine.move_to(timedelta(hours=23, minutes=59))
    assert follow(Client(), link)
    time_machine.move_to(timedelta(minutes=2))
    assert DEAD in Client().get(link).content.decode()


def test_other_sessions_end(paula, link_for, client, client_for):
    elsewhere = client_for(paula)
    save(client, link_for(paula))
    assert elsewhere.get("/account/").status_code == 302


def test_is_dead_once_the_password_is_set_another_way(paula, link_for):
    link = link_for(paula)
    services.set_permanent_password(user=paula, password=NEW)
    assert DEAD in Client().get(link).content.decode()


def test_open_form_is_dead_once_the_password_is_set_another_way(paula, link_for, client):
    form = follow(client, link_for(paula))
    services.set_permanent_password(user=paula, password=NEW)
    other = NEW + " again"
    assert DEAD in client.post(form, {"new_password1": other, "new_password2": other}).content.decode()
    assert User.objects.get(pk=paula.pk).check_password(NEW)


def test_is_dead_for_a_blocked_person(paula, link_for, sven):
    link = link_for(paula)
    services.block_account(account=paula, by=sven)
    assert DEAD in Client().get(link).content.decode()


def test_is_dead_for_demo_accounts_where_demo_is_off(paula, link_for):
    link = link_for(paula)
    User.objects.update(is_demo=True)
    assert DEAD in Client().get(link).content.decode()


def test_opens_no_other_account(paula, rosa, link_for, client):
    mine, theirs = link_for(paula), link_for(rosa)
    mixed = "/".join([*theirs.split("/")[:3], *mine.split("/")[3:]])
    assert mixed != mine
    assert DEAD in client.get(mixed).content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "MQ/x-y",
        "AA/set-password",
        "%00/abc-def",
        "🙂/abc-def",
        "OTk5OTk5OTk5OTk5OTk5OTk5OTk5/abc-def",
        "MQ/" + "x" * 999,
    ],
)
def test_junk_is_a_dead_link_and_no_fault(path, client, paula):
    response = client.get(f"/set-password/{path}/")
    assert response.status_code == 200
    assert DEAD in response.content.decode()
    assert 'href="/forgot/"' in response.content.decode()


@pytest.mark.parametrize("password", ["too short", "passwordpassword", "paula.prince.2026"])
def test_weak_password_is_refused_and_the_link_still_works(password, paula, link_for, client):
    link = link_for(paula)
    assert save(client, link, password).status_code == 200
    assert save(client, link).status_code == 302


def test_terms_are_asked_where_none_are_accepted(paula, link_for, client):
    paula.terms_acceptances.all().delete()
    link = link_for(paula)
    assert "Accept the Terms" in save(client, link).content.decode()
    assert save(client, link, terms="on").status_code == 302
    assert paula.terms_acceptances.count() == 1


def test_token_leaves_neither_by_referrer_nor_in_the_address_bar(paula, link_for, client):
    link = link_for(paula)
    answer = client.get(link)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Location"].endswith("/set-password/")
    assert link.split("/")[-2] not in answer["Location"]


def test_each_try_of_one_mail_carries_the_same_link(paula, time_machine):
    moment = timezone.now()
    first = token_as_of(paula, moment)
    time_machine.move_to(timedelta(hours=3))
    assert token_as_of(paula, moment) == first
    assert default_token_generator.check_token(paula, first)


def test_link_sets_one_password_however_many_have_it_open(paula):
    first, second = User.objects.get(pk=paula.pk), User.objects.get(pk=paula.pk)
    services.set_permanent_password(user=first, password="velvet harbor tractor 59")
    with pytest.raises(services.PasswordChanged):
        services.set_permanent_password(user=second, password="marble canyon whistle 23")
    assert User.objects.get(pk=paula.pk).check_password("velvet harbor tractor 59")
