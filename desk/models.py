"""Facts about the help desk that supervisors keep: phone line, hours, announcements, resources, terms."""

from datetime import datetime
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from desk.languages import Said, in_language

web_address = URLValidator(
    schemes=["http", "https"], message=_("Enter a web address that begins with https:// or http://.")
)
phone_number = RegexValidator(
    r"^\+?[0-9](?:[0-9 ().-]{5,28})[0-9]$", _("Enter a phone number, for example 1-877-873-6247.")
)


def _in_spanish(label, *, max_length: int) -> models.CharField:
    """Return the column for the Spanish of the one above it, read by desk.languages.in_language()."""
    return models.CharField(label, max_length=max_length, blank=True, help_text=_("Empty: the English is shown."))


class Weekday(models.IntegerChoices):
    """Days as `datetime.date.weekday()` numbers them."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


ANSWER_TIME = "We answer most cases within one business day."
ANSWER_TIME_ES = "Respondemos la mayoría de los casos en un día hábil."


class PhoneLine(models.Model):
    """The one number that the foot of every page shows, and how soon a case is answered."""

    heading = models.CharField(_("heading on RESOURCES"), max_length=120)
    heading_es = _in_spanish(_("heading in Spanish"), max_length=160)
    name = models.CharField(_("name"), max_length=80)
    name_es = _in_spanish(_("name in Spanish"), max_length=120)
    number = models.CharField(_("number"), max_length=30, validators=[phone_number])
    answer_time = models.CharField(
        _("when to expect an answer"),
        max_length=160,
        blank=True,
        default=ANSWER_TIME,
        help_text=_("One sentence for providers who file a case. Promise what you keep; empty promises nothing."),
    )
    answer_time_es = models.CharField(
        _("when to expect an answer, in Spanish"),
        max_length=200,
        blank=True,
        default=ANSWER_TIME_ES,
        help_text=_("Empty: the English is shown."),
    )

    class Meta:
        verbose_name = _("phone line")
        verbose_name_plural = _("phone line")

    def __str__(self):
        return f"{self.name} {self.number}"


class OpeningHours(models.Model):
    """A span of one weekday, in Eastern Time, in which the phone is answered."""

    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday)
    opens_at = models.TimeField(_("opens at"))
    closes_at = models.TimeField(_("closes at"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["weekday", "opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at")),
                name="desk_hours_open_before_close",
                violation_error_message=_("The closing time must be after the opening time."),
            ),
            models.UniqueConstraint(fields=["weekday", "opens_at"], name="desk_hours_one_span_a_start"),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.opens_at:%H:%M}–{self.closes_at:%H:%M}"

    def clean(self):
        if self.weekday is None or self.opens_at is None or self.closes_at is None:
            return
        overlapping = OpeningHours.objects.filter(
            weekday=self.weekday, opens_at__lt=self.closes_at, closes_at__gt=self.opens_at
        ).exclude(pk=self.pk)
        if overlapping.exists():
            raise ValidationError(_("These hours overlap with others on the same day."))


class Holiday(models.Model):
    """A day on which the phone is not answered at all."""

    date = models.DateField(_("date"), unique=True)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["date"]

    def __str__(self):
        return f"{self.date} {self.name}"


class Severity(models.TextChoices):
    """How urgent an announcement is; the word stands in front of its text."""

    INFO = "info", _("Notice")
    WARNING = "warning", _("Warning")
    EMERGENCY = "emergency", _("Emergency")


class AnnouncementQuerySet(models.QuerySet):
    def not_ended(self, now: datetime) -> "AnnouncementQuerySet":
        """Keep what is shown or will be: a copy of it stays right as time goes by."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now))


class Announcement(models.Model):
    """A sentence at the top of every page from one moment up to another, for an outage or a change of hours."""

    severity = models.CharField(_("severity"), max_length=10, choices=Severity, default=Severity.INFO)
    text = models.CharField(
        _("text"),
        max_length=300,
        help_text=_("One or two plain sentences: what is the matter, and what to do."),
    )
    text_es = _in_spanish(_("text in Spanish"), max_length=400)
    link = models.CharField(_("link"), max_length=500, blank=True, validators=[web_address])
    link_text = models.CharField(
        _("text of the link"), max_length=80, blank=True, help_text=_("Empty: the link says where it leads.")
    )
    link_text_es = _in_spanish(_("text of the link in Spanish"), max_length=120)
    starts_at = models.DateTimeField(
        _("shown from"), default=timezone.now, help_text=_("All pages follow within a minute.")
    )
    ends_at = models.DateTimeField(
        _("shown until"), null=True, blank=True, help_text=_("Empty: until you enter an end or delete it.")
    )

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(starts_at__lt=F("ends_at")),
                name="desk_announcement_starts_before_end",
                violation_error_message=_("The end must be after the start."),
            ),
        ]

    def __str__(self):
        return self.text


class ResourceQuerySet(models.QuerySet):
    def active(self):
        """The resources that visitors see, in the order that supervisors chose."""
        return self.filter(is_active=True)

    def by_section(self) -> "dict[str, list[Resource]]":
        """Return those of each section, in one statement; sections stand in the order of their first resource."""
        sections: dict[str, list[Resource]] = {}
        for resource in self:
            sections.setdefault(resource.local_section, []).append(resource)
        return sections


class Resource(models.Model):
    """Something worth reading. Without an address it is shown as text, never as a dead link."""

    section = models.CharField(_("section"), max_length=80, blank=True)
    section_es = _in_spanish(_("section in Spanish"), max_length=120)
    title = models.CharField(_("title"), max_length=120)
    title_es = _in_spanish(_("title in Spanish"), max_length=160)
    description = models.CharField(_("description"), max_length=300, blank=True)
    description_es = _in_spanish(_("description in Spanish"), max_length=400)
    purpose = models.CharField(
        _("what it is for"), max_length=200, blank=True, help_text=_("One sentence: “Use it to find a training.”")
    )
    purpose_es = _in_spanish(_("what it is for, in Spanish"), max_length=300)
    url = models.CharField(_("web address"), max_length=500, blank=True, validators=[web_address])
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("shown"), default=True)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        ordering = ["position", "pk"]

    def __str__(self):
        return self.title

    @property
    def local_section(self) -> Said:
        return in_language(self, "section")

    @property
    def local_title(self) -> Said:
        return in_language(self, "title")

    @property
    def local_description(self) -> Said:
        return in_language(self, "description")

    @property
    def local_purpose(self) -> Said:
        return in_language(self, "purpose")

    @property
    def host(self) -> str:
        """Return whose site the address opens."""
        return urlsplit(self.url).hostname or ""


class TermsVersionQuerySet(models.QuerySet):
    def current(self) -> "TermsVersion":
        """Return the terms in force: the newest that are published. Raise DoesNotExist without any."""
        return self.filter(published_at__lte=timezone.now()).latest("published_at", "pk")


class TermsVersion(models.Model):
    """Terms & Conditions as people accepted them: once published, the words never change.

    `text` is plain: a blank line ends a paragraph, a line that begins with "## " is a heading,
    lines that begin with "- " are a list.
    """

    version = models.CharField(_("version"), max_length=20, unique=True)
    text = models.TextField(_("text"))
    text_es = models.TextField(
        _("Spanish translation"), blank=True, help_text=_("For information: the English text is the one that binds.")
    )
    published_at = models.DateTimeField(_("in force from"), default=timezone.now)

    objects = TermsVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("terms version")
        verbose_name_plural = _("terms versions")
        ordering = ["-published_at"]

    def __str__(self):
        return self.version

    @property
    def local_text(self) -> Said:
        return in_language(self, "text")
