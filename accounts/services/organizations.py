"""Whom a provider files cases for."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import signals
from accounts.models import Membership, Organization, User
from accounts.text import fold_name
from desk.prepared import Prepared, Slot, columns_of, row_of


def organizations_of(user: User) -> tuple[Organization, list[Organization]]:
    """Return the user's primary organization, or the placeholder when none was given yet, and the secondary ones.

    The secondary ones are those that the user has filed for beside the primary one, by name.
    """
    primary, secondary = None, []
    for kind, *columns in _of_user.rows(user=user.pk):
        organization = row_of(Organization, columns)
        if kind == Membership.Kind.PRIMARY:
            primary = organization
        else:
            secondary.append(organization)
    return primary or Organization.objects.placeholder(), secondary


def primary_organization(user: User) -> Organization:
    """Return the user's primary organization, or the placeholder when none was given yet."""
    return organizations_of(user)[0]


def hold_primary_organization(user: User) -> Organization:
    """Return the primary organization as `hold_organization` does, in one statement."""
    rows = _held_primary.rows(user=user.pk)
    return _present(row_of(Organization, rows[0])) if rows else Organization.objects.placeholder()


def hold_organization(organization: Organization) -> Organization:
    """Return what an organization is by now, and keep it from being merged until the transaction ends.

    Those who file for one organization do not wait for each other. The placeholder is never merged.
    """
    return organization if organization.is_placeholder else _present(_held(organization.pk))


def _held(pk: int) -> Organization:
    return row_of(Organization, _held_by_number.rows(pk=pk)[0])


def _present(held: Organization) -> Organization:
    while held.merged_into_id:
        held = _held(held.merged_into_id)
    return held


_COLUMNS = columns_of(Organization)
_USER = Slot("user", Membership._meta.get_field("user"))
# What a foreign key's check takes too; the lock of who merges or renames it waits for it.
_HOLD = "FOR KEY SHARE OF accounts_organization"


def _query_of_user():
    memberships = Membership.objects.filter(user=_USER).order_by("organization__name_key")
    return memberships.values_list("kind", *(f"organization__{name}" for name in _COLUMNS))


def _query_primary():
    mine = Organization.objects.filter(memberships__user=_USER, memberships__kind=Membership.Kind.PRIMARY)
    return mine.values_list(*_COLUMNS)


def _query_by_number():
    return Organization.objects.filter(pk=Slot("pk", Organization._meta.pk)).values_list(*_COLUMNS)


_of_user = Prepared(_query_of_user)
_held_primary = Prepared(_query_primary, lock=_HOLD)
_held_by_number = Prepared(_query_by_number, lock=_HOLD)


class CannotMerge(Exception):
    """The two are not two organizations, or one of them is none of its own."""


class OrganizationNameTaken(Exception):
    """Another organization has the name, or had it before it was merged."""


def _find_or_make(name: str) -> Organization:
    """Return the organization that the name means: of another spelling the one that it was merged into."""
    organizations = Organization.objects.select_related("merged_into")
    try:
        with transaction.atomic():
            found = organizations.get_or_create(name_key=fold_name(name), defaults={"name": name})[0]
    except IntegrityError:  # Two people typed the same new name at once.
        found = organizations.get(name_key=fold_name(name))
    return found.merged_into or found


def _settled(organization: Organization) -> Organization:
    """Return where a membership belongs that was made while its organization was being merged, and move it there."""
    into = Organization.objects.filter(merged=organization).first()
    if into is not None:
        _move_members(organization, into)
    return into or organization


@transaction.atomic
def remember_organization(*, user: User, name: str, kind: str = Membership.Kind.SECONDARY) -> Organization:
    """Remember an organization that the user typed, as an unverified membership.

    It becomes the primary one only if that was asked for and there is none: a secondary never
    replaces it. Typing the placeholder's name names nothing. Two people who type the same name
    share nothing until an agent has verified both.
    """
    organization = _find_or_make(name)
    if organization.is_placeholder:
        return organization
    # The user's row serialises two first submits of one person.
    User.objects.select_for_update().get(pk=user.pk)
    mine = Membership.objects.filter(user=user)
    if kind == Membership.Kind.PRIMARY and not mine.filter(kind=kind).exists():
        created = mine.update_or_create(user=user, organization=organization, defaults={"kind": kind})[1]
    else:
        kind = Membership.Kind.SECONDARY
        created = mine.get_or_create(user=user, organization=organization, defaults={"kind": kind})[1]
    return _settled(organization) if created else organization


@transaction.atomic
def change_primary_organization(*, user: User, name: str) -> Organization:
    """Give the user another primary organization; the one before is remembered as secondary."""
    organization = _find_or_make(name)
    if organization.is_placeholder:
        return primary_organization(user)
    User.objects.select_for_update().get(pk=user.pk)
    Membership.objects.filter(user=user, kind=Membership.Kind.PRIMARY).exclude(organization=organization).update(
        kind=Membership.Kind.SECONDARY
    )
    Membership.objects.update_or_create(
        user=user, organization=organization, defaults={"kind": Membership.Kind.PRIMARY}
    )
    return _settled(organization)


@transaction.atomic
def verify_membership(*, membership: Membership, by: User) -> None:
    """Confirm that the person works for the organization: both sides verified see each other.

    Raises:
        PermissionDenied: `by` is no agent, or the organization is the placeholder.
    """
    if not by.is_agent or membership.organization.is_placeholder:
        raise PermissionDenied(f"{by} may not verify {membership}")
    Membership.objects.filter(pk=membership.pk, verified_at=None).update(verified_by=by, verified_at=timezone.now())


@transaction.atomic
def withdraw_verification(*, membership: Membership, by: User) -> None:
    """Take the confirmation back; the person sees colleagues' cases no more.

    Raises:
        PermissionDenied: `by` is no agent.
    """
    if not by.is_agent:
        raise PermissionDenied(f"{by} may not verify {membership}")
    Membership.objects.filter(pk=membership.pk).update(verified_by=None, verified_at=None)


def refuse_taken_name(organization: Organization, name: str) -> None:
    """Refuse a name that means another organization.

    Raises:
        OrganizationNameTaken: there is one whose name differs at most in case and blanks.
    """
    if Organization.objects.filter(name_key=fold_name(name)).exclude(pk=organization.pk).exists():
        raise OrganizationNameTaken(name)


@transaction.atomic
def rename_organization(*, organization: Organization, name: str, by: User) -> None:
    """Give an organization another name; who types the old one names a new organization from then on.

    Raises:
        PermissionDenied: `by` is no supervisor, or it is the placeholder or another spelling of a second one.
        OrganizationNameTaken
    """
    present = Organization.objects.select_for_update().get(pk=organization.pk)
    if not by.is_supervisor or present.is_placeholder or present.merged_into_id:
        raise PermissionDenied(f"{by} may not rename {present}")
    organization.name = name
    try:
        with transaction.atomic():
            organization.save(update_fields=["name", "name_key"])
    except IntegrityError:
        raise OrganizationNameTaken(name) from None


@transaction.atomic
def merge_organizations(*, organization: Organization, into: Organization, by: User) -> None:
    """Make one organization another spelling of a second one, for good.

    Its members become that one's: verified if they were in either, primary if they were in
    either. Who types the old name means the other from then on. Other apps move what they filed.

    Raises:
        PermissionDenied: `by` is no supervisor.
        CannotMerge: they are the same, one is merged already, or one is the placeholder.
    """
    if not by.is_supervisor:
        raise PermissionDenied(f"{by} may not merge organizations")
    pair = Organization.objects.select_for_update().order_by("pk").in_bulk([organization.pk, into.pk])
    if len(pair) < 2 or any(each.is_placeholder or each.merged_into_id for each in pair.values()):
        raise CannotMerge
    _move_members(organization, into)
    Organization.objects.filter(Q(pk=organization.pk) | Q(merged_into=organization)).update(merged_into=into)
    signals.organization_merged.send(sender=Organization, organization=organization, into=into, by=by)


def _move_members(organization: Organization, into: Organization) -> None:
    stayed = {each.user_id: each for each in Membership.objects.select_for_update().filter(organization=into)}
    for moved in Membership.objects.select_for_update().filter(organization=organization):
        kept = stayed.get(moved.user_id)
        if kept is None:
            Membership.objects.filter(pk=moved.pk).update(organization=into)
            continue
        moved.delete()  # First: a person has one primary organization.
        if moved.kind == Membership.Kind.PRIMARY:
            kept.kind = moved.kind
        if kept.verified_at is None:
            kept.verified_at, kept.verified_by_id = moved.verified_at, moved.verified_by_id
        kept.save(update_fields=["kind", "verified_at", "verified_by"])
