"""How long a person stays logged in: what counts as activity, and what a page knows about the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.models import User

LONGEST_WARNING = timedelta(minutes=5)


def in_background(view: Callable) -> Callable:
    """Mark a view that a script asks by itself: that a page is open does not say that somebody is there."""
    view.is_in_background = True
    return view


def is_in_background(view: Callable) -> bool:
    return getattr(view, "is_in_background", False)


def start_clock(*, request: HttpRequest, user: User, **kwargs) -> None:
    """Set the limits of a session at its login."""
    request.session.start_clock(idle=settings.STAFF_IDLE if user.is_staff else settings.PROVIDER_IDLE)


def has_ended(request: HttpRequest) -> bool:
    """Tell whether the browser was logged in, by a session that is no more."""
    return bool(request.COOKIES.get(settings.SESSION_COOKIE_NAME)) and request.session.session_key is None


def person_mark(request: HttpRequest) -> str:
    """Return what tells a page whether its session is still the same person's."""
    return salted_hmac("accounts.sessions.person", str(request.session.get(SESSION_KEY))).hexdigest()[:16]


def seconds_of_warning(idle: timedelta) -> int:
    """Return how long before the end a page warns: 20 seconds at the very least (WCAG 2.2, criterion 2.2.1)."""
    return int(min(LONGEST_WARNING, idle / 3).total_seconds())


def typing_counts_after(idle: timedelta) -> int:
    """Return after how many seconds a page tells the server again that somebody types."""
    return int(min(timedelta(minutes=5), idle / 6).total_seconds())
