"""Clean what people type, in one way for every form."""

from __future__ import annotations

import re
import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from desk.text import BLANKS, CONTROL
from desk.text import clean_query as clean_query

# Invisible direction overrides can make a name or a mail read as something else.
_DIRECTION_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _has_control(value: str, allowed: str = "") -> bool:
    return any(unicodedata.category(char) in CONTROL and char not in allowed for char in value)


def validate_single_line(value: str) -> None:
    """Refuse line breaks, other control characters and lone surrogates.

    Raises:
        ValidationError: with a sentence for the person who typed it.
    """
    if _has_control(value) or _DIRECTION_OVERRIDES.search(value):
        raise ValidationError(
            _("Use letters, digits and punctuation on one line, without hidden characters."),
            code="control_characters",
        )


def validate_multi_line(value: str) -> None:
    """Refuse NUL bytes, control characters other than tab and line feed, and lone surrogates.

    Raises:
        ValidationError: with a sentence for the person who typed it.
    """
    if _has_control(value, allowed="\n\t\u2028\u2029"):
        raise ValidationError(
            _("Remove the hidden control characters. They often come with text copied from a file."),
            code="control_characters",
        )


def _is_invisible(value: str) -> bool:
    return all(unicodedata.category(char) in {"Cf", "Zs"} for char in value)


class SingleLineField(forms.CharField):
    """Text on one line: trimmed, inner blanks collapsed, control characters refused; invisible text is none."""

    def to_python(self, value):
        value = super().to_python(value)
        if value in self.empty_values:
            return value
        validate_single_line(value)
        return self.empty_value if _is_invisible(value) else BLANKS.sub(" ", value).strip()


class MultiLineField(forms.CharField):
    """Free text: CRLF becomes LF before its length counts; blanks and line breaks are kept."""

    widget = forms.Textarea

    def __init__(self, **kwargs):
        super().__init__(strip=False, **kwargs)

    def to_python(self, value):
        value = super().to_python(value)
        if value in self.empty_values:
            return value
        value = value.replace("\r\n", "\n").replace("\r", "\n")
        validate_multi_line(value)
        return value if value.strip() else self.empty_value

    def widget_attrs(self, widget):
        """Leave out maxlength: browsers count CRLF differently and cut a paste without a word."""
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        if self.max_length is not None:
            attrs["data-max-length"] = str(self.max_length)
        return attrs


def fold_name(name: str, limit: int = 400) -> str:
    """Return the key under which names that differ only in case and blanks are the same."""
    return BLANKS.sub(" ", unicodedata.normalize("NFKC", name)).strip().casefold()[:limit]
