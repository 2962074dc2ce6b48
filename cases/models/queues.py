"""What supervisors keep: queues, request types, canned replies."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from desk.languages import Said, in_language


class Priority(models.IntegerChoices):
    """How soon a case needs its answer; the smaller number comes first."""

    URGENT = 1, _("Urgent")
    HIGH = 2, _("High")
    NORMAL = 3, _("Normal")
    LOW = 4, _("Low")


class Queue(models.Model):
    """A team: where cases land until an agent takes them; its members are told of each."""

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
    """What a case is about; it decides the queue and the priority."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    name_es = models.CharField(_("name in Spanish"), max_length=120, blank=True)
    help_text = models.CharField(_("hint"), max_length=200, blank=True)
    help_text_es = models.CharField(_("hint in Spanish"), max_length=300, blank=True)
    queue = models.ForeignKey(Queue, models.PROTECT, verbose_name=_("queue"), related_name="request_types")
    default_priority = models.PositiveSmallIntegerField(
        _("priority of its cases"), choices=Priority.choices, default=Priority.NORMAL
    )
    is_active = models.BooleanField(_("offered in the form"), default=True)
    answers_in_mail = models.BooleanField(_("answers stand in emails"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    objects = RequestTypeQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("request type")
        verbose_name_plural = _("request types")
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return self.name

    @property
    def local_name(self) -> Said:
        return in_language(self, "name")

    @property
    def local_help_text(self) -> Said:
        return in_language(self, "help_text")


class CannedReplyQuerySet(models.QuerySet["CannedReply"]):
    def offered_on(self, case) -> CannedReplyQuerySet:
        """Keep those that an agent may use on a case: its queue's own, and every queue's."""
        return self.filter(Q(queue=None) | Q(queue=case.queue_id), is_active=True).order_by("name", "pk")


class CannedReply(models.Model):
    """A text that agents send often; its placeholders are those of `cases.canned` and no others."""

    name = models.CharField(_("name"), max_length=80)
    queue = models.ForeignKey(
        Queue,
        models.PROTECT,
        verbose_name=_("queue"),
        related_name="canned_replies",
        null=True,
        blank=True,
        help_text=_("Empty: offered on the cases of every queue."),
    )
    body = models.TextField(_("text"), max_length=10_000)
    is_active = models.BooleanField(_("offered to agents"), default=True)

    objects = CannedReplyQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return self.name
