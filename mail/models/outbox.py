"""The outbox: what happened that owes mail, and each mail that follows from it.

`next_attempt_at` says when a worker may take a row; it is empty once nothing is left to do. One partial index on it
serves the workers however long the history grows, on both databases (SQLite uses no partial index whose condition
would be matched by a bound parameter such as a state).
"""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from mail.batch import Batch


def new_message_id() -> str:
    return f"<{uuid.uuid4().hex}@{settings.MAIL_DOMAIN}>"


def new_nonce() -> str:
    return secrets.token_urlsafe(24)


class OutboxEventQuerySet(models.QuerySet):
    def due(self, now):
        """Events that a worker may expand, the longest waiting first."""
        return self.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")


class OutboxEvent(models.Model):
    """Something that happened and owes mail. It names rows and codes, never text and never a secret."""

    code = models.CharField(_("event"), max_length=40)
    about_kind = models.CharField(_("about"), max_length=20)
    about_id = models.BigIntegerField(_("about number"))
    refs = models.JSONField(_("references"), default=dict)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expanded_at = models.DateTimeField(_("expanded"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True, default=timezone.now)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)

    objects = OutboxEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("outbox event")
        verbose_name_plural = _("outbox events")
        indexes = [
            models.Index("next_attempt_at", "id", name="mail_event_due", condition=Q(next_attempt_at__isnull=False)),
            models.Index("about_id", "about_kind", name="mail_event_about"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(expanded_at__isnull=True, next_attempt_at__isnull=False)
                | Q(expanded_at__isnull=False, next_attempt_at__isnull=True),
                name="mail_event_owed_or_expanded",
            ),
        ]

    def __str__(self):
        return f"{self.code} ({self.about_kind} {self.about_id})"

    @cached_property
    def batch(self) -> Batch["OutboxEvent"]:
        return Batch([self])


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    RETRYING = "retrying", _("Retrying")
    FAILED = "failed", _("Failed")
    HELD = "held", _("Held")
    CANCELLED = "cancelled", _("Cancelled")


class Hold(models.TextChoices):
    """Why a message is held back until somebody releases it."""

    CASE_CAP = "case_cap", _("Too many mails about one matter within an hour.")
    PERSON_CAP = "person_cap", _("Too many mails to one person within an hour.")
    SUSPENDED = "suspended", _("Mail to the address came back.")


OWED = (State.QUEUED, State.SENDING, State.RETRYING)
TROUBLED = (State.FAILED, State.RETRYING)


class OutboxMessageQuerySet(models.QuerySet):
    def about(self, kind: str, number: int):
        return self.filter(about_id=number, about_kind=kind)

    def due(self, now):
        """Messages that a worker may take: owed, and no other worker's lease holds them. Longest waiting first."""
        return self.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")

    def owed(self):
        return self.filter(next_attempt_at__isnull=False)

    def failed(self):
        return self.filter(state=State.FAILED)

    def held(self):
        return self.filter(state=State.HELD)

    def troubled(self):
        """Held messages, and failed or delayed ones after which none of these messages reached the same person."""
        same_person = Q(recipient=OuterRef("recipient")) | Q(recipient_key=OuterRef("recipient_key"))
        reached = self.filter(same_person, pk__gt=OuterRef("pk"), state=State.SENT)
        return self.filter(Q(state=State.HELD) | (Q(state__in=TROUBLED) & ~Exists(reached)))


class OutboxMessage(models.Model):
    """One mail to one recipient. The text is built when it is sent and kept nowhere."""

    event = models.ForeignKey(
        OutboxEvent, models.PROTECT, related_name="messages", verbose_name=_("event"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=40)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="outbox_messages",
        verbose_name=_("recipient"),
    )
    recipient_key = models.CharField(_("recipient key"), max_length=60)
    fixed_address = models.CharField(
        _("fixed address"), max_length=254, blank=True, help_text=_("Empty: the recipient's own address at sending.")
    )
    # Of a message that is held for it: the suspended address.
    to_address = models.CharField(_("sent to"), max_length=254, blank=True, db_index=True)
    about_kind = models.CharField(_("about"), max_length=20)
    about_id = models.BigIntegerField(_("about number"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    hold_reason = models.CharField(_("held because"), max_length=10, choices=Hold, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True, default=timezone.now)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    nonce = models.CharField(max_length=64, blank=True, editable=False)
    message_id = models.CharField("Message-ID", max_length=300, unique=True, default=new_message_id)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects = OutboxMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        indexes = [
            models.Index("next_attempt_at", "id", name="mail_message_due", condition=Q(next_attempt_at__isnull=False)),
            models.Index("about_id", "about_kind", "id", name="mail_message_about"),
            models.Index("state", "id", name="mail_message_state"),
            models.Index("kind", "id", name="mail_message_kind"),
            models.Index("recipient_key", "created_at", name="mail_message_lately"),
            models.Index("fixed_address", name="mail_message_fixed"),
        ]
        constraints = [
            models.UniqueConstraint("event", "recipient_key", name="mail_message_once_per_recipient"),
            models.CheckConstraint(
                condition=Q(state__in=OWED, next_attempt_at__isnull=False)
                | (~Q(state__in=OWED) & Q(next_attempt_at__isnull=True)),
                name="mail_message_owed_has_a_time",
            ),
            models.CheckConstraint(
                condition=(Q(state=State.HELD) & ~Q(hold_reason="")) | (~Q(state=State.HELD) & Q(hold_reason="")),
                name="mail_message_held_for_a_reason",
            ),
        ]

    def __str__(self):
        return f"{self.kind} #{self.pk}"

    @cached_property
    def batch(self) -> Batch["OutboxMessage"]:
        return Batch([self])


class Outage(models.Model):
    """The mail server is away: one row, from the first delivery that finds it so until one that works."""

    noted_at = models.DateTimeField()

    def __str__(self):
        return f"away at {self.noted_at:%Y-%m-%d %H:%M:%S}"


class Heartbeat(models.Model):
    """When a part of the machinery was last alive."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self):
        return f"{self.name}: {self.at:%Y-%m-%d %H:%M:%S}"
