"""What pages of the admin ask of cases, where no view of theirs could give it."""

from __future__ import annotations

from django import template

from cases import start_page as pages

register = template.Library()


@register.simple_tag
def start_page(user) -> pages.StartPage:
    """Give the admin's start page its numbers: the site itself does not know that cases exist."""
    return pages.start_page(user)
