"""Whom a provider files for: primary, secondaries, and who has been verified."""

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts import services
from accounts.models import Membership, Organization
from tests.conftest import make_person


def remember(user, name, kind="primary"):
    return services.remember_organization(user=user, name=name, kind=kind)


def test_placeholder_stands_in_until_a_primary_is_named(paula):
    assert services.primary_organization(paula).name == "Generic Vaccine Provider"
    remember(paula, "Riverside Clinic")
    assert services.primary_organization(paula).name == "Riverside Clinic"


def test_first_primary_stays(paula, organization):
    other = remember(paula, "Lakeside Clinic")
    assert services.primary_organization(paula) == organization
    assert services.organizations_of(paula)[1] == [other]


def test_secondary_never_replaces_the_primary(paula, organization):
    remember(paula, "Lakeside Clinic", "secondary")
    assert services.primary_organization(paula) == organization


def test_primary_typed_as_secondary_stays_primary(paula, organization):
    remember(paula, "riverside  CLINIC", "secondary")
    assert services.primary_organization(paula) == organization
    assert services.organizations_of(paula)[1] == []


def test_secondary_alone_is_no_primary(paula):
    remember(paula, "Lakeside Clinic", "secondary")
    assert services.primary_organization(paula).is_placeholder
    remember(paula, "Lakeside Clinic")
    assert services.primary_organization(paula).name == "Lakeside Clinic"


@pytest.mark.parametrize("name", ["RIVERSIDE CLINIC", "riverside   clinic", "Ｒiverside Clinic"])
def test_names_that_differ_in_case_and_blanks_are_one_organization(name, paula, rosa, organization):
    assert remember(rosa, name) == organization
    assert Organization.objects.filter(is_placeholder=False).count() == 1


@pytest.mark.parametrize("name", ["Generic Vaccine Provider", "generic vaccine  provider"])
def test_name_of_the_placeholder_names_nothing(name, paula, organization):
    assert remember(paula, name).is_placeholder
    assert services.change_primary_organization(user=paula, name=name) == organization
    assert Membership.objects.filter(organization__is_placeholder=True).count() == 0


def test_typing_the_same_name_verifies_nobody(paula, rosa, organization):
    remember(rosa, "Riverside Clinic")
    assert not Membership.objects.exclude(verified_at=None).exists()


def test_typing_a_name_again_keeps_the_verification(quinn, organization):
    remember(quinn, "Riverside Clinic", "secondary")
    assert Membership.objects.get(user=quinn).verified_at is not None


def test_changing_the_primary_remembers_the_one_before(paula, organization):
    other = services.change_primary_organization(user=paula, name="Lakeside Clinic")
    assert services.primary_organization(paula) == other
    assert services.organizations_of(paula)[1] == [organization]
    services.change_primary_organization(user=paula, name="Riverside Clinic")
    assert services.primary_organization(paula) == organization
    assert services.organizations_of(paula)[1] == [other]


def test_agent_verifies_and_takes_it_back(paula, agnes, organization):
    membership = Membership.objects.get(user=paula)
    services.verify_membership(membership=membership, by=agnes)
    membership.refresh_from_db()
    assert (membership.verified_by, membership.verified_at is not None) == (agnes, True)
    services.withdraw_verification(membership=membership, by=agnes)
    membership.refresh_from_db()
    assert (membership.verified_by, membership.verified_at) == (None, None)


@pytest.mark.parametrize("person", ["paula", "rosa", "vera"])
def test_only_agents_verify(person, paula, organization, request):
    by = request.getfixturevalue(person)
    membership = Membership.objects.get(user=paula)
    for act in (services.verify_membership, services.withdraw_verification):
        with pytest.raises(PermissionDenied):
            act(membership=membership, by=by)
    membership.refresh_from_db()
    assert membership.verified_at is None


def test_placeholder_is_never_verified(paula, agnes):
    placeholder = Organization.objects.placeholder()
    membership = Membership.objects.create(user=paula, organization=placeholder, kind="secondary")
    with pytest.raises(PermissionDenied):
        services.verify_membership(membership=membership, by=agnes)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_first_submits_at_once_make_one_primary_and_one_organization():
    paula = make_person("paula.prince")
    people = [paula, paula, paula, make_person("rosa.reed")]
    start, errors = threading.Barrier(len(people)), []

    def work(user, name):
        start.wait()
        try:
            remember(user, name)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    names = ["Riverside Clinic", "riverside clinic", "Lakeside Clinic", "RIVERSIDE CLINIC"]
    threads = [threading.Thread(target=work, args=pair) for pair in zip(people, names, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Membership.objects.filter(user=paula, kind="primary").count() == 1
    assert Organization.objects.filter(is_placeholder=False).count() == 2
