"""An agent makes the account of a provider who calls."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts import services
from accounts.models import TermsAcceptance, User
from mail.models import OutboxEvent
from tests.accounts.letters import temporary_password_in, user_id_in
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

CALLER = {"first_name": "Carla", "last_name": "Caller", "email": "Carla@Clinic.example.org"}


def test_account_is_a_providers_and_gets_a_temporary_password(agnes, mailbox):
    carla = services.create_provider(**CALLER, by=agnes)
    assert (carla.username, carla.email) == ("carla.caller", "carla@clinic.example.org")
    assert (carla.is_provider, carla.must_change_password, carla.has_usable_password()) == (True, True, False)
    (letter,) = mailbox()
    assert letter.to == ["carla@clinic.example.org"]
    assert user_id_in(letter) == "carla.caller"


def test_terms_are_asked_when_the_password_is_set(agnes, mailbox, log_in, client_for):
    carla = services.create_provider(**CALLER, by=agnes)
    assert not TermsAcceptance.objects.filter(user=carla).exists()
    browser = client_for()
    (letter,) = mailbox()
    assert log_in("carla.caller", temporary_password_in(letter), browser=browser).status_code == 302
    assert browser.get("/my-lists/")["Location"] == "/set-password/"
    assert 'name="terms"' in browser.get("/set-password/").text
    new = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    refused = browser.post("/set-password/", new)
    assert "Accept the Terms &amp; Conditions to go on" in refused.text
    carla.refresh_from_db()
    assert carla.must_change_password
    assert browser.post("/set-password/", new | {"terms": "on"}).status_code == 302
    assert TermsAcceptance.objects.filter(user=carla).count() == 1
    assert browser.get("/my-lists/").status_code == 200
    assert log_in("carla.caller", PASSWORD).status_code == 302


@pytest.mark.parametrize("person", ["paula", "vera"])
def test_nobody_but_agents_makes_one(person, request):
    by = request.getfixturevalue(person)
    with pytest.raises(PermissionDenied):
        services.create_provider(**CALLER, by=by)
    assert not User.objects.filter(email="carla@clinic.example.org").exists()


@pytest.mark.parametrize("owner", ["paula", "sven"])
def test_an_address_in_use_is_named(owner, request, agnes):
    account = request.getfixturevalue(owner)
    with pytest.raises(services.AddressInUse) as refused:
        services.create_provider(**CALLER | {"email": account.email.upper()}, by=agnes)
    assert refused.value.account == account
    assert not OutboxEvent.objects.exists()
