"""The Spanish catalogue: complete, current, and with every placeholder in its place."""

import gettext
import os
import re
import shutil
from pathlib import Path

import polib
import pytest
from django.conf import settings

from desk.management.commands import make_catalogue

ROOT = settings.BASE_DIR
PO = ROOT / "locale" / "es" / "LC_MESSAGES" / "django.po"
ENTRIES = list(polib.pofile(str(PO)))
# A date format says codes, and a weekday stands in for what it names.
FREE = {"date format", "opens on"}
PLACEHOLDERS = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?[a-z][^>]*>|https?://\S+|CVMS|\n")


def key_of(entry: polib.POEntry) -> tuple[str, str, str]:
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural


def said(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_the_catalogue_is_read():
    assert len(ENTRIES) > 600


def test_every_string_is_translated():
    assert [entry.msgid for entry in ENTRIES if not all(said(entry))] == []


def test_nothing_is_fuzzy_or_left_over():
    assert [entry.msgid for entry in ENTRIES if entry.obsolete or "fuzzy" in entry.flags] == []


def test_no_placeholder_tag_or_line_break_differs():
    wrong = [
        (entry.msgid, words)
        for entry in ENTRIES
        if entry.msgctxt not in FREE
        for words in said(entry)
        if sorted(PLACEHOLDERS.findall(words)) != sorted(PLACEHOLDERS.findall(entry.msgid))
    ]
    assert wrong == []


def test_placeholders_of_free_entries_are_named_in_the_source():
    for entry in ENTRIES:
        if entry.msgctxt == "opens on":
            assert set(PLACEHOLDERS.findall(entry.msgstr)) == set(PLACEHOLDERS.findall(entry.msgid))


def test_plurals_have_both_forms():
    plural = [entry for entry in ENTRIES if entry.msgid_plural]
    assert len(plural) > 3
    assert all(set(entry.msgstr_plural) == {0, 1} for entry in plural)


def test_same_blanks_at_both_ends():
    def ends(text: str) -> tuple[str, str]:
        return re.match(r"\s*", text)[0], re.search(r"\s*\Z", text)[0]

    assert [entry.msgid for entry in ENTRIES for words in said(entry) if ends(words) != ends(entry.msgid)] == []


def test_readers_are_addressed_formally():
    informal = re.compile(r"\b(tú|tu|tus|te|ti|tuyo|puedes|tienes|quieres|necesitas|haz clic)\b", re.IGNORECASE)
    assert [entry.msgid for entry in ENTRIES for words in said(entry) if informal.search(words)] == []


def test_words_of_the_glossary_are_kept():
    glossary = {
        "help desk": "mesa de ayuda",
        "user id": "id de usuario",
        "request type": "tipo",
        "temporary password": "contraseña temporal",
        "follow-up case": "caso de seguimiento",
    }
    lost = [
        (english, entry.msgid)
        for entry in ENTRIES
        for english, spanish in glossary.items()
        if english in entry.msgid.lower() and not all(spanish in words.lower() for words in said(entry))
    ]
    assert lost == []


def test_labels_of_the_guide_are_named_in_english_too():
    label = re.compile(r"\b(MY LISTS|REGISTER|LOGIN|VACCINE PROVIDER|RESOURCES|Customer Registration)\b")
    for entry in ENTRIES:
        for name in set(label.findall(entry.msgid)) - {entry.msgid}:
            assert all(f"({name})" in words for words in said(entry)), entry.msgid


def test_compiled_catalogue_is_current():
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in ENTRIES:
        if entry.msgid_plural:
            number = {0: 1, 1: 2}
            found = {form: compiled.ngettext(entry.msgid, entry.msgid_plural, count) for form, count in number.items()}
            assert found == entry.msgstr_plural
        elif entry.msgctxt:
            assert compiled.pgettext(entry.msgctxt, entry.msgid) == entry.msgstr
        else:
            assert compiled.gettext(entry.msgid) == entry.msgstr
    assert compiled.gettext("Not in the catalogue") == "Not in the catalogue"
    in_po = {message for entry in ENTRIES for message in said(entry)}
    in_mo = {text for text in compiled._catalog.values() if not text.startswith("Project-Id-Version")}
    assert in_mo == in_po


@pytest.fixture
def needs_gettext():
    if not shutil.which("xgettext"):
        missing = "GNU gettext is missing. Type: sudo apt-get install gettext"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)


@pytest.mark.usefixtures("needs_gettext")
def test_catalogue_is_current_with_the_sources(tmp_path, monkeypatch, settings):
    for name in ("templates", "locale", "cases", "accounts", "desk", "mail", "helpdesk"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    monkeypatch.chdir(tmp_path)
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    make_catalogue.collect(verbosity=0)
    fresh = polib.pofile(str(tmp_path / PO.relative_to(ROOT)))
    wanted, kept = {key_of(entry) for entry in fresh}, {key_of(entry) for entry in ENTRIES}
    advice = "Type: .venv/bin/python manage.py make_catalogue, then translate what is new."
    assert (sorted(wanted - kept), sorted(kept - wanted)) == ([], []), advice


def test_what_only_staff_read_is_named_by_patterns_that_still_match():
    paths = [
        path.relative_to(ROOT)
        for app in ("templates", "cases", "accounts", "desk", "mail")
        for path in (ROOT / app).rglob("*")
    ]
    for pattern in make_catalogue.FOR_STAFF:
        assert any(path.match(pattern) for path in paths if Path(path).suffix in {".py", ".html", ".txt"}), pattern
