"""Which mails people may do without, and how they come. Apps name theirs from ready(); all others always come."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise

from accounts.models import NotificationPreference, User

Delivery = NotificationPreference.Delivery


@dataclass(frozen=True)
class OptionalMail:
    """A mail that its readers, staff or providers, may do without."""

    event: str
    label: str | Promise
    for_staff: bool

    @property
    def offered(self) -> tuple[Delivery, ...]:
        """Return the ways in which it can come; the digest is for those who get many."""
        return (
            (Delivery.AT_ONCE, Delivery.DIGEST, Delivery.OFF) if self.for_staff else (Delivery.AT_ONCE, Delivery.OFF)
        )


_mails: dict[str, OptionalMail] = {}


def register_optional_mail(event: str, *, label: str | Promise, for_staff: bool) -> None:
    """Name an optional mail by its kind; the label completes “Email me when ...”."""
    _mails[event] = OptionalMail(event, label, for_staff)


def optional_mails(user: User) -> list[OptionalMail]:
    """Return the mails that this person may switch off."""
    return [mail for mail in _mails.values() if mail.for_staff == user.is_staff]
