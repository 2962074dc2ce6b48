"""The inbox: every mail that came in, what became of it, and for a while its raw bytes.

The text of a mail stands in no column: whoever needs it reads the bytes anew, so that fewer rows have to forget it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class InboundState(models.TextChoices):
    RECEIVED = "received", _("Received")
    FILED = "filed", _("Filed")
    UNMATCHED = "unmatched", _("Unmatched")
    REJECTED = "rejected", _("Rejected")
    IGNORED = "ignored", _("Automatic")
    FAILED = "failed", _("Failed")


# What a person has to decide about.
WAITING = (InboundState.UNMATCHED, InboundState.FAILED)


class Reason(models.TextChoices):
    """Why a mail is where it is."""

    NO_TOKEN = "no_token", _("It answers no mail of the portal.")  # noqa: S105
    SENDER_UNCLEAR = "sender_unclear", _("Nobody can tell for sure whom it is from.")
    WRONG_SENDER = "wrong_sender", _("It is not from the person to whom the answered mail was sent.")
    DMARC_FAILED = "dmarc_failed", _("The sender's domain says that it did not send it (DMARC failed).")
    TOO_MANY = "too_many", _("Too many mails came from this sender within an hour.")
    ACCOUNT_BLOCKED = "account_blocked", _("The sender's account is blocked.")
    NOT_ANSWERABLE = "not_answerable", _("What it answers takes no answer by mail.")
    EMPTY = "empty", _("It holds no text and no file.")
    SAME_ID = "same_id", _("Another mail with the same Message-ID says something else.")
    BY_AGENT = "by_agent", _("An agent rejected it.")
    SENDER_BLOCKED = "sender_blocked", _("Its sender is blocked.")
    DUPLICATE = "duplicate", _("The same mail came before.")
    AUTO_REPLY = "auto_reply", _("An automatic reply.")
    BOUNCE = "bounce", _("A report about a mail of the portal that could not be delivered.")
    RECEIPT = "receipt", _("A read receipt.")
    CALENDAR = "calendar", _("An answer to an invitation.")
    BULK = "bulk", _("Sent to many, or by a machine.")
    LOOP = "loop", _("The portal's own mail, come back.")
    TOO_LARGE = "too_large", _("It is larger than the portal takes.")
    TOO_COMPLEX = "too_complex", _("It has more parts, levels or headers than the portal reads.")
    UNREADABLE = "unreadable", _("It could not be read.")
    NOT_FILED = "not_filed", _("It could be read but not filed.")


class InboundQuerySet(models.QuerySet):
    def due(self, now):
        """Mails that were stored but not dealt with, and that nobody holds. Longest waiting first."""
        return self.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")

    def unmatched(self):
        return self.filter(state=InboundState.UNMATCHED)

    def waiting(self):
        """Keep what a person has to decide about."""
        return self.filter(state__in=WAITING)

    def about(self, kind: str, numbers):
        """Mails that were filed on one of these rows, noted there, or offered for one."""
        of = Q(about_kind=kind, about_id__in=numbers) | Q(suggested_kind=kind, suggested_id__in=numbers)
        return self.filter(of)


class InboundMail(models.Model):
    """One mail that came in.

    `digest` is of its bytes: the same bytes are one row, through whichever door they come and however often.
    `once_key` is of its Message-ID and sender: a copy that took another way is recognised by it.
    """

    received_at = models.DateTimeField(_("received"), default=timezone.now)
    source = models.CharField(_("came by"), max_length=10)
    size = models.PositiveBigIntegerField(_("size"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    once_key = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 (unique)
    text_digest = models.CharField(max_length=64, blank=True, editable=False)
    message_id = models.CharField("Message-ID", max_length=300, blank=True)
    # Null: the door did not say. Empty: the null return path of a report.
    envelope_from = models.CharField(_("return path"), max_length=254, null=True, blank=True)  # noqa: DJ001
    envelope_to = models.CharField(_("delivered to"), max_length=254, blank=True)
    from_address = models.CharField(_("from"), max_length=254, blank=True)
    from_shown = models.CharField(_("calls itself"), max_length=300, blank=True)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    dmarc_failed = models.BooleanField(_("DMARC failed"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=InboundState, default=InboundState.RECEIVED)
    reason = models.CharField(_("why"), max_length=20, choices=Reason, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    matched_by = models.CharField(_("matched by"), max_length=20, blank=True)
    about_kind = models.CharField(_("about"), max_length=20, blank=True)
    about_id = models.BigIntegerField(_("about number"), null=True, blank=True)
    suggested_kind = models.CharField(max_length=20, blank=True, editable=False)
    suggested_id = models.BigIntegerField(null=True, blank=True, editable=False)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True, default=timezone.now)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("handled by")
    )
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)

    objects = InboundQuerySet.as_manager()

    class Meta:
        verbose_name = _("inbound mail")
        verbose_name_plural = _("inbound mails")
        default_permissions = ("view", "change")
        indexes = [
            models.Index("next_attempt_at", "id", name="mail_inbound_due", condition=Q(next_attempt_at__isnull=False)),
            models.Index("state", "id", name="mail_inbound_state"),
            models.Index("from_address", "received_at", name="mail_inbound_sender"),
            models.Index("about_id", "about_kind", name="mail_inbound_about", condition=Q(about_id__isnull=False)),
            models.Index(
                "suggested_id",
                "suggested_kind",
                name="mail_inbound_suggested",
                condition=Q(suggested_id__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="received", next_attempt_at__isnull=False)
                | (~Q(state="received") & Q(next_attempt_at__isnull=True)),
                name="mail_inbound_received_has_a_time",
            ),
        ]

    def __str__(self):
        return f"inbound mail {self.pk}"


class InboundRaw(models.Model):
    """The bytes of a mail as they came, until its time is over or a passage of it had to go."""

    mail = models.OneToOneField(InboundMail, models.CASCADE, primary_key=True, related_name="raw")
    data = models.BinaryField()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"raw bytes of inbound mail {self.pk}"


class BlockedSender(models.Model):
    """An address whose mail is rejected unread."""

    address = models.CharField(_("address"), max_length=254, unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("blocked by"))
    at = models.DateTimeField(_("blocked"), default=timezone.now)

    class Meta:
        verbose_name = _("blocked sender")
        verbose_name_plural = _("blocked senders")
        default_permissions = ("view", "delete")

    def __str__(self):
        return self.address


class Lease(models.Model):
    """That one process does something that no second one should do at the same time."""

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=40)
    until = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.name} until {self.until:%Y-%m-%d %H:%M:%S}"
