"""What the help desk tells about itself, from a copy that each process keeps for a minute."""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from datetime import datetime
from datetime import time as clock_time
from functools import cached_property
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from django.utils.functional import Promise

from desk import hours
from desk.copies import Copy
from desk.languages import Said, in_language
from desk.models import ANSWER_TIME, ANSWER_TIME_ES, Announcement, Holiday, OpeningHours, PhoneLine, Severity

logger = logging.getLogger(__name__)


def is_shown(announcement: Announcement | Notice, now: datetime) -> bool:
    """Tell whether pages show an announcement at a moment: from its start up to and without its end."""
    return announcement.starts_at <= now and (announcement.ends_at is None or now < announcement.ends_at)


@dataclass(frozen=True)
class Notice:
    """An announcement as pages show it."""

    severity: Severity
    text: str
    text_es: str
    link: str
    link_text: str
    link_text_es: str
    starts_at: datetime
    ends_at: datetime | None

    @property
    def label(self) -> str | Promise:
        return self.severity.label

    @property
    def local_text(self) -> Said:
        return in_language(self, "text")

    @property
    def local_link_text(self) -> Said:
        return in_language(self, "link_text")

    @property
    def host(self) -> str:
        """Return whose site the link opens: what stands before an @ is not."""
        return urlsplit(self.link).hostname or ""


@dataclass(frozen=True)
class Phone:
    """The phone line, in each language."""

    heading: str
    heading_es: str
    name: str
    name_es: str
    number: str
    answer_time: str
    answer_time_es: str


@dataclass(frozen=True)
class Facts:
    """What the database says about the help desk; the same whatever the moment."""

    phone: Phone
    schedule: hours.Schedule
    notices: tuple[Notice, ...] = ()

    @cached_property
    def digest(self) -> int:
        return hash(self)


@dataclass(frozen=True)
class HelpDesk:
    """The facts at one moment, as templates show them."""

    facts: Facts
    now: datetime

    @property
    def mark(self) -> tuple[int, int]:
        """Return what differs wherever these facts would be told in other words: open or closed, by the minute."""
        return self.facts.digest, int(self.now.timestamp()) // 60

    @property
    def phone_name(self) -> Said:
        return in_language(self.facts.phone, "name")

    @property
    def phone_number(self) -> str:
        return self.facts.phone.number

    @property
    def phone_heading(self) -> Said:
        return in_language(self.facts.phone, "heading")

    @property
    def answer_time(self) -> Said:
        """Return when to expect an answer; where nothing is promised in English, nothing is in any language."""
        phone = self.facts.phone
        return in_language(phone, "answer_time") if phone.answer_time else Said("", settings.LANGUAGE_CODE)

    @property
    def phone_href(self) -> str:
        digits = "".join(filter(str.isdigit, self.phone_number))
        # Ten digits are a North American number without its country code.
        return f"tel:+1{digits}" if len(digits) == 10 else f"tel:+{digits}"

    @property
    def hours_lines(self) -> tuple[str, ...]:
        return hours.describe_week(self.facts.schedule.spans)

    @property
    def zone_name(self) -> str:
        return str(hours.ZONE_NAME)

    @property
    def is_open(self) -> bool:
        return self.facts.schedule.open_span(self.now) is not None

    @property
    def state_text(self) -> str:
        return hours.describe_state(self.facts.schedule, self.now)

    @property
    def notices(self) -> list[Notice]:
        """Return what is announced at this moment: the most urgent first, then the newest."""
        return [notice for notice in self.facts.notices if is_shown(notice, self.now)]


# The guide's own facts, for a page that must be shown while the database is down.
BUILT_IN = Facts(
    phone=Phone(
        heading="To speak to a live agent, please contact:",
        heading_es="Para hablar con un agente, llame a:",
        name="Provider Help Desk Phone Line",
        name_es="Línea telefónica de la Mesa de Ayuda para Proveedores",
        number="1-877-873-6247",
        answer_time=ANSWER_TIME,
        answer_time_es=ANSWER_TIME_ES,
    ),
    schedule=hours.Schedule(
        tuple(hours.Span(day, clock_time(7), clock_time(19)) for day in range(5))
        + tuple(hours.Span(day, clock_time(10), clock_time(18)) for day in (5, 6))
    ),
)


def help_desk_facts() -> HelpDesk:
    """Return the help desk's facts now, at most a minute old; the last known ones while the database is down."""
    try:
        return HelpDesk(_copy.fresh(), timezone.now())
    except DatabaseError:
        logger.exception("The help desk's facts could not be read; the last known ones are shown.")
        return known_facts()


def known_facts() -> HelpDesk:
    """Return the last known facts, else the guide's own, without a look at the database."""
    return HelpDesk(_copy.known() or BUILT_IN, timezone.now())


def forget_facts() -> None:
    """Drop this process's copy, so that a change shows at once; other processes follow within a minute."""
    _copy.forget()


def _load_facts() -> Facts:
    line = PhoneLine.objects.order_by("pk").values_list(*(field.name for field in fields(Phone))).first()
    spans = OpeningHours.objects.values_list("weekday", "opens_at", "closes_at")
    yesterday = timezone.localdate(timezone=hours.EASTERN) - timezone.timedelta(days=1)
    schedule = hours.Schedule(
        tuple(hours.Span(*span) for span in spans),
        frozenset(Holiday.objects.filter(date__gte=yesterday).values_list("date", flat=True)),
    )
    return Facts(
        phone=Phone(*line) if line else BUILT_IN.phone,
        schedule=schedule,
        notices=_load_notices(),
    )


_URGENCY = (Severity.EMERGENCY, Severity.WARNING, Severity.INFO)


def _load_notices() -> tuple[Notice, ...]:
    """Return the announcements that have not ended, most urgent first: those to come are shown in time."""
    columns = ("severity", "text", "text_es", "link", "link_text", "link_text_es", "starts_at", "ends_at")
    rows = Announcement.objects.not_ended(timezone.now()).values_list(*columns)
    notices = [Notice(Severity(severity), *others) for severity, *others in rows]
    return tuple(sorted(notices, key=lambda notice: _URGENCY.index(notice.severity)))


_copy = Copy(_load_facts)
