"""How long a person stays logged in: what counts as activity, and what a page knows about the end."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest

from accounts.models import User


def in_background(view: Callable) -> Callable:
    """Mark a view that a script asks by itself: that a page is open does not say that somebody is there."""
    view.is_in_background = True
    return view


def is_in_background(view: Callable) -> bool:
    return getattr(view, "is_in_background", False)


def start_clock(*, request: HttpRequest, user: User, **kwargs) -> None:
    """Set the limits of a session at its login."""
    request.session.start_clock(idle=settings.STAFF_IDLE if user.is_staff else settings.PROVIDER_IDLE)
