"""Files of cases: the bytes, what they hang on, and keys in the storage that nothing hangs on."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q

from cases.files import scanner
from cases.models.cases import Case
from cases.models.threads import Message


def new_storage_key() -> str:
    """Return where a file is to lie: random, so that neither a name nor a case can be read from it."""
    key = secrets.token_hex(16)
    return f"{key[:2]}/{key}"


class ScanState(models.TextChoices):
    """What is known of a file; pages say it in words of their own."""

    UNSCANNED = "unscanned"
    PENDING = "pending"
    HELD = "held"
    CLEAN = "clean"
    INFECTED = "infected"


TO_SCAN = (ScanState.PENDING, ScanState.HELD)


def served_states() -> tuple[ScanState, ...]:
    return (ScanState.CLEAN,) if scanner.is_set() else (ScanState.CLEAN, ScanState.UNSCANNED)


class StoredFile(models.Model):
    """The bytes of a file, once for each case that they came to, and what the scanner says of them."""

    # Where they came to first: it stays when that case is merged.
    case = models.ForeignKey(Case, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=64, unique=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=ScanState.choices)
    # What the scanner calls what it found.
    finding = models.CharField(max_length=100, blank=True)
    scan_at = models.DateTimeField(null=True)
    scan_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["case", "sha256"], name="file_once_per_case")]
        indexes = [
            models.Index(fields=["scan_at"], condition=Q(state__in=("pending", "held")), name="file_to_scan"),
        ]

    def __str__(self) -> str:
        return f"stored file {self.pk}"


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user) -> AttachmentQuerySet:
        """Keep the files of cases that this person may see; those of internal notes are for agents alone."""
        seen = self.filter(case__in=Case.objects.visible_to(user))
        if user.is_authenticated and user.is_agent:
            return seen
        return seen.filter(Q(message=None) | ~Q(message__kind=Message.Kind.INTERNAL))

    def servable(self) -> AttachmentQuerySet:
        """Keep what may be given to people: where a scanner is set, only what it has found clean."""
        return self.filter(stored__state__in=served_states())


class Attachment(models.Model):
    """A file at a message or at a description; or that one came and was refused."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments", db_index=False)
    # Null: it came with the description.
    message = models.ForeignKey(Message, models.PROTECT, null=True, related_name="attachments")
    # Null: it was refused.
    stored = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="attachments")
    # Made safe by cases.files; the sender's own spelling is not kept.
    name = models.CharField(max_length=100)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    is_inline = models.BooleanField(default=False)
    refusal = models.CharField(max_length=20, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["case", "id"], name="attachment_thread")]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "stored", "name"], condition=Q(message__isnull=False), name="file_once_per_message"
            ),
            models.UniqueConstraint(
                fields=["case", "stored", "name"], condition=Q(message__isnull=True), name="file_once_per_description"
            ),
            models.CheckConstraint(
                condition=Q(stored__isnull=False, refusal="") | (Q(stored__isnull=True) & ~Q(refusal="")),
                name="file_kept_or_refused",
            ),
        ]

    def __str__(self) -> str:
        return f"attachment {self.pk}"


class LooseFile(models.Model):
    """A key in the storage that no row of a case names: on its way in, or on its way out.

    Each key stands here or at a StoredFile, from before its bytes are written until they are gone: what
    a crash leaves behind is found without looking through the storage.
    """

    key = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"loose file {self.pk}"
