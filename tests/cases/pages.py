"""Read pages as a browser does."""

from __future__ import annotations

import re
from html import unescape

from django.http import HttpResponse


def hidden(html: str, name: str, default: str = "") -> str:
    """Return the value of a hidden input."""
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", html):
        if f'name="{name}"' in tag:
            found = re.search(r'value="([^"]*)"', tag)
            return unescape(found[1]) if found else ""
    return default


def masked(response: HttpResponse) -> tuple[int, dict, str]:
    """Return status, headers and body without what differs between any two requests."""
    headers = dict(response.headers)
    headers.pop("Expires", None)
    body = response.text.replace(headers.pop("X-Request-Reference"), "-")
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", body)
    return response.status_code, headers, re.sub(r"CS[0-9]{7}", "-", body)


def shape(statement: str) -> str:
    """Return an SQL statement without the values in it."""
    return re.sub(r"'[^']*'|\b[0-9a-f]{32}\b|\b[0-9]+\b", "?", statement)
