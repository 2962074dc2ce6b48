"""The cast and the tools that every test knows.

Paula is a provider. Quinn is her verified colleague at the same clinic. Rosa is a provider
elsewhere: the stranger. Nadia is still on her temporary password. Agnes is an agent, Sven a
supervisor, Vera staff who may only look. Everybody with a permanent password has PASSWORD.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail as django_mail
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import Membership, TermsAcceptance, User
from cases.list_filters import forget_offers
from cases.request_types import forget_request_types
from desk.models import TermsVersion
from desk.services import forget_facts
from mail.services import drain

PASSWORD = "orchard lantern window 48"
TEMPORARY_PASSWORD = "Temporary7Secret"


def make_person(username: str, *, group: str = "", temporary: bool = False) -> User:
    """Make an account by hand: tests of the services that make accounts call those instead."""
    first_name = username.partition(".")[0].capitalize()
    user = User(
        username=username,
        email=f"{username}@clinic.example.org",
        first_name=first_name,
        last_name=username.partition(".")[2].capitalize() or "Tester",
        is_staff=bool(group),
        must_change_password=temporary,
    )
    user.set_password(TEMPORARY_PASSWORD if temporary else PASSWORD)
    user.save()
    if group:
        user.groups.add(Group.objects.get(name=group))
    TermsAcceptance.objects.create(user=user, version=TermsVersion.objects.current())
    return user


def _is_transactional(item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Bring back what migrations seeded: a transactional test ends by emptying every table.

    Django runs such tests last for that reason; several workers that share the files cannot.
    """
    result = yield
    # A skipped test was never set up, and emptied nothing.
    if nextitem is not None and _is_transactional(item) and item.funcargs:
        with item._request.getfixturevalue("django_db_blocker").unblock(), transaction.atomic():
            connection.creation.deserialize_db_from_string(connection._test_serialized_contents)
    return result


@pytest.fixture(autouse=True)
def _quick_wake_up(monkeypatch):
    """Nobody listens to the broker in unit tests; tests deliver by calling `mailbox()`."""
    monkeypatch.setattr("mail.wake.ring", lambda task="": None)


@pytest.fixture(autouse=True)
def _fresh_copies():
    """A test begins with a database of its own: what the process has kept of another's is dropped, and none of it
    grows too old between two pages whose statements are counted.
    """
    forget_request_types()
    forget_offers()
    forget_facts()


@pytest.fixture
def paula(db) -> User:
    return make_person("paula.prince")


@pytest.fixture
def quinn(db, paula, agnes, organization) -> User:
    """Paula's colleague: both memberships of the clinic are verified by Agnes."""
    quinn = make_person("quinn.quill")
    services.remember_organization(user=quinn, name=organization.name, kind="primary")
    for membership in Membership.objects.filter(organization=organization, user__in=[paula, quinn]):
        services.verify_membership(membership=membership, by=agnes)
    return quinn


@pytest.fixture
def rosa(db) -> User:
    return make_person("rosa.reed")


@pytest.fixture
def nadia(db) -> User:
    user = make_person("nadia.noble", temporary=True)
    user.temporary_expires_at = timezone.now() + timedelta(hours=24)
    user.save(update_fields=["temporary_expires_at"])
    return user


@pytest.fixture
def agnes(db) -> User:
    return make_person("agnes.archer", group="Agents")


@pytest.fixture
def sven(db) -> User:
    return make_person("sven.stone", group="Supervisors")


@pytest.fixture
def vera(db) -> User:
    return make_person("vera.vale", group="Viewers")


@pytest.fixture
def organization(db, paula):
    """The clinic that Paula named as her primary organization."""
    return services.remember_organization(user=paula, name="Riverside Clinic", kind="primary")


@pytest.fixture
def client_for():
    """Return a function that gives a signed-in browser of a person, or an anonymous one."""

    def sign_in(user: User | None = None, **kwargs) -> Client:
        client = Client(**kwargs)
        if user is not None:
            client.force_login(user, backend="accounts.backends.PortalBackend")
        return client

    return sign_in


@pytest.fixture
def mailbox(db):
    """Return a function that delivers all owed mail and returns everything delivered so far."""
    django_mail.outbox = []

    def deliver() -> list:
        drain(seconds=30)
        return django_mail.outbox

    return deliver
