"""What belongs to one agent: saved views, who looks at what, news that waits for the digest."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.cases import Case
from mail.models import OutboxEvent


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def usable_by(self, user) -> SavedViewQuerySet:
        """Keep the person's own views and those that a supervisor shares."""
        return self.filter(Q(owner=user) | Q(is_shared=True)).order_by("name", "pk")


class SavedView(models.Model):
    """A name for what the agents' list was asked for."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views", db_index=False)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("query"), max_length=500)
    is_shared = models.BooleanField(_("shared with all agents"), default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="view_once_per_name")]

    def __str__(self) -> str:
        return self.name


class CaseLook(models.Model):
    """When an agent last opened a case, and until when its page was seen open."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="looks", db_index=False)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    looked_at = models.DateTimeField()
    open_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["case", "agent"], name="look_once_per_agent")]

    def __str__(self) -> str:
        return f"{self.agent_id} at {self.case_id}"


class DigestItem(models.Model):
    """One piece of news that waits for an agent's hourly digest."""

    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    # The mail that would have been sent at once.
    kind = models.CharField(max_length=40)
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    # The digest that tells of it; null while it waits.
    digest = models.ForeignKey(OutboxEvent, models.PROTECT, null=True, related_name="+")

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["agent", "id"], condition=Q(digest__isnull=True), name="digest_waiting"),
            models.Index(fields=["at"], condition=Q(digest__isnull=False), name="digest_told"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.agent_id}"
