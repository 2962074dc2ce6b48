"""What people ask of the accounts, before and between logins."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Registration(models.Model):
    """One sent Customer Registration form, whatever its address; the worker acts on it."""

    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    email = models.EmailField()
    terms = models.ForeignKey("desk.TermsVersion", models.PROTECT, related_name="+")
    # In which the form was filled out, and the account's from then on.
    language = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # Filled by the worker: the account that was found or made.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="registrations")

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="registration_age")]

    def __str__(self) -> str:
        return f"registration {self.pk}"


class EmailChange(models.Model):
    """A wish to be reached elsewhere; done once the code mailed to the new address is typed in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="email_changes")
    old_email = models.EmailField()
    new_email = models.EmailField(_("new email"))
    code_hash = models.CharField(max_length=128, blank=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-requested_at"], name="email_change_latest")]

    def __str__(self) -> str:
        return f"email change {self.pk}"


class ThrottleCounter(models.Model):
    """How often something happened to one subject; the subject is kept as a keyed hash only."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    touched_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.count}"
