"""Bytes and headers of strangers become text that every column and page takes."""

from __future__ import annotations

import re
import unicodedata
from email.errors import HeaderParseError
from email.header import Header, decode_header

from mail.inbox import limits

# Codecs that map bytes to characters and nothing else: Python's others decompress, or take quadratic time.
CHARSETS = frozenset(
    {"ascii", "utf-8", "utf-16", "utf-16-be", "utf-16-le", "koi8-r", "koi8-u", "gb2312", "gbk", "gb18030", "big5"}
    | {"shift_jis", "iso-2022-jp", "euc-jp", "euc-kr", "mac-roman", "cp1252"}
    | {f"iso-8859-{number}" for number in range(1, 17) if number != 12}
    | {f"windows-{number}" for number in range(1250, 1259)}
)
_ALIASES = {
    "us-ascii": "ascii",
    "utf8": "utf-8",
    "latin1": "iso-8859-1",
    "ansi": "windows-1252",
    "x-sjis": "shift_jis",
}
_DIRECTION_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONG_GAP = re.compile(r"\n{4,}")


def to_text(data: bytes, charset: str = "") -> str:
    """Decode bytes as the charset says, or as what they can be; nothing raises and nothing is dropped silently."""
    name = charset[:40].strip().strip("\"'").lower().replace("_", "-")
    name = _ALIASES.get(name, name.replace("shift-jis", "shift_jis"))
    for candidate in (name, "utf-8"):
        if candidate in CHARSETS:
            try:
                return data.decode(candidate)
            except (UnicodeDecodeError, LookupError):
                continue
    return data.decode("windows-1252", errors="replace")


def clean(text: str) -> str:
    """Return text with plain line ends, without control characters, lone surrogates and direction overrides."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = _DIRECTION_OVERRIDES.sub("", text)
    kept = (char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"))
    return _LONG_GAP.sub("\n\n\n", "".join(kept).replace("\ufeff", ""))


def header_text(value: str | Header | None, limit: int = limits.SUBJECT) -> str:
    """Return a header as people read it, on one line: encoded words (RFC 2047) decoded, raw 8-bit guessed."""
    raw = _unfolded(value, limit)
    try:
        chunks = decode_header(raw)
    except (HeaderParseError, ValueError):
        chunks = [(raw, None)]
    words = "".join(
        chunk if isinstance(chunk, str) else to_text(chunk, charset or "utf-8") for chunk, charset in chunks
    )
    return " ".join(clean(words).split())[:limit]


def header_ascii(value: str | Header | None, limit: int = limits.SUBJECT) -> str:
    """Return a header as it stands, unfolded; what is no plain ASCII becomes `?`, and passes for nothing."""
    return _CONTROL.sub("?", _unfolded(value, limit).encode("ascii", "replace").decode())


def _unfolded(value: str | Header | None, limit: int) -> str:
    # A header with raw 8-bit bytes comes as a Header object with surrogates.
    if isinstance(value, Header):
        raw = "".join(chunk if isinstance(chunk, str) else to_text(chunk) for chunk, _charset in value._chunks)
    else:
        raw = str(value or "")
    raw = raw[: limit * 4]
    if any("\udc80" <= char <= "\udcff" for char in raw):
        raw = to_text(raw.encode("utf-8", "surrogateescape"))
    return re.sub(r"[\r\n]+[ \t]*", " ", raw)
