"""The kinds of files that are taken, known by their first bytes and by what must follow them.

A table of its own: file(1)'s library calls a web page with a PDF behind it a PDF, and a guess by the first
bytes of a zip calls an archive of programs a Word document.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from cases.files.office import is_office_file

_TAIL = 65_557  # the longest end record of a zip: 22 bytes and a comment
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis"}
_MARKUP = re.compile(
    rb"<\s*/?(?:!doctype|\?xml|\?php|%|(?:html|head|body|script|iframe|object|embed|applet|svg|meta|link|form|img|xml)\b)"
    rb"|javascript:|vbscript:",
    re.IGNORECASE,
)
_BEGINS_A_PROGRAM = re.compile(rb"#!|MZ|%PDF-|\{\\rtf|@echo\b", re.IGNORECASE)
# All controls but tab, line feed, form feed and carriage return.
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Arguments:
        code: its name in rows.
        label: its name for people.
        extensions: those that a name may end in; the first is the kind's own.
        fits: tells whether the bytes are of this kind.
    """

    code: str
    label: str
    content_type: str
    extensions: tuple[str, ...]
    fits: Callable[[BinaryIO], bool]


def _head(content: BinaryIO, length: int) -> bytes:
    content.seek(0)
    return content.read(length)


def _is_zip_too(content: BinaryIO) -> bool:
    """Tell whether the file ends as a zip does: whatever it begins with, an unpacker would open it."""
    size = content.seek(0, 2)
    content.seek(max(0, size - _TAIL))
    tail = content.read(_TAIL)
    at = tail.find(b"PK\x05\x06")
    while at >= 0:
        if len(tail) >= at + 22 and at + 22 + struct.unpack_from("<H", tail, at + 20)[0] == len(tail):
            return True
        at = tail.find(b"PK\x05\x06", at + 1)
    return False


def _is_pdf(content: BinaryIO) -> bool:
    if not re.match(rb"%PDF-[12]\.[0-9]", _head(content, 8)) or _is_zip_too(content):
        return False
    size = content.seek(0, 2)
    content.seek(max(0, size - 2048))
    return b"%%EOF" in content.read(2048)


def _is_png(content: BinaryIO) -> bool:
    head = _head(content, 33)
    width_and_height = struct.unpack_from(">II", head, 16) if len(head) == 33 else (0, 0)
    return head.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR") and all(width_and_height) and not _is_zip_too(content)


def _is_jpeg(content: BinaryIO) -> bool:
    head = _head(content, 4)
    return len(head) == 4 and head[:3] == b"\xff\xd8\xff" and head[3] >= 0xC0 and not _is_zip_too(content)


def _is_tiff(content: BinaryIO) -> bool:
    head = _head(content, 8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    if order is None or len(head) < 8:
        return False
    first_directory = struct.unpack(order + "I", head[4:])[0]
    return 8 <= first_directory < content.seek(0, 2) and not _is_zip_too(content)


def _is_heic(content: BinaryIO) -> bool:
    head = _head(content, 128)
    if len(head) < 16 or head[4:8] != b"ftyp":
        return False
    box = head[: min(struct.unpack(">I", head[:4])[0], len(head))]
    brands = {box[8:12], *(box[at : at + 4] for at in range(16, len(box) - 3, 4))}
    return bool(_HEIC_BRANDS & brands) and not _is_zip_too(content)


def _is_text(content: BinaryIO) -> bool:
    """Tell whether all of it is text in UTF-8 or Windows-1252, and nothing that a browser or a shell would run."""
    words = _head(content, -1).removeprefix(b"\xef\xbb\xbf")
    if not words.strip() or _CONTROLS.search(words) or _MARKUP.search(words):
        return False
    return not _BEGINS_A_PROGRAM.match(words.lstrip()) and _decodes(words) and not _is_zip_too(content)


def _decodes(words: bytes) -> bool:
    for encoding in ("utf-8", "cp1252"):
        try:
            words.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


_OFFICE = "application/vnd.openxmlformats-officedocument."
_ALL = (
    Kind("pdf", _("PDF"), "application/pdf", ("pdf",), _is_pdf),
    Kind("png", _("PNG picture"), "image/png", ("png",), _is_png),
    Kind("jpeg", _("JPEG picture"), "image/jpeg", ("jpg", "jpeg", "jpe"), _is_jpeg),
    Kind("tiff", _("TIFF picture"), "image/tiff", ("tiff", "tif"), _is_tiff),
    Kind("heic", _("HEIC picture"), "image/heic", ("heic", "heif"), _is_heic),
    Kind(
        "docx",
        _("Word document"),
        _OFFICE + "wordprocessingml.document",
        ("docx",),
        lambda content: is_office_file(content, "docx"),
    ),
    Kind(
        "xlsx",
        _("Excel workbook"),
        _OFFICE + "spreadsheetml.sheet",
        ("xlsx",),
        lambda content: is_office_file(content, "xlsx"),
    ),
    Kind("text", _("Text"), "text/plain", ("txt",), _is_text),
    Kind("csv", _("CSV table"), "text/csv", ("csv",), _is_text),
)
KINDS = {kind.code: kind for kind in _ALL}
BY_EXTENSION = {extension: kind for kind in _ALL for extension in kind.extensions}
_BY_SIGNATURE = [kind for kind in _ALL if kind.fits is not _is_text]
# For the `accept` attribute of a file input: a help to people, not a check.
ACCEPT = ",".join(f".{extension}" for extension in BY_EXTENSION)
KINDS_IN_WORDS = _("PDF, PNG, JPEG, TIFF, HEIC, Word (DOCX), Excel (XLSX), text (TXT) or CSV")


def kind_by_signature(content: BinaryIO) -> Kind | None:
    """Return the kind that the bytes alone tell of: what a mail carries often has no name."""
    return next((kind for kind in _BY_SIGNATURE if kind.fits(content)), None)
