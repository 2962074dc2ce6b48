"""Every mail that the portal sends, held against what mail programs can show and what its reader needs."""

from __future__ import annotations

import re
from unittest import mock

import pytest
from css_inline import CSSInliner
from django.conf import settings
from django.db import transaction

from mail import render
from mail.look import dress, look, tones
from mail.registry import kind_labels
from tests.mail.every_mail import CLINIC, REPLY, SECRET_WORDS, Letter, send_every_mail
from tests.mail.mail_html import Node, Reader, all_of, contrast, read

pytestmark = pytest.mark.django_db  # without the mark pytest-django makes no database for the mails
FOLDER = settings.BASE_DIR / "templates" / "emails"
NAMES = sorted(path.stem for path in FOLDER.glob("*.html") if path.stem != "base" and not path.stem.startswith("_"))
TAGS = {"html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td"} | {
    "h1", "p", "ul", "li", "a", "strong", "br",
}  # fmt: skip
CLIPPED_BY_GMAIL = 102 * 1024
every_mail = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def undressed() -> dict[str, str]:
    """What the templates made of each dressed mail."""
    return {}


@pytest.fixture(scope="module")
def letters(django_db_setup, django_db_blocker, undressed) -> dict[str, Letter]:
    """One mail of each template, sent once for all tests of this file."""

    def remember(html: str) -> str:
        dressed = dress(html)
        undressed[dressed.strip()] = html
        return dressed

    with django_db_blocker.unblock(), transaction.atomic(), mock.patch.object(render, "dress", remember):
        found = send_every_mail()
        transaction.set_rollback(True)
    return found


@pytest.fixture
def letter(letters, name) -> Letter:
    return letters[name]


@pytest.fixture
def tree(letter):
    return read(letter.html)


def test_every_kind_is_held_against_this(letters):
    assert sorted(letters) == NAMES
    assert {code for code, _label in kind_labels()} <= set(letters)


# --- what mail programs can show ---------------------------------------------------------------


@every_mail
def test_template_closes_what_it_opens(letter, undressed):
    assert Reader(undressed[letter.html.strip()]).troubles == []


@every_mail
def test_document_says_what_it_is(letter, tree):
    assert letter.html.startswith("<!DOCTYPE html>")
    (html,) = all_of(tree, "html")
    assert re.fullmatch(r"[a-z]{2}(-[a-z]{2})?", html.attrs["lang"])
    assert [title.words for title in all_of(tree, "title")] == [letter.email.subject]
    assert len(all_of(tree, "h1")) == 1
    assert {node.tag for node in tree.walk()} - {""} <= TAGS


@every_mail
def test_tables_are_for_layout_alone(tree):
    tables = all_of(tree, "table")
    assert len(tables) >= 2
    assert {table.attrs["role"] for table in tables} == {"presentation"}
    assert {table.attrs["cellpadding"] + table.attrs["cellspacing"] for table in tables} == {"00"}


@every_mail
def test_nothing_is_loaded_from_elsewhere(letter, tree):
    for way in ("src=", "background=", "url(", "@import", "@font-face", "<link", "<script"):
        assert way not in letter.html
    inside = [link.attrs["href"] for link in all_of(tree, "a") if "words" not in link.parent.classes]
    assert inside
    assert [href for href in inside if not href.startswith(("http://testserver/", "tel:"))] == []


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_no_style_is_typed_into_a_template(path):
    source = path.read_text(encoding="utf-8").partition("{% endcomment %}")
    assert "style=" not in source[0].partition("{% comment %}")[0] + source[2]
    if path.suffix == ".css":
        assert not re.search(r"#[0-9a-f]{3,8}\b|rgb|hsl", source[0])


@every_mail
def test_classes_have_become_style_attributes(tree):
    dressed = [node for node in tree.walk() if node.classes]
    assert len(dressed) >= 5
    assert [node.attrs["class"] for node in dressed if not node.style] == []
    known = set(re.findall(r"\.([a-z]+)", look().light))
    assert {each for node in dressed for each in node.classes} <= known
    bare = [node.tag for node in tree.walk() if node.tag in {"td", "p", "a", "h1", "li"} and not node.style]
    assert bare == []


@every_mail
def test_every_value_is_the_portals_own(letter, tree):
    colors = set(re.findall(r"#[0-9a-f]{3,8}\b", " ".join(node.attrs.get("style", "") for node in tree.walk())))
    assert {tones().light["--navy"], tones().light["--gold"]} <= colors <= set(tones().light.values())
    kept = " ".join(style.words for style in all_of(tree, "style"))
    assert tones().dark["--ink"] in kept
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", kept)) <= set(tones().dark.values())
    assert not re.search(r"var\(|rgb|clamp\(|calc\(|\drem\b", letter.html)


@every_mail
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out(letter, scheme):
    html = letter.html
    if scheme == "dark":
        html = CSSInliner(inline_style_tags=False, extra_css=look().dark).inline(html)
    (body,) = all_of(read(html), "body")
    seen = set()
    for node in body.walk():
        if node.inherited("display") == "none" or not any(isinstance(c, str) and c.strip() for c in node.children):
            continue
        pair = node.inherited("color"), node.inherited("background-color")
        seen.add(pair)
        assert contrast(*pair) >= 4.5, (node.words, pair)
    assert len(seen) >= 4
    ground = tones().light if scheme == "light" else tones().dark
    assert (ground["--ink"], ground["--raised"]) in seen


@every_mail
def test_gmail_shows_the_whole_mail(letter):
    assert 4_000 < len(letter.html.encode()) < CLIPPED_BY_GMAIL / 2


@every_mail
def test_relays_take_every_line(letter):
    """RFC 5322, 2.1.1: at most 998 characters; the style sheets are longer and must be folded."""
    lines = letter.email.message().as_bytes().splitlines()
    assert max(map(len, letter.html.splitlines())) > 998 >= max(map(len, lines))


@every_mail
def test_outlook_on_windows_gets_its_own_measures(letter, tree):
    assert letter.html.count("<!--[if mso]>") == letter.html.count("<![endif]-->") == 3
    for button in (node for node in all_of(tree, "td") if "button" in node.classes):
        assert button.style["mso-padding-alt"] == "12px 24px"
    assert {node.style["mso-line-height-rule"] for node in all_of(tree, "td")} == {"exactly"}


# --- what its reader needs ---------------------------------------------------------------------


@every_mail
def test_subject_is_short_and_names_the_case(letter):
    subject = letter.email.subject
    assert len(subject) <= 70
    if letter.case_id:
        assert subject.startswith(f"[{letter.case_id}] ")
    else:
        assert "CS" not in subject


@every_mail
def test_line_beside_the_subject_is_there(letter, tree):
    (preview,) = [node for node in all_of(tree, "div") if "preview" in node.classes]
    assert preview.style["display"] == "none"
    line = preview.words.strip("\u034f\u200c\xa0 ")
    assert 20 <= len(line) <= 90
    assert line.endswith(".")
    assert len(preview.words) > 250, "the blanks that keep the text out of long previews"


def test_nothing_about_patients_is_told(letters):
    """Also no agent's words where a locked phone shows them; what the agent wrote is in the mail itself."""
    assert REPLY in letters["case_reply"].email.body
    for letter in letters.values():
        everywhere = letter.email.subject + letter.email.body + letter.html
        assert "Jane Roe" not in everywhere
        assert "two doses" not in everywhere
        (preview,) = [node for node in all_of(read(letter.html), "div") if "preview" in node.classes]
        for words in (SECRET_WORDS, CLINIC, "St. Mary", "shipment number"):
            assert words not in letter.email.subject + preview.words


@every_mail
def test_reader_is_greeted_and_told_why(letter, tree):
    assert re.match(r"Hello [\w-]+,\n\n[A-Z0-9]", letter.email.body)
    why = letter.email.body.partition("\n-- \n")[2]
    assert why.startswith("You get this email because ")
    assert "1-877-873-6247" in why
    (foot,) = [node for node in all_of(tree, "td") if "foot" in node.classes]
    assert foot.words.startswith("You get this email because ")


def plain(text: str) -> str:
    """Leave out what differs between a heading, a label and a sentence."""
    return " ".join(re.sub(r"[\[\]:]", " ", text).split()).casefold()


def blocks_of(letter: Letter) -> list[Node]:
    (body,) = all_of(read(letter.html), "body")
    return [
        node
        for node in body.walk()
        if node.is_leaf_block and node.words and not {"preview", "quiet"}.intersection(node.classes)
    ]


def unsaid(letter: Letter) -> list[str]:
    """Return what only the HTML says: words, and addresses."""
    said = plain(f"{letter.email.subject} {letter.email.body}")
    words = [node.words for node in blocks_of(letter)]
    links = [
        link.words if link.attrs["href"].startswith("tel:") else link.attrs["href"]
        for link in all_of(read(letter.html), "a")
    ]
    return [each for each in words if plain(each) not in said] + [
        link for link in links if link not in letter.email.body
    ]


@every_mail
def test_text_says_all_that_the_html_says(letter):
    assert len(blocks_of(letter)) >= 6
    assert unsaid(letter) == []


@pytest.fixture(scope="module")
def spanish_letters(django_db_setup, django_db_blocker) -> dict[str, Letter]:
    with django_db_blocker.unblock(), transaction.atomic():
        found = send_every_mail("es")
        transaction.set_rollback(True)
    return {name: letter for name, letter in found.items() if 'lang="es' in letter.html}


def test_readers_of_spanish_get_the_same(spanish_letters):
    assert set(spanish_letters) == {name for name in NAMES if not name.startswith("agent_")}
    for name, letter in spanish_letters.items():
        assert unsaid(letter) == [], name
        assert len(letter.email.subject) <= 80, name
        assert letter.email.subject.startswith(f"[{letter.case_id}] " if letter.case_id else ""), name
        assert "Hola, " in letter.email.body.partition("\n")[0], name
        assert "You get this email" not in letter.email.body, name


@every_mail
def test_text_is_text(letter):
    assert not re.search(r"&(amp|lt|gt|quot|#\w+);|</?(p|a|br|td|strong)\b", letter.email.body)
    assert "\n\n\n" not in letter.email.body
    assert not re.search(r"[ \t]$", letter.email.body.replace("\n-- \n", "\n"), re.MULTILINE)


@every_mail
def test_links_say_where_they_lead(tree):
    for link in all_of(tree, "a"):
        words = link.words
        assert words == "LOGIN" or re.search(r"\w+ \w+|^CS\d{7}$|^https?://|^[\d-]+$", words), words
        assert not re.search(r"\b(click|here|this link)\b", words, re.IGNORECASE)


@every_mail
def test_button_has_its_address_below(tree):
    for link in (node for node in all_of(tree, "a") if "press" in node.classes):
        assert link.attrs["href"] in [
            node.words.rpartition(" ")[2] for node in all_of(tree, "p") if "quiet" in node.classes
        ]
