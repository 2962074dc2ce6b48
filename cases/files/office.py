"""Word and Excel files: zips, looked into in bounds. No macros, no programs, no bombs."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from io import BytesIO
from typing import BinaryIO
from xml.parsers import expat  # noqa: S407 (without entities)

_END_RECORD = struct.Struct("<4s4H2IH")
_MOST_PARTS = 2_000
_LARGEST_DIRECTORY = 512 * 1024
_LARGEST_UNPACKED = 100 * 1024 * 1024
# Office's own XML rarely packs better than 50 to 1; small parts are judged by their size alone.
_LARGEST_RATIO = 200
_RATIO_COUNTS_FROM = 5 * 1024 * 1024
_MOST_DECLARED = 2 * 1024 * 1024
_CHUNK = 64 * 1024

_MAIN = "application/vnd.openxmlformats-officedocument."
_MAIN_PARTS = {
    "docx": ("word/", _MAIN + "wordprocessingml.document.main+xml"),
    "xlsx": ("xl/", _MAIN + "spreadsheetml.sheet.main+xml"),
}
_PARTS = {
    *("xml", "rels", "vml", "txt", "odttf", "ttf", "fntdata"),
    *("png", "jpg", "jpeg", "jpe", "gif", "bmp", "tif", "tiff", "emf", "wmf", "emz", "wmz", "svg", "wdp", "ico"),
}
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_EMBEDDED = {"docx", "xlsx"}
# Settings of printers and own properties are the only binary parts without a program in reach.
_BINARY_FOLDERS = ("printersettings/", "customproperty")
_FORBIDDEN = ("vbaproject", "vbadata", "macrosheets/", "dialogsheets/", "activex", "oleobject")
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
# Word fetches these as it opens the document, macros included.
_FETCHED = ("/attachedtemplate", "/oleobject", "/frame", "/subdocument")
_FROM_ELSEWHERE = re.compile(r"\s*(?:https?:|ftp:|mhtml:|\\\\|//|file://[^/])", re.IGNORECASE)


class _NotTaken(Exception):
    pass


class _Budget:
    """How much may still be unpacked, and of that be read as declarations, nested files included."""

    def __init__(self) -> None:
        self.left = _LARGEST_UNPACKED
        self.declarations_left = _MOST_DECLARED

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _NotTaken


def is_office_file(content: BinaryIO, extension: str) -> bool:
    """Tell whether bytes are a Word or Excel file that holds nothing but text, tables, pictures and fonts.

    Arguments:
        extension: "docx" or "xlsx".
    """
    try:
        _look_into(content, extension, _Budget(), nested=False)
    except (_NotTaken, zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
        # RuntimeError: a part that is encrypted. NotImplementedError, a way of packing, is one too.
        return False
    return True


def _check_frame(content: BinaryIO) -> None:
    """Refuse a zip with anything before, between or behind its parts, before a library reads its directory.

    Raises:
        _NotTaken
    """
    size = content.seek(0, 2)
    content.seek(0)
    if content.read(4) != b"PK\x03\x04" or size < _END_RECORD.size:
        raise _NotTaken
    # Office writes no comment: the end record is the end.
    content.seek(size - _END_RECORD.size)
    mark, disk, directory_disk, here, parts, length, offset, comment = _END_RECORD.unpack(content.read())
    if mark != b"PK\x05\x06" or disk or directory_disk or comment or here != parts:
        raise _NotTaken
    if not 0 < parts <= _MOST_PARTS or length > _LARGEST_DIRECTORY or offset + length != size - _END_RECORD.size:
        raise _NotTaken


def _look_into(content: BinaryIO, extension: str, budget: _Budget, *, nested: bool) -> None:
    _check_frame(content)
    folder, main_type = _MAIN_PARTS[extension]
    content.seek(0)
    with zipfile.ZipFile(content) as archive:
        parts = archive.infolist()
        names = [part.filename for part in parts]
        if len({name.lower() for name in names}) != len(names):
            raise _NotTaken
        if "[Content_Types].xml" not in names or not any(name.startswith(folder) for name in names):
            raise _NotTaken
        if sum(part.file_size for part in parts) > budget.left:
            raise _NotTaken
        for part in parts:
            _check_part(archive, part, budget, main_type=main_type, nested=nested)


def _check_part(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, budget: _Budget, *, main_type: str, nested: bool
) -> None:
    name = part.filename.lower()
    if part.is_dir():
        return
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or "\0" in name:
        raise _NotTaken
    if any(word in name for word in _FORBIDDEN) or part.compress_type not in {
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    }:
        raise _NotTaken
    if _packs_too_well(part):
        raise _NotTaken
    ending = name.rpartition(".")[2]
    if ending in _EMBEDDED and not nested:
        inner = BytesIO(b"".join(_unpacked(archive, part, budget)))
        _look_into(inner, ending, budget, nested=True)
        return
    is_binary = ending == "bin" and any(folder in name for folder in _BINARY_FOLDERS)
    if ending not in _PARTS and not is_binary:
        raise _NotTaken
    chunks = _unpacked(archive, part, budget)
    if name == "[content_types].xml" or ending == "rels":
        budget.declarations_left -= part.file_size
        if budget.declarations_left < 0:
            raise _NotTaken
        _check_declarations(b"".join(chunks), main_type="" if ending == "rels" else main_type)
        return
    first = next(chunks, b"")
    if first.startswith(_PROGRAMS):
        raise _NotTaken
    for _chunk in chunks:
        pass


def _check_declarations(declared: bytes, *, main_type: str) -> None:
    """Refuse macros by the list of parts, and what a relation would fetch from the network."""
    types = set()
    for name, attributes in _elements(declared):
        types.add(attributes.get("ContentType", ""))
        kind, target = attributes.get("Type", "").strip().lower(), attributes.get("Target", "")
        if name == "Relationship" and kind.endswith(_FETCHED) and _FROM_ELSEWHERE.match(target):
            raise _NotTaken
    if (main_type and main_type not in types) or any("macroenabled" in each.lower() for each in types):
        raise _NotTaken


def _elements(xml: bytes) -> list[tuple[str, dict[str, str]]]:
    """Return the elements of a declaration, whatever its encoding: a pattern reads what Word does not, and slowly.

    Raises:
        _NotTaken: it is no XML, or it defines entities.
    """
    found: list[tuple[str, dict[str, str]]] = []

    def refuse(*told) -> None:
        raise _NotTaken

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: found.append((name.rpartition(" ")[2], attributes))
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, LookupError, ValueError):  # LookupError: an encoding that nobody knows
        raise _NotTaken from None
    return found


def _packs_too_well(part: zipfile.ZipInfo) -> bool:
    return part.file_size > _RATIO_COUNTS_FROM and part.file_size > part.compress_size * _LARGEST_RATIO


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, budget: _Budget):
    """Yield a part in chunks; the library compares its checksum at the end."""
    with archive.open(part) as source:
        while chunk := source.read(_CHUNK):
            budget.spend(len(chunk))
            yield chunk
