"""Status and priority as pages show them."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from cases.models import Priority
from cases.statuses import BY_CODE


def status_badge(code: str) -> SafeString:
    status = BY_CODE[code]
    return format_html('<span class="badge badge--{}">{}</span>', status.badge, status.label)


def priority_badge(value: int) -> SafeString:
    """Show a priority; what is normal is said quietly."""
    priority = Priority(value)
    return format_html('<span class="priority priority--{}">{}</span>', priority.name.lower(), priority.label)
