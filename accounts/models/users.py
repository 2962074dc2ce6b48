"""The account of a provider or of a member of the help desk's staff."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Permission, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models.organizations import Membership
from desk.prepared import Prepared, Slot, columns_of, row_of
from mail.models import SuspendedAddress

# The groups that a migration of the app with the permissions makes, from least to most.
ROLES = (VIEWERS, AGENTS, SUPERVISORS) = ("Viewers", "Agents", "Supervisors")

# The permissions that make an agent and a supervisor, named as Django names them: by string.
WORKS_CASES = "cases.change_case"
REASSIGNS_CASES = "cases.reassign_case"


def normalize_password(raw: str) -> str:
    """Return a password in Unicode NFC.

    A Mac types é as two code points, Windows as one (NIST SP 800-63B-4, section 3.1.1.2).
    """
    return unicodedata.normalize("NFC", raw)


class UserQuerySet(models.QuerySet["User"]):
    def providers(self) -> UserQuerySet:
        return self.filter(is_staff=False)

    def staff(self) -> UserQuerySet:
        return self.filter(is_staff=True, is_active=True)

    def agents(self) -> UserQuerySet:
        """Return those whose `is_agent` is true, by name: whom cases can be assigned to and mailed about.

        Demo accounts are among them in demo mode only: they cannot log in elsewhere.
        """
        app_label, codename = WORKS_CASES.split(".")
        grant = Permission.objects.filter(content_type__app_label=app_label, codename=codename).values("pk")
        agents = self.staff().filter(
            models.Q(is_superuser=True)
            | models.Q(groups__permissions__in=grant)
            | models.Q(user_permissions__in=grant)
        )
        if not settings.DEMO:
            agents = agents.filter(is_demo=False)
        return agents.distinct().order_by("first_name", "last_name", "pk")

    def with_sharing(self) -> UserQuerySet:
        """Bring along whether a membership of the person is confirmed: the attribute `shares`."""
        return self.annotate(shares=models.Exists(Membership.objects.confirmed().filter(user=models.OuterRef("pk"))))

    def present(self) -> UserQuerySet:
        """Leave out who is away today."""
        return self.exclude(away_until__gte=timezone.localdate())

    def with_reachability(self) -> UserQuerySet:
        """Say of each whether mail to their address came back, as `is_unreachable`."""
        return self.annotate(is_unreachable=SuspendedAddress.objects.exists_for("email"))

    def named(self, identifier: str) -> UserQuerySet:
        """Match a Help Desk User ID or an email address, without regard to case."""
        key = identifier.strip().lower()
        return self.filter(models.Q(username=key) | models.Q(email=key))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    def who_asks(self, pk: int) -> User | None:
        """Return who opens a page, and in the same statement what each page asks about them: see `with_sharing` and
        `with_reachability`.
        """
        for *columns, is_unreachable, shares in _who_asks.rows(pk=pk):
            user = row_of(User, columns)
            user.is_unreachable, user.shares = is_unreachable, shares
            return user
        return None

    def create_superuser(self, username: str, email: str, password: str, **names) -> User:
        """Make an administrator; `manage.py createsuperuser` calls this by Django's contract."""
        user = self.model(
            username=username.lower(),
            email=email.lower(),
            is_staff=True,
            is_superuser=True,
            must_change_password=False,
            **names,
        )
        user.set_password(password)
        user.save(using=self._db)
        return user


def name_of(first: str | None, last: str | None, username: str | None) -> str:
    """Return a person's name as everybody reads it; the User ID of who has none, nothing for nobody."""
    return f"{first or ''} {last or ''}".strip() or username or ""


class User(AbstractBaseUser, PermissionsMixin):
    """One person. User ID and email are stored in lower case, so plain unique indexes serve."""

    username = models.CharField(_("Help Desk User ID"), max_length=150, unique=True)
    email = models.EmailField(_("business email"), unique=True)
    first_name = models.CharField(_("first name"), max_length=100)
    last_name = models.CharField(_("last name"), max_length=100)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    # Empty until it is chosen: pages then follow the browser.
    language = models.CharField(_("language"), max_length=10, blank=True, choices=settings.LANGUAGES)

    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    is_demo = models.BooleanField(_("demo account"), default=False, editable=False)

    must_change_password = models.BooleanField(_("password is temporary"), default=True)
    # The outbox message that carries the present temporary password; 0 while there is none.
    temporary_message_id = models.BigIntegerField(default=0, editable=False)
    temporary_expires_at = models.DateTimeField(
        _("temporary password holds until"), null=True, blank=True, editable=False
    )
    password_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Part of what a session is signed with: one more ends them all.
    session_generation = models.PositiveIntegerField(default=0, editable=False)
    # The last day on which an agent is away; empty, or past: at work.
    away_until = models.DateField(_("away until"), null=True, blank=True)
    date_joined = models.DateTimeField(_("registered"), default=timezone.now, editable=False)

    objects = UserManager()

    # Known of those whom `with_reachability` fetched, as the person who opens a page.
    is_unreachable = False

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email", "first_name", "last_name"]

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        # The few among the many providers: staff, who are blocked, who never set a password.
        indexes = [
            models.Index(
                fields=["first_name", "last_name", "id"], condition=models.Q(is_staff=True), name="user_staff"
            ),
            models.Index(fields=["username"], condition=models.Q(is_active=False), name="user_blocked"),
            models.Index(fields=["date_joined"], condition=models.Q(must_change_password=True), name="user_temporary"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(username=Lower("username")), name="user_username_lower"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower"),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def display_name(self) -> str:
        return name_of(self.first_name, self.last_name, self.username)

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.first_name or self.username

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(None if raw_password is None else normalize_password(raw_password))

    def check_password(self, raw_password: str) -> bool:
        return super().check_password(normalize_password(raw_password))

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what a session must carry: it ends with another password and with another generation."""
        of_password = super()._get_session_auth_hash(secret)
        return salted_hmac(
            "accounts.User.session_generation",
            f"{of_password}:{self.session_generation}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    @property
    def is_away(self) -> bool:
        return self.away_until is not None and self.away_until >= timezone.localdate()

    @property
    def away_note(self) -> str:
        """Return what stands behind the name of somebody who is away, and nothing for all others."""
        if not self.is_away:
            return ""
        other_year = self.away_until.year != timezone.localdate().year
        day = date_format(self.away_until, "M j, Y" if other_year else "M j")
        return gettext("(away until %(day)s)") % {"day": day}

    @property
    def name_with_absence(self) -> str:
        """Return the name as colleagues choose by it."""
        return f"{self.display_name} {self.away_note}".strip()

    @property
    def mail_language(self) -> str:
        """Return the language of mails to this person; those to staff are in English, as their workspace is."""
        return settings.LANGUAGE_CODE if self.is_staff else self.language or settings.LANGUAGE_CODE

    @property
    def is_provider(self) -> bool:
        return not self.is_staff

    @property
    def is_agent(self) -> bool:
        """True for staff who work cases: agents, supervisors and administrators."""
        return self.is_active and self.is_staff and self.has_perm(WORKS_CASES)

    @property
    def is_supervisor(self) -> bool:
        """True for staff who may take cases away from others: supervisors and administrators."""
        return self.is_agent and self.has_perm(REASSIGNS_CASES)

    @property
    def is_viewer(self) -> bool:
        """True for program staff who may look but not work."""
        return self.is_active and self.is_staff and not self.is_agent

    def temporary_password_expired(self, now: datetime) -> bool:
        """Tell whether the mailed temporary password is past its time.

        No time is set until SMTP has accepted the mail: a crash between acceptance and its
        record must not turn away someone who holds the mail.
        """
        return self.temporary_expires_at is not None and self.temporary_expires_at <= now


def _query_who_asks() -> UserQuerySet:
    user = User.objects.filter(pk=Slot("pk", User._meta.pk)).with_reachability().with_sharing()
    return user.values_list(*columns_of(User), "is_unreachable", "shares")


_who_asks = Prepared(_query_who_asks)


class TermsAcceptance(models.Model):
    """That a person accepted one version of the Terms & Conditions, and when."""

    user = models.ForeignKey(User, models.CASCADE, related_name="terms_acceptances")
    version = models.ForeignKey("desk.TermsVersion", models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "version"], name="terms_accepted_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.version}"


class NotificationPreference(models.Model):
    """How a person wants the mail of one event; no row means at once."""

    class Delivery(models.TextChoices):
        AT_ONCE = "at_once", _("At once")
        DIGEST = "digest", _("In an hourly digest")
        OFF = "off", _("Off")

    user = models.ForeignKey(User, models.CASCADE, related_name="notification_preferences")
    event = models.CharField(_("event"), max_length=40)
    delivery = models.CharField(_("delivery"), max_length=10, choices=Delivery.choices, default=Delivery.AT_ONCE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="preference_once_per_event")]

    def __str__(self) -> str:
        return f"{self.user} {self.event}: {self.delivery}"
