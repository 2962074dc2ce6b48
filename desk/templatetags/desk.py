"""How the frame of a page and the terms are written."""

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from desk.guide import guide_label
from desk.languages import with_lang

register = template.Library()
register.filter(with_lang)


@register.simple_tag(takes_context=True)
def place(context: template.Context, name: str) -> SafeString:
    """Return the attributes of a link in the ribbon: its address, and that it is the page one is on."""
    address = reverse(name)
    if address == context["request"].path:
        return format_html('href="{}" aria-current="page"', address)
    return format_html('href="{}"', address)


@register.inclusion_tag("_language_switch.html", takes_context=True)
def language_switch(context: template.Context) -> dict:
    """Offer each language by its own name.

    It leads back to `page_address`, where the context has one, or to the address that was asked for.
    """
    request = context["request"]
    return {
        "languages": settings.LANGUAGES if context.get("has_language_switch", True) else (),
        "present": get_language(),
        "address": context.get("page_address") or request.get_full_path(),
        "has_form": bool(context.get("form")),
    }


@register.simple_tag
def guide(label: str) -> SafeString:
    """Return a label of the provider guide, in English too where the page is not: {% guide "MY LISTS" %}."""
    return guide_label(label)


@register.filter
def structured(text: str) -> SafeString:
    """Turn blocks between blank lines into headings ("## "), lists ("- ") and paragraphs; escape everything."""
    blocks = text.replace("\r\n", "\n").split("\n\n")
    return mark_safe("\n".join(_block(block.strip()) for block in blocks if block.strip()))


def _block(block: str) -> SafeString:
    lines = block.split("\n")
    if len(lines) == 1 and block.startswith("## "):
        return format_html("<h2>{}</h2>", block[3:])
    if all(line.startswith("- ") for line in lines):
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((line[2:],) for line in lines)))
    return format_html("<p>{}</p>", " ".join(lines))
