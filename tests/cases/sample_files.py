"""Small files of every kind, and files that pretend."""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile

from cases.files import IncomingFile

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\x01" * 40 + b"\xff\xd9"
TIFF = b"II*\x00\x08\x00\x00\x00" + b"\x00" * 30
TIFF_MOTOROLA = b"MM\x00*\x00\x00\x00\x08" + b"\x00" * 30
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 30
TEXT = "Lot 3 is missing – since Tuesday.\n".encode()
CSV = b"lot;doses\n12;40\n13;-2\n"


def _png() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


PNG = _png()


def office(
    extension: str = "docx", *, main: str = "", parts: dict[str, bytes] | None = None, packing=zipfile.ZIP_DEFLATED
) -> bytes:
    """Return a Word or Excel file.

    Arguments:
        main: content type of the main part, if another than the kind's own.
        parts: more parts, or others in place of its own.
    """
    folder, name, kind = {
        "docx": ("word", "document.xml", "wordprocessingml.document"),
        "xlsx": ("xl", "workbook.xml", "spreadsheetml.sheet"),
    }[extension]
    main = main or f"application/vnd.openxmlformats-officedocument.{kind}.main+xml"
    types = f'<Types><Override PartName="/{folder}/{name}" ContentType="{main}"/></Types>'
    own = {
        "[Content_Types].xml": types.encode(),
        "_rels/.rels": b"<Relationships/>",
        f"{folder}/{name}": b"<main>Two vials.</main>",
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        for path, data in (own | (parts or {})).items():
            # The same bytes every time: test processes that name their cases by them must agree.
            entry = zipfile.ZipInfo(path)
            entry.compress_type = packing
            archive.writestr(entry, data)
    return out.getvalue()


DOCX = office("docx")
XLSX = office("xlsx")

GOOD = {
    "invoice.pdf": PDF,
    "label.png": PNG,
    "fridge.jpg": JPEG,
    "fridge.JPEG": JPEG,
    "scan.tif": TIFF,
    "scan.tiff": TIFF_MOTOROLA,
    "photo.heic": HEIC,
    "report.docx": DOCX,
    "stock.xlsx": XLSX,
    "notes.txt": TEXT,
    "stock.csv": CSV,
}


def incoming(name: str, data: bytes, *, inline: bool = False) -> IncomingFile:
    return IncomingFile(name, BytesIO(data), inline)


def chosen(name: str = "invoice.pdf", data: bytes = PDF) -> SimpleUploadedFile:
    """Return a file as a browser posts it."""
    return SimpleUploadedFile(name, data, content_type="application/octet-stream")
