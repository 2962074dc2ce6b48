"""Typed text that has not been sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

DRAFT_RETENTION = timedelta(days=7)


class DraftQuerySet(models.QuerySet["Draft"]):
    def delete_now(self) -> None:
        """Delete these in one statement, without the transaction that `delete` opens: nothing hangs on a draft."""
        self._raw_delete(self.db)


class Draft(models.Model):
    """What one person typed into one rendering of a long form. Nobody else ever gets it."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts", db_index=False)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=64)
    data = models.JSONField(default=dict)
    updated_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "kind", "key"], name="draft_once_per_form")]
        indexes = [models.Index(fields=["owner", "kind", "-updated_at"], name="draft_latest")]

    @property
    def kept_until(self) -> datetime:
        return self.updated_at + DRAFT_RETENTION

    def __str__(self) -> str:
        return f"draft {self.pk} ({self.kind})"
