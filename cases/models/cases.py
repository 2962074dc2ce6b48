"""The case, its links to others, and the form that it came from.

Indexes match the lists: each ends in (sort key, id), the keyset of `cases.paging`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organization
from cases import statuses
from cases.models.kept import Kept, KeptQuerySet
from cases.models.queues import Priority, Queue, RequestType
from mail.models import InboundMail

TEXT_LIMIT = 20_000
_CASE_ID = re.compile(r"(?:CS)?0*([0-9]{1,18})", re.IGNORECASE)


def case_number(text: str) -> int | None:
    """Return the number in a case ID as people type it (`CS0001234`, `cs1234`, `1234`)."""
    found = _CASE_ID.fullmatch(text.strip())
    return int(found[1]) if found else None


def case_id_of(number: int) -> str:
    """Return a case ID as it is written."""
    return f"CS{number:07d}"


class ProviderRow(NamedTuple):
    """A row of a provider's list."""

    pk: int
    status: str
    organization_name: str
    request_type_id: int
    filed_at: datetime
    public_updated_at: datetime
    waiting_since: datetime


class _Code(Value):
    """A code written into the statement itself.

    SQLite uses an index of some rows where it can read in the statement that only those are asked for.
    """

    def as_sql(self, compiler, connection):
        return f"'{self.value}'", []


def sees_own_alone(user) -> bool:
    """Tell whether a person is known to see what they filed and nothing else, without a look at the database."""
    return user.is_authenticated and user.is_active and not user.is_staff and not getattr(user, "shares", True)


def _colleagues(user) -> dict[int, list[int]]:
    """Return who else is confirmed where this person is, by organization; in one statement."""
    confirmed = Membership.objects.confirmed()
    organizations = confirmed.filter(user=user).values("organization")
    shared = confirmed.filter(organization__in=organizations).exclude(user=user).order_by("organization", "user")
    colleagues: dict[int, list[int]] = {}
    for organization, person in shared.values_list("organization_id", "user_id"):
        colleagues.setdefault(organization, []).append(person)
    return colleagues


class CaseQuerySet(KeptQuerySet):
    # Of which statuses the rows can be; None while all can.
    _statuses: frozenset[str] | None = None
    # How many providers' cases `visible_to` chose for somebody who shares; 0 for anybody else.
    owners = 0
    # Out of what, for whom, with whom: see `of_each_owner`.
    _shared: tuple | None = None

    def _clone(self):
        clone = super()._clone()
        clone._statuses, clone.owners, clone._shared = self._statuses, self.owners, self._shared
        return clone

    def with_status(self, *codes: str) -> CaseQuerySet:
        """Keep the cases with one of these statuses.

        What contradicts an earlier choice asks nothing: a database would look through all rows for none.
        To be chosen before querysets are joined by `|`, which keeps the first one's choice.
        """
        kept = frozenset(codes) if self._statuses is None else self._statuses.intersection(codes)
        # In the order in which the indexes name them: SQLite compares a condition with theirs word by word.
        named = [_Code(code) for code in statuses.BY_CODE if code in kept]
        if named:
            rows = self.filter(status__in=named) if len(named) > 1 else self.filter(status=named[0])
        else:
            rows = self.none()
        rows._statuses = kept
        return rows

    @property
    def statuses(self) -> frozenset[str]:
        """Return which statuses its rows can have."""
        return frozenset(statuses.BY_CODE) if self._statuses is None else self._statuses

    def visible_to(self, user) -> CaseQuerySet:
        """Keep the cases that this person may see; every look-up starts here.

        Staff see all. A provider sees their own, and those of an organization that an agent has
        confirmed both for them and for the colleague who filed. The placeholder never shares.

        Where the reader shares with anybody, one small statement looks up with whom. For the many who do
        not, each list stays a plain walk along an index of their own cases.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_staff:
            return self.all()
        colleagues = {} if sees_own_alone(user) else _colleagues(user)
        if not colleagues:
            return self.of_provider(user)
        visible = Q(provider=user)
        for organization, people in colleagues.items():
            visible |= Q(organization=organization, provider__in=people)
        # Said once more of the provider alone: that is what the indexes begin with.
        everybody = {user.pk}.union(*colleagues.values())
        rows = self.filter(visible, provider__in=sorted(everybody))
        rows.owners, rows._shared = len(everybody), (self, user, colleagues)
        return rows

    def of_each_owner(self) -> list[CaseQuerySet]:
        """Return what `visible_to` chose for somebody who shares, each provider's alone: an index orders those of one.

        Not what was filtered, or joined by `|`, after that.
        """
        every, user, colleagues = self._shared
        organizations: dict[int, list[int]] = {}
        for organization, people in colleagues.items():
            for person in people:
                organizations.setdefault(person, []).append(organization)
        theirs = [every.filter(provider=person, organization__in=each) for person, each in organizations.items()]
        return [every.of_provider(user), *theirs]

    def filed_by(self, user) -> CaseQuerySet:
        """Keep what this person filed, which they may always see: nobody else's, and no look-up of organizations."""
        return self.of_provider(user) if user.is_authenticated and user.is_active else self.none()

    def of_provider(self, provider) -> CaseQuerySet:
        """Keep what somebody filed. It asks nothing about who wants to see it: see `visible_to` and `filed_by`."""
        return self.filter(provider=provider)

    def look_up(self, number: int) -> Case:
        """Return the case of this number, or the one that it was merged into if that is among these too.

        Raises:
            Case.DoesNotExist: neither.
        """
        case = self.get(pk=number)
        return self.get(pk=case.merged_into_id) if case.merged_into_id else case

    def with_parts(self) -> CaseQuerySet:
        """Say of each whether others became part of it, as `has_parts`: most have none to look up."""
        return self.annotate(has_parts=Exists(Case.objects.filter(merged_into=OuterRef("pk"))))

    def unmerged(self) -> CaseQuerySet:
        """Keep what lists and counts show: a merged case lives on in another."""
        return self.filter(merged_into=None)

    def open(self) -> CaseQuerySet:
        return self.with_status(*statuses.OPEN_CODES)

    def awaiting_provider(self) -> CaseQuerySet:
        return self.with_status(statuses.AWAITING.code)

    def resolved(self) -> CaseQuerySet:
        """Keep what has been answered: resolved, and closed after that."""
        return self.with_status(statuses.RESOLVED.code, statuses.CLOSED.code)

    def assigned_to(self, user) -> CaseQuerySet:
        return self.filter(assigned_agent=user)

    def unassigned(self) -> CaseQuerySet:
        """Keep the open cases that no agent has taken."""
        return self.open().filter(assigned_agent=None)

    def for_cards(self) -> CaseQuerySet:
        """Bring along what a card of the home page shows, and no more: descriptions are long."""
        return self.select_related("request_type").only(
            "status", "public_updated_at", "waiting_since", "request_type__name", "request_type__name_es"
        )

    def for_provider_lists(self) -> CaseQuerySet:
        """Return what a row of a provider's list shows.

        Rows are named tuples. No other table is joined: `cases.request_types` knows the names.
        """
        return self.values_list(*ProviderRow._fields, named=True)

    def for_staff_lists(self) -> CaseQuerySet:
        """Return what a row of a list of the staff shows, in the same way."""
        return self.values_list(
            "pk",
            "status",
            "priority",
            "organization_id",
            "organization_name",
            "request_type_id",
            "filed_at",
            "updated_at",
            "waiting_since",
            "last_message_by",
            "assigned_agent_id",
            "provider__first_name",
            "provider__last_name",
            "provider__username",
            "assigned_agent__first_name",
            "assigned_agent__last_name",
            "assigned_agent__username",
            named=True,
        )


class Channel(models.TextChoices):
    PORTAL = "portal", _("Portal")
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("Email")


class Side(models.TextChoices):
    PROVIDER = "provider", _("Provider")
    HELP_DESK = "help_desk", _("Help Desk")


_LISTED = Q(merged_into=None)
_OPEN = _LISTED & Q(status__in=statuses.OPEN_CODES)


class Case(Kept):
    """One request of a provider. Every change goes through `cases.services`.

    `updated_at` moves with everything, `public_updated_at` with what the provider can see: an
    internal note betrays nothing. `waiting_since` is when the ball came to where it lies.
    `answer_unseen_at` is when the newest message of the provider came that the assigned agent has not
    seen; without an agent there is none, and what a case was filed with is none.
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
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.PORTAL)
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
    answer_unseen_at = models.DateTimeField(null=True, editable=False)
    follow_up_to = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("follow-up to"),
        related_name="follow_ups",
        null=True,
        blank=True,
        db_index=False,
    )
    # Never a chain: what has been merged into a case moves on with it.
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("merged into"),
        related_name="merged",
        null=True,
        blank=True,
        db_index=False,
    )
    # The mail that its description came by.
    mail = models.ForeignKey(InboundMail, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    is_demo = models.BooleanField(_("demo case"), default=False)
    # A file came with it once, kept or refused: pages of the many without any ask for none.
    has_files = models.BooleanField(default=False, editable=False)

    objects = CaseQuerySet.as_manager()

    # Known of those that `with_parts` fetched.
    has_parts = True

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        default_permissions = ("view", "change")
        permissions = [("reassign_case", "Can take cases away from other agents")]
        indexes = [
            models.Index(fields=["provider", "filed_at", "id"], name="case_provider_filed"),
            models.Index(fields=["provider", "public_updated_at", "id"], name="case_provider_updated"),
            models.Index(fields=["provider", "waiting_since", "id"], name="case_provider_waiting"),
            # What the tabs count: each of these answers from the index alone.
            models.Index(
                fields=["provider", "status", "organization"], condition=_LISTED, name="case_provider_status"
            ),
            models.Index(fields=["filed_at", "id"], condition=_LISTED, name="case_filed"),
            models.Index(fields=["updated_at", "id"], condition=_LISTED, name="case_updated"),
            models.Index(fields=["waiting_since", "id"], condition=_LISTED, name="case_waiting"),
            # With the status, of which an agent's own are counted too.
            models.Index(
                fields=["assigned_agent", "waiting_since", "id", "status"],
                condition=_OPEN,
                name="case_assigned_waiting",
            ),
            models.Index(
                fields=["assigned_agent", "waiting_since", "id"],
                condition=_OPEN & Q(answer_unseen_at__isnull=False),
                name="case_answered_waiting",
            ),
            models.Index(fields=["waiting_since", "id"], condition=_OPEN, name="case_open_waiting"),
            models.Index(
                fields=["waiting_since", "id"],
                condition=_OPEN & Q(assigned_agent=None),
                name="case_unassigned_waiting",
            ),
            models.Index(
                fields=["waiting_since", "id"],
                condition=_LISTED & Q(status=statuses.AWAITING.code),
                name="case_awaiting_waiting",
            ),
            # What few cases have; a new case is in none of these.
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="case_merged"),
            models.Index(fields=["follow_up_to"], condition=Q(follow_up_to__isnull=False), name="case_follow_up"),
            models.Index(
                fields=["assigned_agent", "filed_at", "id"],
                condition=Q(assigned_agent__isnull=False),
                name="case_agent_filed",
            ),
            models.Index(
                fields=["priority", "filed_at", "id"],
                condition=_LISTED & ~Q(priority=Priority.NORMAL),
                name="case_priority_filed",
            ),
            models.Index(
                fields=["channel", "filed_at", "id"],
                condition=_LISTED & ~Q(channel=Channel.PORTAL),
                name="case_channel_filed",
            ),
            models.Index(
                fields=["status", "filed_at", "id"],
                condition=_LISTED & Q(status__in=(statuses.RESOLVED.code, statuses.CANCELLED.code)),
                name="case_ended_filed",
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
        return case_id_of(self.pk)

    @property
    def state(self) -> statuses.Status:
        return statuses.BY_CODE[self.status]

    @property
    def home_id(self) -> int:
        """Return the number of the case that this one is part of, or its own."""
        return self.merged_into_id or self.pk

    @property
    def home(self) -> Case:
        return self.merged_into or self

    @cached_property
    def family_ids(self) -> list[int]:
        """Return its number and those of the cases that became part of it: their events stay with them."""
        if not self.has_parts:
            return [self.pk]
        return [self.pk, *Case.objects.filter(merged_into=self.pk).order_by("pk").values_list("pk", flat=True)]


class CaseLink(models.Model):
    """That two cases have to do with each other; the one with the smaller number stands first."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="+", db_index=False)
    other = models.ForeignKey(Case, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["case", "other"], name="link_once"),
            models.CheckConstraint(condition=Q(case__lt=models.F("other")), name="link_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} and {self.other_id}"


class Submission(models.Model):
    """The case that one rendering of the intake form became: one click, one case."""

    provider = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    # The fingerprint of the description as it was filed.
    text_digest = models.CharField(max_length=64, blank=True, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["provider", "key"], name="case_once_per_form")]

    def __str__(self) -> str:
        return f"submission {self.pk}"
