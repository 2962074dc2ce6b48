"""Dates and moments on pages and in mails."""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from desk.moments import describe_day, describe_moment

register = template.Library()


@register.filter
def moment(at: datetime | None, style: str = "") -> str:
    """Say a moment in words: {{ case.filed_at|moment }}, {{ draft.updated_at|moment:"short" }}; nothing for none."""
    return describe_moment(at, style) if at else ""


@register.filter
def day(at: date | datetime | None, style: str = "") -> str:
    """Say a day in words: {{ user.away_until|day:"long" }}; nothing for none."""
    return describe_day(at, style) if at else ""


@register.filter
def time_element(at: datetime, style: str = "") -> SafeString:
    """Say a moment for people and programs: <time datetime="...">...</time>."""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), describe_moment(at, style))
