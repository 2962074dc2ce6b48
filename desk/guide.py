"""The labels that the provider guide prints: other languages show them in English too, so that it can be followed."""

from __future__ import annotations

from django.conf import settings
from django.utils.functional import lazy
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_noop

GUIDE_LABELS = (
    gettext_noop("HOME"),
    gettext_noop("MY LISTS"),
    gettext_noop("RESOURCES"),
    gettext_noop("REGISTER"),
    gettext_noop("LOGIN"),
    gettext_noop("VACCINE PROVIDER"),
    gettext_noop("Customer Registration"),
    gettext_noop("Provider Organization"),
    gettext_noop("REQUEST TYPE"),
    gettext_noop("DESCRIPTION OF REQUEST"),
    gettext_noop("SUBMIT"),
)


def guide_label(label: str) -> SafeString:
    """Return a label of the guide for a page: "INICIO (HOME)" in Spanish, with the English part marked.

    Raises:
        ValueError: the guide has no such label.
    """
    if label not in GUIDE_LABELS:
        raise ValueError(label)
    if get_language() in {settings.LANGUAGE_CODE, None}:
        return conditional_escape(label)
    return format_html(
        '{} <span class="guide-label" lang="{}">({})</span>', gettext(label), settings.LANGUAGE_CODE, label
    )


guide_label_lazy = lazy(guide_label, SafeString)
