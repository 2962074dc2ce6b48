"""Names of files, made safe for pages, headers and every file system."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.files import SAFE_NAME_LENGTH, safe_name


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("Informe de vacunas (março) n.º 3.PDF", "Informe de vacunas (março) n.º 3.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\jane\\stock.xlsx", "stock.xlsx"),
        ("/abs/../x.csv", "x.csv"),
        ("cod\u202efdp.exe", "codfdp.exe"),
        ("photo\u200b\u2066.jpg", "photo.jpg"),
        ("a\0b\r\nc.txt", "abc.txt"),
        ("report.exe.pdf", "report_exe.pdf"),
        ("report.pdf.exe", "report_pdf.exe"),
        ("v1.2 of 2026.11.03.pdf", "v1.2 of 2026.11.03.pdf"),
        ('a<b>:"c|?*;d.pdf', "a_b___c____d.pdf"),
        ("  ..hidden.pdf", "hidden.pdf"),
        ("dots....pdf", "dots.pdf"),
        (".pdf", "pdf"),
        ("CON.pdf", "file CON.pdf"),
        ("nul.tar.txt", "file nul.tar.txt"),
        ("", "file"),
        ("...", "file"),
        ("/", "file"),
        ("two   blanks\tand\u00a0more.pdf", "two blanksand more.pdf"),
        ("e\u0301te\u0301.pdf", "\u00e9t\u00e9.pdf"),
        ("-rf.pdf", "rf.pdf"),
    ],
)
def test_name_is_made_safe(raw, safe):
    assert safe_name(raw) == safe


def test_very_long_name_keeps_its_extension():
    name = safe_name("x" * 5000 + ".docx")
    assert len(name) == SAFE_NAME_LENGTH
    assert name.endswith("x.docx")
    assert len(safe_name("क" * 5000 + ".pdf").encode()) <= 240


@given(st.text(max_size=400))
def test_whatever_a_name_is_it_becomes_one_that_is_safe(raw):
    name = safe_name(raw)
    assert 0 < len(name) <= SAFE_NAME_LENGTH
    assert len(name.encode()) <= 240
    assert not set(name) & set('<>:"/\\|?*;%#&')
    assert all(unicodedata.category(char)[0] != "C" for char in name)
    assert name[0] not in ". -"
    assert name[-1] not in ". "
    assert safe_name(name) == name
