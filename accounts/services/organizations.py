"""Whom a provider files cases for."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Membership, Organization, User
from accounts.text import fold_name


def primary_organization(user: User) -> Organization:
    """Return the user's primary organization, or the placeholder when none was given yet."""
    membership = (
        Membership.objects.filter(user=user, kind=Membership.Kind.PRIMARY).select_related("organization").first()
    )
    return membership.organization if membership else Organization.objects.placeholder()


def secondary_organizations(user: User) -> list[Organization]:
    """Return the organizations that the user has filed for beside the primary one, by name."""
    return list(
        Organization.objects.filter(memberships__user=user, memberships__kind=Membership.Kind.SECONDARY).order_by(
            "name_key"
        )
    )


def _find_or_make(name: str) -> Organization:
    try:
        with transaction.atomic():
            return Organization.objects.get_or_create(name_key=fold_name(name), defaults={"name": name})[0]
    except IntegrityError:  # Two people typed the same new name at once.
        return Organization.objects.get(name_key=fold_name(name))


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
        Membership.objects.update_or_create(user=user, organization=organization, defaults={"kind": kind})
    else:
        mine.get_or_create(user=user, organization=organization, defaults={"kind": Membership.Kind.SECONDARY})
    return organization


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
    return organization


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
