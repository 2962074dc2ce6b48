"""Templates to `Content`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.template import Context, Template, loader

from mail.look import dress, look
from mail.registry import Content

_facts: list[Callable[[], dict[str, Any]]] = []


def add_facts(facts: Callable[[], dict[str, Any]]) -> None:
    """Let every mail know what an app knows, like the phone line; called from its ready()."""
    _facts.append(facts)


def one_line(text: str) -> str:
    """Fold blanks and line breaks into single spaces and drop control characters: fit for a header."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


def render(kind: str, context: dict[str, Any], **options: Any) -> Content:
    """Build a mail from `templates/emails/<kind>.subject.txt`, `.txt` and `.html`.

    `site_url` (settings.SITE_URL, never a request's host) is added to the context. The two text templates are rendered
    without autoescape, so they are safe as text and unsafe as HTML. The layout greets `recipient`, when there is one.
    `options` are Content's `thread` and `automatic`.
    """
    known = {name: value for facts in _facts for name, value in facts().items()}
    context = {"site_url": settings.SITE_URL, **known, **context}
    subject = one_line(_as_text(f"emails/{kind}.subject.txt", context))
    content = Content(
        subject=subject,
        text=_as_text(f"emails/{kind}.txt", context).strip() + "\n",
        html=dress(loader.render_to_string(f"emails/{kind}.html", {**context, "subject": subject, "look": look()})),
    )
    return replace(content, **options)


def _as_text(name: str, context: dict[str, Any]) -> str:
    template: Template = loader.get_template(name).template
    return template.render(Context(context, autoescape=False))
