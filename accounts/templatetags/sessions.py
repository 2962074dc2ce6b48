"""What a page tells its script about the end of the session."""

from __future__ import annotations

from django import template
from django.conf import settings

from accounts.models.drafts import DRAFT_RETENTION
from accounts.sessions import person_mark, seconds_of_warning, typing_counts_after

register = template.Library()


@register.inclusion_tag("accounts/_session_warning.html", takes_context=True)
def session_warning(context: template.Context) -> dict:
    """Render the dialog that warns before the session ends; hidden until the script shows it."""
    request = context["request"]
    clock = getattr(request, "session", None) and request.session.clock
    if not clock:
        return {}
    here = request.get_full_path()
    return {
        "clock": clock,
        "person": person_mark(request),
        "warn": seconds_of_warning(clock.idle),
        "every": typing_counts_after(clock.idle),
        # A page that answers a POST alone says where it can be opened; a mailed link is a secret.
        "next": context.get("page_address") or ("/" if here.startswith("/set-password/") else here),
        "login_hours": settings.SESSION_COOKIE_AGE // 3600,
        "draft_days": DRAFT_RETENTION.days,
    }
