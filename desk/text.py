"""Read what people type into a search box, and what addresses say."""

from __future__ import annotations

import re
import unicodedata

CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
BLANKS = re.compile(r"\s+")
MOST_WORDS = 8


def clean_query(raw: str, limit: int = 200) -> str:
    """Return a search text that every database takes: no control characters, no surrogates."""
    kept = "".join(" " if unicodedata.category(char) in CONTROL else char for char in raw[: limit * 4])
    return BLANKS.sub(" ", kept).strip()[:limit]


def query_words(raw: str) -> list[str]:
    """Return the words of a search query, no more than people would type."""
    return clean_query(raw).split()[:MOST_WORDS]


def whole_number(text: str, most_digits: int = 18) -> int | None:
    """Return the number that the digits 0 to 9 spell; None for anything else, as for what no column can hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= most_digits else None
