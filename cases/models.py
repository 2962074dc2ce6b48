"""Cases, what was said on them and what was done to them.

Indexes match the lists: each ends in (sort key, id), the keyset of `cases.paging`. Nothing here is
ever deleted; messages and events are not even changed.
"""

from __future__ import annotations

import re

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organization
from cases import statuses

TEXT_LIMIT = 20_000
_CASE_ID = re.compile(r"(?:CS)?0*([0-9]{1,18})", re.IGNORECASE)


def case_number(text: str) -> int | None:
    """Return the number in a case ID as people type it (`CS0001234`, `cs1234`, `1234`)."""
    found = _CASE_ID.fullmatch(text.strip())
    return int(found[1]) if found else None


class NeverDeleted(Exception):
    """Cases, messages and events stay, whoever asks."""


class NeverChanged(Exception):
    """A message or an event is written once."""


class KeptQuerySet(models.QuerySet):
    def delete(self):
        raise NeverDeleted(self.model.__name__)


class WrittenOnceQuerySet(KeptQuerySet):
    def update(self, **kwargs):
        raise NeverChanged(self.model.__name__)


class Kept(models.Model):
    """A row that nobody deletes, superusers included."""

    objects = KeptQuerySet.as_manager()

    class Meta:
        abstract = True

    def delete(self, *args, **kwargs):
        raise NeverDeleted(str(self))


class AppendOnly(Kept):
    """A row that is written once."""

    objects = WrittenOnceQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise NeverChanged(str(self))
        super().save(*args, **kwargs)


class Queue(models.Model):
    """Where cases land until an agent takes them; its members are told of each."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    is_default = models.BooleanField(_("default for new request types"), default=False)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("members"),
        related_name="queues",
        blank=True,
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        default_permissions = ("add", "change", "view")
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_queue")
        ]

    def __str__(self) -> str:
        return self.name


class RequestTypeQuerySet(models.QuerySet["RequestType"]):
    def offered(self) -> RequestTypeQuerySet:
        """Keep those that a provider can choose today, in the order of the form."""
        return self.filter(is_active=True).order_by("position", "name")


class RequestType(models.Model):
    """What a case is about; it decides the queue."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    help_text = models.CharField(_("hint"), max_length=200, blank=True)
    queue = models.ForeignKey(Queue, models.PROTECT, verbose_name=_("queue"), related_name="request_types")
    is_active = models.BooleanField(_("offered in the form"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    objects = RequestTypeQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("request type")
        verbose_name_plural = _("request types")
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return self.name


class CaseQuerySet(KeptQuerySet):
    def visible_to(self, user) -> CaseQuerySet:
        """Keep the cases that this person may see; every look-up starts here.

        Staff see all. A provider sees their own, and those of an organization that an agent has
        confirmed both for them and for the colleague who filed. The placeholder never shares.

        One small statement looks up the reader's confirmed organizations: for the many who have
        none, each list stays a plain walk along an index of their own cases.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_staff:
            return self.all()
        confirmed = Membership.objects.filter(verified_at__isnull=False)
        mine = list(
            confirmed.filter(user=user, organization__is_placeholder=False).values_list("organization_id", flat=True)
        )
        if not mine:
            return self.filter(provider=user)
        theirs = confirmed.filter(user=OuterRef("provider_id"), organization=OuterRef("organization_id"))
        return self.filter(Q(provider=user) | Q(Exists(theirs), organization__in=mine))

    def open(self) -> CaseQuerySet:
        return self.filter(status__in=statuses.OPEN_CODES)

    def awaiting_provider(self) -> CaseQuerySet:
        return self.filter(status=statuses.AWAITING.code)

    def resolved(self) -> CaseQuerySet:
        """Keep what has been answered: resolved, and closed after that."""
        return self.filter(status__in=(statuses.RESOLVED.code, statuses.CLOSED.code))

    def assigned_to(self, user) -> CaseQuerySet:
        return self.filter(assigned_agent=user)

    def unassigned(self) -> CaseQuerySet:
        """Keep the open cases that no agent has taken."""
        return self.open().filter(assigned_agent=None)


class Side(models.TextChoices):
    PROVIDER = "provider", _("Provider")
    HELP_DESK = "help_desk", _("Help Desk")


_OPEN = Q(status__in=statuses.OPEN_CODES)


class Case(Kept):
    """One request of a provider. Every change goes through `cases.services`.

    `updated_at` moves with everything, `public_updated_at` with what the provider can see: an
    internal note betrays nothing. `waiting_since` is when the ball came to where it lies.
    """

    provider = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("provider"),
        related_name="cases",
        db_index=False,
    )
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name=_("provider organization"),
        related_name="+",
    )
    organization_name = models.CharField(_("organization as filed"), max_length=200)
    organization_kind = models.CharField(_("kind of organization"), max_length=10, choices=Membership.Kind.choices)
    contact_phone = models.CharField(_("phone"), max_length=40, blank=True)
    request_type = models.ForeignKey(RequestType, models.PROTECT, verbose_name=_("request type"), related_name="+")
    queue = models.ForeignKey(Queue, models.PROTECT, verbose_name=_("queue"), related_name="+")
    description = models.TextField(_("description of request"), max_length=TEXT_LIMIT)
    status = models.CharField(_("status"), max_length=10, choices=statuses.CHOICES)
    assigned_agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("assigned agent"),
        related_name="assigned_cases",
        null=True,
        blank=True,
        db_index=False,
    )
    filed_at = models.DateTimeField(_("filed"))
    updated_at = models.DateTimeField(_("updated"))
    public_updated_at = models.DateTimeField(_("updated for the provider"))
    status_changed_at = models.DateTimeField(_("status since"))
    last_message_by = models.CharField(_("last message by"), max_length=10, choices=Side.choices)
    waiting_since = models.DateTimeField(_("waiting since"))
    follow_up_to = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("follow-up to"),
        related_name="follow_ups",
        null=True,
        blank=True,
    )
    is_demo = models.BooleanField(_("demo case"), default=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        default_permissions = ("view", "change")
        permissions = [("reassign_case", "Can take cases away from other agents")]
        indexes = [
            models.Index(fields=["provider", "filed_at", "id"], name="case_provider_filed"),
            models.Index(fields=["provider", "public_updated_at", "id"], name="case_provider_updated"),
            models.Index(fields=["provider", "waiting_since", "id"], name="case_provider_waiting"),
            models.Index(fields=["filed_at", "id"], name="case_filed"),
            models.Index(fields=["updated_at", "id"], name="case_updated"),
            models.Index(fields=["waiting_since", "id"], name="case_waiting"),
            models.Index(fields=["assigned_agent", "waiting_since", "id"], name="case_assigned_waiting"),
            models.Index(fields=["waiting_since", "id"], condition=_OPEN, name="case_open_waiting"),
            models.Index(
                fields=["waiting_since", "id"],
                condition=_OPEN & Q(assigned_agent=None),
                name="case_unassigned_waiting",
            ),
            models.Index(
                fields=["waiting_since", "id"],
                condition=Q(status=statuses.AWAITING.code),
                name="case_awaiting_waiting",
            ),
            models.Index(
                fields=["status_changed_at", "id"],
                condition=Q(status=statuses.RESOLVED.code),
                name="case_resolved_since",
            ),
        ]

    def __str__(self) -> str:
        return self.case_id

    @property
    def case_id(self) -> str:
        return f"CS{self.pk:07d}"

    @property
    def state(self) -> statuses.Status:
        return statuses.BY_CODE[self.status]


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


class CaseEvent(AppendOnly):
    """One change of a case: codes and ids, never free text."""

    class Kind(models.TextChoices):
        CASE_FILED = "case_filed", _("Case filed")
        MESSAGE_ADDED = "message_added", _("Message added")
        NOTE_ADDED = "note_added", _("Internal note added")
        STATUS_CHANGED = "status_changed", _("Status changed")
        AGENT_ASSIGNED = "agent_assigned", _("Agent assigned")

    case = models.ForeignKey(Case, models.PROTECT, related_name="events", db_index=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    # Null: the portal itself, by its timetable.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    from_value = models.CharField(_("from"), max_length=40, blank=True)
    to_value = models.CharField(_("to"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["case", "id"], name="event_history")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Submission(models.Model):
    """The case that one rendering of the intake form became: one click, one case."""

    provider = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["provider", "key"], name="case_once_per_form")]

    def __str__(self) -> str:
        return f"submission {self.pk}"
