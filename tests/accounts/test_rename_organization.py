"""Supervisors give an organization another name: one that no other has, and never the placeholder."""

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied

from accounts import services
from accounts.models import Organization


@pytest.fixture
def lakeside(rosa) -> Organization:
    return services.remember_organization(user=rosa, name="Lakeside Clinic")


def path(organization: Organization) -> str:
    return f"/admin/accounts/organization/{organization.pk}/change/"


def test_supervisor_renames_and_the_key_follows(sven, organization):
    services.rename_organization(organization=organization, name="Riverside  Health", by=sven)
    organization.refresh_from_db()
    assert (organization.name, organization.name_key) == ("Riverside  Health", "riverside health")


def test_another_spelling_of_its_own_name_is_no_other_name(sven, organization):
    services.rename_organization(organization=organization, name="RIVERSIDE Clinic", by=sven)
    organization.refresh_from_db()
    assert organization.name == "RIVERSIDE Clinic"


@pytest.mark.parametrize("person", ["agnes", "vera", "paula"])
def test_nobody_else_renames(person, request, organization):
    with pytest.raises(PermissionDenied):
        services.rename_organization(organization=organization, name="Mine", by=request.getfixturevalue(person))
    organization.refresh_from_db()
    assert organization.name == "Riverside Clinic"


def test_rule_does_not_hang_on_the_admins_permission(agnes, organization, client_for):
    agnes.user_permissions.add(Permission.objects.get(codename="change_organization"))
    assert client_for(agnes).post(path(organization), {"name": "Mine"}).status_code == 403
    organization.refresh_from_db()
    assert organization.name == "Riverside Clinic"


def test_placeholder_keeps_its_name(sven):
    placeholder = Organization.objects.placeholder()
    with pytest.raises(PermissionDenied):
        services.rename_organization(organization=placeholder, name="Mine", by=sven)
    placeholder.refresh_from_db()
    assert placeholder.name == "Generic Vaccine Provider"


def test_merged_one_keeps_the_name_that_people_type(sven, organization, lakeside):
    services.merge_organizations(organization=lakeside, into=organization, by=sven)
    with pytest.raises(PermissionDenied):
        services.rename_organization(organization=lakeside, name="Hillside Clinic", by=sven)
    assert Organization.objects.filter(name_key="lakeside clinic").exists()


@pytest.mark.parametrize("name", ["lakeside  CLINIC", "Generic Vaccine Provider"])
def test_name_of_another_one_is_taken(name, sven, organization, lakeside):
    with pytest.raises(services.OrganizationNameTaken):
        services.rename_organization(organization=organization, name=name, by=sven)
    organization.refresh_from_db()
    assert organization.name == "Riverside Clinic"


def test_name_taken_while_it_was_saved_is_told_beside_the_field(sven, organization, lakeside, client_for, monkeypatch):
    real, asked = services.refuse_taken_name, []

    def look(*args):
        asked.append(args)
        return None if len(asked) == 1 else real(*args)

    monkeypatch.setattr(services, "refuse_taken_name", look)
    response = client_for(sven).post(path(organization), {"name": "Lakeside Clinic"})
    assert response.status_code == 200
    assert "There is an organization of this name already." in response.text
    assert 'value="Lakeside Clinic"' in response.text
    organization.refresh_from_db()
    assert organization.name == "Riverside Clinic"
