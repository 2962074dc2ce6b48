"""How cases are written on pages."""

from __future__ import annotations

import re
from datetime import datetime

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince

from cases.badges import priority_badge, status_badge
from cases.models import Case
from cases.statuses import BALL_LABELS, STAFF_BALL_LABELS

register = template.Library()

_LINK = re.compile(r"https?://[^\s<>\"'`\\]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}»”’"

register.simple_tag(status_badge)
register.simple_tag(priority_badge)


@register.filter
def linked(text: str) -> SafeString:
    """Escape plain text and make its http and https addresses clickable, and nothing else."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        address = found[0].rstrip(_TRAILING)
        if len(address) <= len("https://"):
            continue
        parts.append(conditional_escape(text[end : found.start()]))
        parts.append(format_html('<a href="{}" rel="nofollow noopener noreferrer">{}</a>', address, address))
        end = found.start() + len(address)
    parts.append(conditional_escape(text[end:]))
    return mark_safe("".join(parts))


@register.filter
def age(at: datetime) -> str:
    """Say how long ago something was, in its largest unit: "3 days"."""
    return timesince(at, depth=1)


@register.filter
def ball(case: Case, reader) -> str:
    """Say who has to act next, to this reader."""
    labels = BALL_LABELS if case.provider_id == reader.pk else STAFF_BALL_LABELS
    return labels[case.state.ball]
