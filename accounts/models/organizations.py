"""Provider organizations and who belongs to them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.text import fold_name

PLACEHOLDER_NAME = "Generic Vaccine Provider"


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def unmerged(self) -> OrganizationQuerySet:
        """Keep what lists and searches show: another spelling of an organization is none of its own."""
        return self.filter(merged_into=None)


class OrganizationManager(models.Manager.from_queryset(OrganizationQuerySet)):
    def placeholder(self) -> Organization:
        """Return the organization of those who have not named theirs yet; it is never shared."""
        return self.get(is_placeholder=True)


class Organization(models.Model):
    """A clinic, pharmacy or health system, as providers typed its name."""

    name = models.CharField(_("name"), max_length=200)
    # Names that differ only in case and blanks are one organization.
    name_key = models.CharField(max_length=400, unique=True, editable=False)
    is_placeholder = models.BooleanField(default=False, editable=False)
    # Another spelling of that one: whoever types this name means it. Never a chain.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="merged"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OrganizationManager()

    class Meta:
        verbose_name = _("provider organization")
        verbose_name_plural = _("provider organizations")
        constraints = [
            models.UniqueConstraint(
                fields=["is_placeholder"],
                condition=models.Q(is_placeholder=True),
                name="one_placeholder_organization",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs) -> None:
        self.name_key = fold_name(self.name)
        super().save(*args, **kwargs)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def confirmed(self) -> MembershipQuerySet:
        """Keep those that share cases: verified by an agent, and not of the placeholder."""
        return self.filter(verified_at__isnull=False, organization__is_placeholder=False)


class Membership(models.Model):
    """That a person works for an organization; shares nothing until an agent has verified it."""

    class Kind(models.TextChoices):
        PRIMARY = "primary", _("Primary")
        SECONDARY = "secondary", _("Secondary")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="memberships")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="member_once"),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(kind="primary"),
                name="one_primary_organization",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organization}"
