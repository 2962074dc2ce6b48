"""Look at files that come in, whichever door they come by: what is taken, and what is refused and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.files.kinds import BY_EXTENSION, KINDS_IN_WORDS, Kind, kind_by_signature
from cases.files.names import extension_of, safe_name

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
MOST_BYTES_TOGETHER = 25 * MEGABYTE
MOST_FILES = 10
# Of a mail with hundreds of parts: each look may unpack 100 MB.
_MOST_LOOKED_AT = 3 * MOST_FILES
_CHUNK = 64 * 1024
# Kept under another name or in another format, these would be taken.
_OLD_OFFICE = {"doc": "DOCX", "dot": "DOCX", "rtf": "DOCX", "odt": "DOCX", "xls": "XLSX", "ods": "XLSX"}
_MACROS = {"docm": "DOCX", "dotm": "DOCX", "xlsm": "XLSX", "xlsb": "XLSX", "xltm": "XLSX"}
_ARCHIVES = {"zip", "rar", "7z", "tar", "gz", "tgz"}
_PICTURES = {"gif", "bmp", "webp", "svg", "avif"}


class Refusal(models.TextChoices):
    """Why a file is not taken. The code stands in rows; the sentence is for people."""

    EMPTY = "empty", _("“%(name)s” is empty. Check the file and choose it again.")
    TOO_LARGE = "too_large", _("“%(name)s” is larger than %(most)s MB. Make it smaller, or split it.")
    TOO_MUCH = (
        "too_much",
        _("With “%(name)s” the files are larger than %(together)s MB together. Send it with another message."),
    )
    TOO_MANY = (
        "too_many",
        _("“%(name)s” is one file too many: a message takes up to %(files)s files. Send it with another message."),
    )
    OLD_OFFICE = "old_office", _("“%(name)s” is of an older kind. Save it as %(newer)s or PDF and choose that file.")
    MACROS = "macros", _("“%(name)s” can hold macros. Save it as %(newer)s or PDF and choose that file.")
    ARCHIVE = "archive", _("“%(name)s” is an archive. Unpack it and choose the files in it.")
    PICTURE = "picture", _("“%(name)s” is a picture of a kind that is not taken. Save it as PNG or JPEG.")
    KIND = "kind", _("“%(name)s” is of a kind that is not taken. Choose %(kinds)s.")
    MISMATCH = (
        "mismatch",
        _(
            "“%(name)s” is not what its name says, or it is damaged or protected."
            " Open it, save it as %(kind)s and choose it again."
        ),
    )
    OFFICE = (
        "office",
        _(
            "“%(name)s” holds macros, programs or embedded objects, or it is damaged or has a password."
            " Save a plain copy, or a PDF, and choose that."
        ),
    )
    TEXT = (
        "text",
        _(
            "“%(name)s” is not plain text: it holds code of a web page, or unknown characters."
            " Save it as text in UTF-8 and choose it again."
        ),
    )


@dataclass(frozen=True)
class IncomingFile:
    """A file as somebody sent it.

    Arguments:
        name: as the sender's system wrote it; it may be anything.
        content: can be read and wound back.
        inline: it stands in the text of a mail, like a logo.
    """

    name: str
    content: BinaryIO
    inline: bool = False


@dataclass(frozen=True)
class AcceptedFile:
    """A file that is taken, with its name made safe."""

    name: str
    kind: Kind
    size: int
    sha256: str
    content: BinaryIO
    inline: bool = False


@dataclass(frozen=True)
class RefusedFile:
    """A file that is not taken; of its name only what can be shown safely."""

    name: str
    reason: Refusal

    @property
    def sentence(self) -> str:
        return refusal_sentence(self.name, self.reason)


@dataclass(frozen=True)
class Inspection:
    """What came of looking at the files of one message."""

    accepted: tuple[AcceptedFile, ...] = ()
    refused: tuple[RefusedFile, ...] = ()

    @property
    def digest(self) -> str:
        """Return what equal sets of files have in common, whatever their order; nothing for no files."""
        if not self.accepted:
            return ""
        files = sorted([file.name, file.sha256] for file in self.accepted)
        return hashlib.sha256(json.dumps(files).encode()).hexdigest()


NOTHING = Inspection()


def refusal_sentence(name: str, reason: str) -> str:
    """Say why a file was refused and what to do about it."""
    extension = extension_of(name)
    kind = BY_EXTENSION.get(extension)
    return str(Refusal(reason).label) % {
        "name": name,
        "most": MOST_BYTES // MEGABYTE,
        "together": MOST_BYTES_TOGETHER // MEGABYTE,
        "files": MOST_FILES,
        "newer": _OLD_OFFICE.get(extension) or _MACROS.get(extension) or "PDF",
        "kinds": KINDS_IN_WORDS,
        "kind": kind.label if kind else "PDF",
    }


def size_words(size: int) -> str:
    """Return a size as people read it; a kilobyte has 1,024 bytes."""
    if size < 1024:
        return _now("%s bytes") % size
    if size < MEGABYTE:
        return _now("%s KB") % round(size / 1024)
    return _now("%s MB") % f"{size / MEGABYTE:.1f}"


def inspect_files(files: Iterable[IncomingFile]) -> Inspection:
    """Judge the files of one message, in their order, each for itself and all together.

    The same bytes under the same name count once.
    """
    accepted: dict[tuple[str, str], AcceptedFile] = {}
    refused: list[RefusedFile] = []
    together = 0
    for place, file in enumerate(files):
        verdict = _judge(file) if place < _MOST_LOOKED_AT else RefusedFile(safe_name(file.name), Refusal.TOO_MANY)
        if isinstance(verdict, AcceptedFile):
            if (verdict.name, verdict.sha256) in accepted:
                continue
            if len(accepted) == MOST_FILES:
                verdict = RefusedFile(verdict.name, Refusal.TOO_MANY)
            elif together + verdict.size > MOST_BYTES_TOGETHER:
                verdict = RefusedFile(verdict.name, Refusal.TOO_MUCH)
            else:
                accepted[verdict.name, verdict.sha256] = verdict
                together += verdict.size
                continue
        refused.append(verdict)
    return Inspection(tuple(accepted.values()), tuple(refused))


def _judge(file: IncomingFile) -> AcceptedFile | RefusedFile:
    name = safe_name(file.name)
    size = file.content.seek(0, 2)
    if size > MOST_BYTES:
        return RefusedFile(name, Refusal.TOO_LARGE)
    if not size:
        return RefusedFile(name, Refusal.EMPTY)
    kind = BY_EXTENSION.get(extension_of(name))
    if not extension_of(name) and (kind := kind_by_signature(file.content)):
        name = safe_name(f"{name}.{kind.extensions[0]}")
    if kind is None:
        return RefusedFile(name, _refusal_of_extension(extension_of(name)))
    if not kind.fits(file.content):
        return RefusedFile(name, _refusal_of_content(kind))
    return AcceptedFile(name, kind, size, _sha256(file.content), file.content, file.inline)


def _sha256(content: BinaryIO) -> str:
    content.seek(0)
    digest = hashlib.sha256()
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
    content.seek(0)
    return digest.hexdigest()


def _refusal_of_extension(extension: str) -> Refusal:
    for refusal, extensions in (
        (Refusal.OLD_OFFICE, _OLD_OFFICE),
        (Refusal.MACROS, _MACROS),
        (Refusal.ARCHIVE, _ARCHIVES),
        (Refusal.PICTURE, _PICTURES),
    ):
        if extension in extensions:
            return refusal
    return Refusal.KIND


def _refusal_of_content(kind: Kind) -> Refusal:
    if kind.code in {"docx", "xlsx"}:
        return Refusal.OFFICE
    return Refusal.TEXT if kind.code in {"text", "csv"} else Refusal.MISMATCH
