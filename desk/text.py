"""Clean what people type into a search box."""

from __future__ import annotations

import re
import unicodedata

CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
BLANKS = re.compile(r"\s+")


def clean_query(raw: str, limit: int = 200) -> str:
    """Return a search text that every database takes: no control characters, no surrogates."""
    kept = "".join(" " if unicodedata.category(char) in CONTROL else char for char in raw[: limit * 4])
    return BLANKS.sub(" ", kept).strip()[:limit]
