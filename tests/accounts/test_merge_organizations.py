"""Two spellings become one organization: its members, its cases, and who may see them."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied

from accounts import services
from accounts.models import Membership, Organization
from cases import services as case_services
from cases.models import Case, RequestType


@pytest.fixture
def misspelt(rosa) -> Organization:
    """The clinic as Rosa, who works there too, typed it."""
    return services.remember_organization(user=rosa, name="Riversyde Clinic", kind="primary")


def page(organization: Organization, act: str = "merge") -> str:
    return f"/admin/accounts/organization/{organization.pk}/{act}/"


def verify(user, organization, by) -> None:
    services.verify_membership(membership=Membership.objects.get(user=user, organization=organization), by=by)


def membership(user, organization) -> tuple[str, bool]:
    found = Membership.objects.get(user=user, organization=organization)
    return found.kind, found.verified_at is not None


def file(provider, name: str) -> Case:
    filing = case_services.Filing(
        request_type=RequestType.objects.first(),
        description="Two vials.",
        organization_name=name,
        primary_name=name,
    )
    return case_services.file_case(by=provider, filing=filing, key=f"key-of-{provider.username}")


# --- The service ------------------------------------------------------------------------------


def test_members_move_and_keep_what_they_are(organization, misspelt, paula, rosa, agnes, sven):
    verify(rosa, misspelt, agnes)
    services.merge_organizations(organization=misspelt, into=organization, by=sven)
    assert membership(rosa, organization) == ("primary", True)
    assert membership(paula, organization) == ("primary", False)
    assert not misspelt.memberships.exists()
    misspelt.refresh_from_db()
    assert misspelt.merged_into == organization


@pytest.mark.parametrize("verified_in", ["old", "new"])
def test_member_of_both_is_verified_if_in_either_and_primary_if_in_either(
    verified_in, organization, misspelt, rosa, agnes, sven
):
    services.remember_organization(user=rosa, name=organization.name)
    verify(rosa, misspelt if verified_in == "old" else organization, agnes)
    services.merge_organizations(organization=misspelt, into=organization, by=sven)
    assert membership(rosa, organization) == ("primary", True)
    assert rosa.memberships.count() == 1
    assert Membership.objects.get(user=rosa).verified_by == agnes


def test_old_name_means_the_other_from_then_on(organization, misspelt, quinn, sven):
    services.merge_organizations(organization=misspelt, into=organization, by=sven)
    assert services.remember_organization(user=quinn, name="RIVERSYDE  clinic") == organization
    assert services.change_primary_organization(user=quinn, name="Riversyde Clinic") == organization
    assert not misspelt.memberships.exists()


@pytest.mark.parametrize("way", ["remember", "change"])
def test_name_typed_while_the_merge_was_going_on(way, organization, misspelt, quinn, sven, monkeypatch):
    services.merge_organizations(organization=misspelt, into=organization, by=sven)
    monkeypatch.setattr("accounts.services.organizations._find_or_make", lambda name: misspelt)
    act = services.remember_organization if way == "remember" else services.change_primary_organization
    assert act(user=quinn, name="Riversyde Clinic") == organization
    assert not misspelt.memberships.exists()
    assert services.primary_organization(quinn) == organization


def test_chains_are_flat(organization, misspelt, paula, sven):
    third = services.remember_organization(user=paula, name="Riverside Health")
    services.merge_organizations(organization=misspelt, into=organization, by=sven)
    services.merge_organizations(organization=organization, into=third, by=sven)
    assert set(Organization.objects.exclude(merged_into=None).values_list("merged_into", flat=True)) == {third.pk}
    assert services.remember_organization(user=paula, name="Riversyde Clinic") == third


def test_cases_follow_and_colleagues_see_them(organization, misspelt, paula, rosa, agnes, sven):
    case = file(rosa, "Riversyde Clinic")
    verify(paula, organization, agnes)
    verify(rosa, misspelt, agnes)
    assert not Case.objects.visible_to(paula).filter(pk=case.pk).exists()
    services.merge_organizations(organization=misspelt, into=organization, by=sven)
    case.refresh_from_db()
    assert (case.organization, case.organization_name) == (organization, "Riversyde Clinic")
    assert Case.objects.visible_to(paula).filter(pk=case.pk).exists()


def test_unverified_colleagues_still_see_nothing(organization, misspelt, paula, rosa, agnes, sven):
    case = file(rosa, "Riversyde Clinic")
    verify(rosa, misspelt, agnes)
    services.merge_organizations(organization=misspelt, into=organization, by=sven)
    assert not Case.objects.visible_to(paula).filter(pk=case.pk).exists()


def test_some_pairs_cannot_be_merged(organization, misspelt, paula, sven):
    placeholder = Organization.objects.placeholder()
    pairs = [(organization, organization), (placeholder, organization), (organization, placeholder)]
    services.merge_organizations(organization=misspelt, into=organization, by=sven)
    third = services.remember_organization(user=paula, name="Riverside Health")
    for old, new in [*pairs, (misspelt, third), (third, misspelt)]:
        with pytest.raises(services.CannotMerge):
            services.merge_organizations(organization=old, into=new, by=sven)
    assert Organization.objects.exclude(merged_into=None).get() == misspelt


@pytest.mark.parametrize("person", ["agnes", "vera", "paula"])
def test_only_supervisors_merge(person, organization, misspelt, request, client_for):
    by = request.getfixturevalue(person)
    with pytest.raises(PermissionDenied):
        services.merge_organizations(organization=misspelt, into=organization, by=by)
    browser = client_for(by)
    assert browser.get(page(misspelt)).status_code in {302, 403}
    assert browser.post(page(misspelt), {"into": organization.pk}).status_code in {302, 403}
    misspelt.refresh_from_db()
    assert misspelt.merged_into is None


# --- The pages --------------------------------------------------------------------------------


def test_supervisor_searches_reads_the_warning_and_merges(organization, misspelt, sven, client_for):
    browser = client_for(sven)
    assert page(misspelt) in browser.get(page(misspelt, "change")).content.decode()
    found = browser.get(page(misspelt), {"q": "riverSIDE"}).content.decode()
    assert f'href="?into={organization.pk}"' in found
    warning = browser.get(page(misspelt), {"into": organization.pk}).content.decode()
    assert "see each other&#x27;s cases" in warning or "see each other's cases" in warning
    misspelt.refresh_from_db()
    assert misspelt.merged_into is None, "reading merges nothing"
    answer = browser.post(page(misspelt), {"into": organization.pk}, follow=True)
    assert answer.redirect_chain == [(page(organization, "change"), 302)]
    assert "Riversyde Clinic is now Riverside Clinic." in answer.content.decode()
    assert "Other spellings" in answer.content.decode()
    assert LogEntry.objects.get(object_id=str(organization.pk)).user == sven


def test_merged_one_is_out_of_the_list_and_leads_to_the_other(organization, misspelt, sven, client_for):
    services.merge_organizations(organization=misspelt, into=organization, by=sven)
    browser = client_for(sven)
    assert "Riversyde" not in browser.get("/admin/accounts/organization/").content.decode()
    assert "Riversyde" not in browser.get("/admin/accounts/organization/?q=clinic").content.decode()
    assert browser.get(page(misspelt, "change"))["Location"] == page(organization, "change")
    assert browser.post(page(misspelt, "change"), {"name": "X"})["Location"] == page(organization, "change")
    assert browser.get(page(misspelt)).status_code == 404


def test_slower_of_two_supervisors_is_told(organization, misspelt, sven, client_for, monkeypatch):
    third = Organization.objects.create(name="Riverside")
    merge = services.merge_organizations

    def faster(*, into, **kwargs):
        merge(organization=into, into=third, by=sven)
        merge(into=into, **kwargs)

    monkeypatch.setattr(services, "merge_organizations", faster)
    answer = client_for(sven).post(page(misspelt), {"into": organization.pk})
    assert answer.status_code == 200
    assert "cannot be merged into any more" in answer.text
    misspelt.refresh_from_db()
    assert misspelt.merged_into is None


def test_organization_that_has_gone_meanwhile_is_said(organization, misspelt, paula, sven, client_for):
    third = services.remember_organization(user=paula, name="Riverside Health")
    services.merge_organizations(organization=organization, into=third, by=sven)
    answer = client_for(sven).post(page(misspelt), {"into": organization.pk})
    assert (answer.status_code, "Choose another one." in answer.content.decode()) == (200, True)


@pytest.mark.parametrize("into", ["", "x", "\x00", "-1", "0", "9" * 18, "9" * 5000, "٣"])
def test_junk_is_no_organization(into, misspelt, sven, client_for):
    assert client_for(sven).post(page(misspelt), {"into": into}).status_code == 200
    assert client_for(sven).get(page(misspelt), {"into": into, "q": into}).status_code == 200


def test_placeholder_is_nobodys_to_merge(organization, sven, client_for):
    placeholder = Organization.objects.placeholder()
    assert client_for(sven).get(page(placeholder)).status_code == 403
    assert client_for(sven).post(page(organization), {"into": placeholder.pk}).status_code == 200
    organization.refresh_from_db()
    assert organization.merged_into is None
