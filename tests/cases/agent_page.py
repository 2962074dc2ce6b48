"""The agents' page of a case, filled out as a browser would post it."""

from __future__ import annotations

import re
from html import unescape

from tests.cases.pages import hidden

HIDDEN = ("key", "stamp", "drafts", "seen")
PROPERTIES = ("status", "priority", "request_type", "queue", "agent")


def page_of(case) -> str:
    return f"/admin/cases/case/{case.pk}/change/"


def selected(html: str, name: str) -> str | None:
    """Return what a select would post; None where there is none."""
    found = re.search(rf'<select name="{name}".*?</select>', html, re.DOTALL)
    if not found:
        return None
    chosen = re.search(r'<option value="([^"]*)" selected', found[0]) or re.search(r'value="([^"]*)"', found[0])
    return unescape(chosen[1])


def typed_text(html: str) -> str:
    """Return what stands in the reply box."""
    found = re.search(r'<textarea name="body"[^>]*>\n?(.*?)</textarea>', html, re.DOTALL)
    return unescape(found[1])


def filled_out(html: str, **typed: str) -> dict:
    """Return what the form of a page would post: everything as the page shows it, but for what is typed."""
    posted = {name: hidden(html, name) for name in HIDDEN}
    for name in PROPERTIES:
        if (value := selected(html, name)) is not None:
            posted |= {name: value, f"initial-{name}": hidden(html, f"initial-{name}")}
    posted |= {"kind": "public", "body": typed_text(html), "set_status": selected(html, "set_status") or ""}
    return posted | {name: str(value) for name, value in typed.items()}
