"""Which files are taken: the signature decides, the name has to agree, and nothing else may hide in them."""

import struct
import time
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.files import MOST_BYTES, MOST_BYTES_TOGETHER, MOST_FILES, Refusal, inspect_files, inspection, size_words
from tests.cases.sample_files import CSV, DOCX, GOOD, HEIC, JPEG, PDF, PNG, TEXT, TIFF, XLSX, incoming, office

MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"


def refusal(name: str, data: bytes) -> Refusal | None:
    """Return why a file is refused; None where it is taken."""
    found = inspect_files([incoming(name, data)])
    assert len(found.accepted) + len(found.refused) == 1
    return found.refused[0].reason if found.refused else None


@pytest.mark.parametrize("name", GOOD)
def test_each_kind_is_taken(name):
    found = inspect_files([incoming(name, GOOD[name])])
    assert [file.size for file in found.accepted] == [len(GOOD[name])]
    assert found.accepted[0].kind.extensions[0][0] == name.rpartition(".")[2][0].lower()


@pytest.mark.parametrize("name", GOOD)
def test_bytes_of_one_kind_under_the_name_of_another_are_refused(name):
    is_text = name.endswith((".txt", ".csv"))
    for other, data in GOOD.items():
        same = other.endswith((".txt", ".csv")) if is_text else data[:4] == GOOD[name][:4] != DOCX[:4]
        tiffs = {name.rpartition(".")[2], other.rpartition(".")[2]} == {"tif", "tiff"}
        if name != other and not same and not tiffs:
            assert refusal(name, data), (name, other)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("setup.exe", Refusal.KIND),
        ("invoice.pdf.exe", Refusal.KIND),
        ("invoice.pdf\u202e.exe", Refusal.KIND),
        ("page.html", Refusal.KIND),
        ("drawing.svg", Refusal.PICTURE),
        ("animation.gif", Refusal.PICTURE),
        ("files.zip", Refusal.ARCHIVE),
        ("letter.doc", Refusal.OLD_OFFICE),
        ("letter.docm", Refusal.MACROS),
        ("script.txt\0.js", Refusal.KIND),
        ("name", Refusal.KIND),
    ],
)
def test_other_extensions_are_refused_with_their_own_reason(name, reason):
    assert refusal(name, b"MZ\x90\x00 anything") == reason


def test_a_name_without_extension_gets_that_of_its_bytes():
    assert [file.name for file in inspect_files([incoming("image001", PNG)]).accepted] == ["image001.png"]
    assert [file.name for file in inspect_files([incoming("", PDF)]).accepted] == ["file.pdf"]
    assert refusal("notes", TEXT) == Refusal.KIND


# --- polyglots -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.pdf", b"<html><script>alert(1)</script>" + PDF),
        ("late.pdf", b"\n" * 3 + PDF),
        ("endless.pdf", PDF.replace(b"%%EOF", b"")),
        ("zip.pdf", PDF + DOCX),
        ("zip.png", PNG + DOCX),
        ("zip.jpg", JPEG + DOCX),
        ("zip.tif", TIFF + DOCX),
        ("zip.heic", HEIC + DOCX),
        ("flat.png", PNG.replace(struct.pack(">II", 1, 1), struct.pack(">II", 0, 0))),
        ("short.png", PNG[:20]),
        ("nowhere.tif", b"II*\0\xff\xff\xff\x7f" + b"\0" * 30),
        ("film.heic", HEIC.replace(b"heic", b"isom").replace(b"mif1", b"mp42")),
    ],
)
def test_what_only_begins_or_ends_like_its_kind_is_refused(name, data):
    assert refusal(name, data) == Refusal.MISMATCH


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><p>Hello",
        b"Lots:\n< ScRiPt src=//x>",
        b"\xef\xbb\xbf<?xml version='1.0'?>",
        b"<svg onload=alert(1)>",
        b"a;b\n<iframe src=x>;2",
        b"see javascript:alert(1)",
        b"#!/bin/sh\nrm x",
        b"%PDF-1.7 in a text",
        b"{\\rtf1 hello}",
        b"two\0vials",
        b"bell\x07",
        "two vials".encode("utf-16"),
        b"\x81\x8d\xff\xfe undefined in both",
        b"   \n\t ",
    ],
)
@pytest.mark.parametrize("name", ["notes.txt", "stock.csv"])
def test_text_is_nothing_else(name, data):
    assert refusal(name, data) == Refusal.TEXT


@pytest.mark.parametrize(
    "data", [b"caf\xe9 \x80 5", "café € 5".encode(), b"\xef\xbb\xbflot;1", b"less <5% of 3 < 4\r\n", CSV]
)
def test_text_is_utf_8_or_windows_1252(data):
    assert refusal("notes.txt", data) is None


# --- Word and Excel --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        {"word/media/image1.png": PNG, "docProps/thumbnail.jpeg": JPEG, "customXml/item1.xml": b"<x/>"},
        {"word/printerSettings/printerSettings1.bin": b"\x00\x01HP"},
        {"word/embeddings/Microsoft_Excel_Sheet1.xlsx": XLSX},
        {"word/_rels/document.xml.rels": b'<Relationship Type="a/hyperlink" Target="https://x.example"/>'},
        {"word/_rels/settings.xml.rels": b'<Relationship Type="a/attachedTemplate" Target="file:///C:\\N.dotm"/>'},
    ],
)
def test_ordinary_parts_are_taken(parts):
    assert refusal("report.docx", office(parts=parts)) is None


@pytest.mark.parametrize(
    "parts",
    [
        {"word/vbaProject.bin": b"x"},
        {"xl/macrosheets/sheet1.xml": b"<x/>"},
        {"word/activeX/activeX1.xml": b"<x/>"},
        {"word/embeddings/oleObject1.bin": b"x"},
        {"word/setup.exe": b"MZ"},
        {"word/media/image1.png": b"MZ\x90\x00"},
        {"word/media/image1.png": DOCX},
        {"word/other.bin": b"x"},
        {"word/readme.html": b"<p>"},
        {"../up.xml": b"<x/>"},
        {"/root.xml": b"<x/>"},
        {"word/DOCUMENT.xml": b"<twice/>"},
        {"word/embeddings/inner.xlsx": office("xlsx", parts={"xl/vbaProject.bin": b"x"})},
        {"word/embeddings/inner.docx": office(parts={"word/embeddings/deeper.docx": DOCX})},
        {"word/_rels/s.xml.rels": b'<Relationship Type="a/attachedTemplate" Target="https://x.example/m.dotm"/>'},
        {"word/_rels/s.xml.rels": b'<Relationship Target="\\\\host\\x" Type="a/oleObject"/>'},
        {"word/_rels/s.xml.rels": b"<Relationship Type='a/attachedTemplate' Target='https://x.example/m.dotm'/>"},
        {"word/_rels/s.xml.rels": b'<Relationship Id=">" Type="a/frame" Target="https://x.example/m"/>'},
        {"word/_rels/s.xml.rels": b'<Relationship Type="a&#x2f;frame" Target="https://x.example/m"/>'},
        {"word/_rels/s.xml.rels": '<Relationship Type="a/frame" Target="https://x.example/m"/>'.encode("utf-16")},
        {"word/_rels/s.xml.rels": b'<!DOCTYPE a [<!ENTITY b "c">]><Relationships/>'},
        {"word/_rels/s.xml.rels": b'<?xml version="1.0" encoding="zzz"?><Relationships/>'},
        {"word/_rels/s.xml.rels": b"no XML"},
        {"[Content_Types].xml": b"<Types/>"},
    ],
)
def test_macros_programs_and_strange_parts_are_refused(parts):
    assert refusal("report.docx", office(parts=parts)) == Refusal.OFFICE


def test_a_declaration_that_never_ends_is_refused_at_once():
    started = time.process_time()
    assert refusal("report.docx", office(parts={"word/_rels/s.xml.rels": b"<" * 1_000_000})) == Refusal.OFFICE
    assert time.process_time() - started < 20, "it must not take minutes"


def test_more_than_2_mb_of_declarations_are_refused():
    half = {f"word/_rels/{number}.xml.rels": b"<a>" + b" " * 1_000_000 + b"</a>" for number in range(2)}
    assert refusal("report.docx", office(parts=half)) is None
    assert refusal("report.docx", office(parts=half | {"word/_rels/x.rels": b"<a>" + b" " * 100_000 + b"</a>"}))


def test_a_document_with_the_type_of_one_with_macros_is_refused():
    assert refusal("report.docx", office(main=MACROS)) == Refusal.OFFICE


def test_word_is_not_excel():
    assert refusal("report.docx", XLSX) == Refusal.OFFICE
    assert refusal("report.xlsx", DOCX) == Refusal.OFFICE


def test_a_plain_zip_is_no_document():
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("setup.exe", b"MZ")
    assert refusal("report.docx", out.getvalue()) == Refusal.OFFICE


@pytest.mark.parametrize(
    "data",
    [b"MZ" + DOCX, DOCX + b"tail", DOCX[:-30], DOCX[:40], b"PK\x03\x04" + b"\0" * 60],
    ids=["something before", "something behind", "cut off", "cut short", "only a signature"],
)
def test_a_zip_with_something_around_it_or_cut_off_is_refused(data):
    assert refusal("report.docx", data) == Refusal.OFFICE


def test_a_part_that_does_not_match_its_checksum_is_refused():
    stored = office(packing=zipfile.ZIP_STORED)
    assert refusal("report.docx", stored) is None
    assert refusal("report.docx", stored.replace(b"Two vials.", b"Two vialz.")) == Refusal.OFFICE


def test_other_ways_of_packing_are_refused():
    assert refusal("report.docx", office(packing=zipfile.ZIP_LZMA)) == Refusal.OFFICE


def test_an_encrypted_part_is_refused():
    data = bytearray(DOCX)
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    assert refusal("report.docx", bytes(data)) == Refusal.OFFICE


def test_a_bomb_is_refused_without_being_unpacked(monkeypatch):
    bomb = office(parts={f"word/p{number}.xml": b"\0" * 5_000_000 for number in range(22)})
    assert len(bomb) < 200_000
    monkeypatch.setattr("zipfile.ZipFile.open", lambda *args: pytest.fail("it was unpacked"))
    assert refusal("report.docx", bomb) == Refusal.OFFICE


def test_what_an_embedded_file_unpacks_to_counts_with_the_rest():
    half = {f"word/p{number}.xml": b"\0" * 5_000_000 for number in range(11)}
    assert refusal("report.docx", office(parts=half)) is None
    both = {"word/embeddings/inner.docx": office(parts=half)} | half
    assert refusal("report.docx", office(parts=both)) == Refusal.OFFICE


def test_one_part_that_packs_far_too_well_is_refused():
    assert refusal("report.docx", office(parts={"word/p.xml": b"\0" * 6_000_000})) == Refusal.OFFICE
    assert refusal("report.docx", office(parts={"word/p.xml": b"\0" * 4_000_000})) is None


def test_a_bomb_that_lies_about_its_size_is_refused():
    bomb = office(parts={"word/p.xml": b"\0" * 60_000_000})
    lie = bomb.replace(struct.pack("<I", 60_000_000), struct.pack("<I", 1_000))
    assert lie != bomb
    assert refusal("report.docx", lie) == Refusal.OFFICE


def test_too_many_parts_are_refused():
    parts = {f"word/p{number}.xml": b"<x/>" for number in range(2_000)}
    assert refusal("report.docx", office(parts=parts)) == Refusal.OFFICE


def test_a_directory_that_promises_more_than_there_is_is_refused():
    lie = bytearray(DOCX)
    struct.pack_into("<HH", lie, len(lie) - 14, 60_000, 60_000)
    assert refusal("report.docx", bytes(lie)) == Refusal.OFFICE


# --- limits ----------------------------------------------------------------------------------


def of_size(size: int) -> bytes:
    return PDF.replace(b"\n%%EOF", b" " * (size - len(PDF)) + b"\n%%EOF")


def test_a_file_has_up_to_10_mb():
    assert MOST_BYTES == 10 * 1024 * 1024
    assert refusal("invoice.pdf", of_size(MOST_BYTES)) is None
    assert refusal("invoice.pdf", of_size(MOST_BYTES + 1)) == Refusal.TOO_LARGE


def test_an_empty_file_is_refused():
    assert refusal("invoice.pdf", b"") == Refusal.EMPTY


def test_a_message_takes_10_files():
    assert MOST_FILES == 10
    found = inspect_files([incoming(f"{number}.pdf", PDF) for number in range(11)])
    assert [file.name for file in found.accepted] == [f"{number}.pdf" for number in range(10)]
    assert [(file.name, file.reason) for file in found.refused] == [("10.pdf", Refusal.TOO_MANY)]


def test_files_far_beyond_the_limit_are_not_even_looked_at(monkeypatch):
    looked = []
    judge = inspection._judge
    monkeypatch.setattr(inspection, "_judge", lambda file: looked.append(file) or judge(file))
    found = inspect_files([incoming(f"{number}.exe", b"MZ") for number in range(200)])
    assert len(looked) == 30
    assert [file.reason for file in found.refused] == [Refusal.KIND] * 30 + [Refusal.TOO_MANY] * 170


def test_a_message_takes_25_mb_to_the_byte():
    big, rest = of_size(MOST_BYTES), MOST_BYTES_TOGETHER - 2 * MOST_BYTES
    full = [("a.pdf", big), ("b.pdf", big), ("c.pdf", of_size(rest))]
    assert inspect_files([incoming(*file) for file in full]).refused == ()
    over = [*full[:2], ("c.pdf", of_size(rest + 1)), ("d.pdf", PDF)]
    found = inspect_files([incoming(*file) for file in over])
    assert [(file.name, file.reason) for file in found.refused] == [("c.pdf", Refusal.TOO_MUCH)]
    assert [file.name for file in found.accepted] == ["a.pdf", "b.pdf", "d.pdf"]


def test_the_same_file_twice_counts_once():
    found = inspect_files([incoming("a.pdf", PDF), incoming("a.pdf", PDF), incoming("b.pdf", PDF)])
    assert [file.name for file in found.accepted] == ["a.pdf", "b.pdf"]
    assert found.refused == ()


def test_digest_tells_sets_of_files_apart_whatever_their_order():
    one, two = ("a.pdf", PDF), ("b.png", PNG)
    digest = inspect_files([incoming(*one), incoming(*two)]).digest
    assert digest == inspect_files([incoming(*two), incoming(*one)]).digest
    assert digest != inspect_files([incoming(*one)]).digest
    assert inspect_files([]).digest == ""


def test_each_refusal_names_the_file_and_says_what_to_do():
    for reason in Refusal:
        words = str(reason.label)
        assert "%(name)s" in words
        assert words.count(".") >= 2, words
    said = inspect_files([incoming("letter.doc", b"x")]).refused[0].sentence
    assert said == "“letter.doc” is of an older kind. Save it as DOCX or PDF and choose that file."


def test_sizes_are_said_in_words():
    assert [size_words(size) for size in (0, 1023, 1024, 340_000, 1024 * 1024, 10 * 1024 * 1024)] == [
        "0 bytes",
        "1023 bytes",
        "1 KB",
        "332 KB",
        "1.0 MB",
        "10.0 MB",
    ]


@settings(max_examples=60, deadline=None)
@given(name=st.text(max_size=300), data=st.binary(max_size=400), start=st.sampled_from([b"", *GOOD.values()]))
def test_no_file_raises(name, data, start):
    for extension in ("", ".docx", ".pdf", ".heic", ".txt", ".tif", ".png"):
        found = inspect_files(
            [incoming(name + extension, start + data), incoming(name + extension, start[:-9] + data)]
        )
        assert len(found.accepted) + len(found.refused) <= 2
        assert all(file.sentence for file in found.refused)
