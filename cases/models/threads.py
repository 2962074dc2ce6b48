"""What was said on a case and what was done to it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from cases import statuses
from cases.models.cases import TEXT_LIMIT, Case
from cases.models.kept import AppendOnly, WrittenOnceQuerySet
from cases.models.workspace import CaseLook
from mail.models import InboundMail


class MessageQuerySet(WrittenOnceQuerySet):
    """Messages, and the two changes that they know: where they stand, and a passage that had to go."""

    def unseen_by(self, agent) -> MessageQuerySet:
        """Keep what the provider wrote after the agent last looked at the case."""
        looks = CaseLook.objects.filter(case=OuterRef("case"), agent=agent, looked_at__gte=OuterRef("created_at"))
        return self.filter(~Exists(looks), kind=Message.Kind.PROVIDER)

    def move_to(self, case: Case) -> int:
        """Move them to the case that theirs is merged into; authors and times stay."""
        return models.QuerySet.update(self, case=case)

    def put_redacted(self, body: str) -> int:
        """Put a text without its redacted passage in the place of the old one."""
        return models.QuerySet.update(self, body=body)


class Message(AppendOnly):
    """What somebody wrote on a case: plain text, kept as typed."""

    class Kind(models.TextChoices):
        PROVIDER = "provider", _("Message from the provider")
        PUBLIC = "public", _("Reply from the Help Desk")
        INTERNAL = "internal", _("Internal note")

    case = models.ForeignKey(Case, models.PROTECT, related_name="messages", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    body = models.TextField(_("text"), max_length=TEXT_LIMIT)
    created_at = models.DateTimeField(_("written"))
    # The one-time key of the form that it was typed into; empty for what came through no form.
    form_key = models.CharField(max_length=64, blank=True, editable=False)
    # The fingerprint of the text as that form first sent it; a redaction changes the text alone.
    form_digest = models.CharField(max_length=64, blank=True, editable=False)
    # The mail that it came by; None where it was typed in the portal.
    mail = models.ForeignKey(InboundMail, models.PROTECT, null=True, related_name="+", db_index=False)
    # The digest of the files that it first came with; empty without files.
    files_digest = models.CharField(max_length=64, blank=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["case", "id"], name="message_thread")]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "form_key"],
                condition=~Q(form_key=""),
                name="message_once_per_form",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} message {self.pk}"


class Redaction(AppendOnly):
    """That a passage or a file was taken out for good: by whom, when and why; never what it said."""

    class What(models.TextChoices):
        PASSAGE = "passage", _("Passage")
        FILE = "file", _("File")

    case = models.ForeignKey(Case, models.PROTECT, related_name="redactions")
    what = models.CharField(max_length=10, choices=What.choices, default=What.PASSAGE)
    # Null: it stood in the description, or came with it.
    message = models.ForeignKey(Message, models.PROTECT, null=True, related_name="redactions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"redaction {self.pk}"


class Batch(models.Model):
    """Several cases changed in one action: whoever is told of it gets one mail."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    action = models.CharField(max_length=40)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"batch {self.pk} ({self.action})"


class CaseEvent(AppendOnly):
    """One change of a case: codes and ids, never free text."""

    class Kind(models.TextChoices):
        CASE_FILED = "case_filed", _("Case filed")
        MESSAGE_ADDED = "message_added", _("Message added")
        NOTE_ADDED = "note_added", _("Internal note added")
        STATUS_CHANGED = "status_changed", _("Status changed")
        AGENT_ASSIGNED = "agent_assigned", _("Agent assigned")
        PRIORITY_CHANGED = "priority_changed", _("Priority changed")
        REQUEST_TYPE_CHANGED = "request_type_changed", _("Request type changed")
        QUEUE_CHANGED = "queue_changed", _("Queue changed")
        CASE_MERGED = "case_merged", _("Case merged")
        CASE_LINKED = "case_linked", _("Case linked")
        CASE_UNLINKED = "case_unlinked", _("Link removed")
        TEXT_REDACTED = "text_redacted", _("Passage removed")
        FILE_REMOVED = "file_removed", _("File removed")
        MAIL_NOTED = "mail_noted", _("Automatic mail")
        FILE_INFECTED = "file_infected", _("Virus found in a file")

    case = models.ForeignKey(Case, models.PROTECT, related_name="events", db_index=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    # Null: the portal itself, by its timetable.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    from_value = models.CharField(_("from"), max_length=40, blank=True)
    to_value = models.CharField(_("to"), max_length=40, blank=True)

    batch = models.ForeignKey(Batch, models.PROTECT, null=True, blank=True, related_name="events", db_index=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["case", "id"], name="event_history"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="event_batch"),
            models.Index(
                fields=["at"],
                condition=Q(kind="status_changed", to_value=statuses.RESOLVED.code),
                name="event_resolved_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
