"""What supervisors type, in the reader's language: columns beside the English ones, which stand in for empty ones."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Expression, F, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.html import format_html
from django.utils.translation import get_language


class Said(str):
    """Words that know in which language they are."""

    __slots__ = ("language",)
    language: str

    def __new__(cls, words: str, language: str) -> Said:
        said = super().__new__(cls, words)
        said.language = language
        return said

    @property
    def is_foreign(self) -> bool:
        """True for words in another language than the page or mail around them."""
        return self.language != (get_language() or settings.LANGUAGE_CODE)


def in_language(row, field: str) -> Said:
    """Return what a row says in the active language: `name_es` for `name`, else the English `name` itself."""
    language = get_language() or settings.LANGUAGE_CODE
    if words := getattr(row, f"{field}_{language}", ""):
        return Said(words, language)
    return Said(getattr(row, field), settings.LANGUAGE_CODE)


def with_lang(words) -> str:
    """Mark words that a supervisor has typed in English alone as English, for those who hear the page."""
    if getattr(words, "is_foreign", False):
        return format_html('<span lang="{}">{}</span>', words.language, words)
    return words


def column_in_language(field: str) -> F | Expression:
    """Return what in_language() returns as an expression, where rows are read without their model."""
    language = get_language() or settings.LANGUAGE_CODE
    if language == settings.LANGUAGE_CODE:
        return F(field)
    return Coalesce(NullIf(F(f"{field}_{language}"), Value("")), F(field))
