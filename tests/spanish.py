"""Find English on a Spanish page or in a Spanish mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import polib

CATALOGUE = Path(__file__).resolve().parent.parent / "locale" / "es" / "LC_MESSAGES" / "django.po"
MESSAGES = {
    text
    for entry in polib.pofile(str(CATALOGUE))
    for text in (entry.msgid, entry.msgid_plural)
    if text and text not in {entry.msgstr, *entry.msgstr_plural.values()} and re.search(r"[A-Za-z]{3}", text)
}
# Words that hardly a Spanish sentence has, and hardly an English one does without.
ENGLISH = re.compile(
    r"\b(the|and|your|you|with|this|that|please|of|is|are|was|not|for|from|have|has|by|it|to|an|will|cannot|more)\b",
    re.IGNORECASE,
)
# What people typed, and what is data: it stays in the language in which it was written.
TYPED = {"message__body", "typed", "mailbox-text"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SAID_BY_ATTRIBUTES = {"aria-label", "title", "alt", "placeholder"}


class _Words(HTMLParser):
    """Collect what a page says outside of elements in English and of what people typed."""

    def __init__(self):
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.said: list[str] = []

    @property
    def is_silent(self) -> bool:
        return bool(self.open) and self.open[-1][1]

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        typed = TYPED & set((found.get("class") or "").split())
        silent = bool(typed) or found.get("lang") == "en" or tag in {"script", "style", "textarea"}
        silent = silent or self.is_silent
        if not silent:
            button = tag == "input" and found.get("type") in {"submit", "button"}
            self.said += [
                value
                for name, value in attributes
                if value and (name in SAID_BY_ATTRIBUTES or (button and name == "value") or _is_sentence(name, value))
            ]
        if tag not in VOID:
            self.open.append((tag, silent))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, text):
        if not self.is_silent:
            self.said.append(text)


def _is_sentence(name: str, value: str) -> bool:
    """Tell whether a data attribute holds words for a script to say."""
    return name.startswith("data-") and " " in value


def words_of(html: str) -> Iterator[str]:
    parser = _Words()
    parser.feed(html)
    for text in parser.said:
        if folded := " ".join(text.split()):
            yield folded


def is_english(text: str, *, names: tuple[str, ...] = ()) -> bool:
    """Tell whether a text is a message that was not translated, or reads like English."""
    for name in names:
        text = text.replace(name, "")
    # What a label of the guide says beside its translation, and addresses.
    text = re.sub(r"\([A-Z][A-Z ]+\)|\(Customer Registration\)|\S+[@/]\S+", "", text).strip()
    return text in MESSAGES or bool(ENGLISH.search(text))


def english_on(html: str, *, names: tuple[str, ...] = ()) -> list[str]:
    """Return the texts of a page that are English without saying so; `names` are data that may look like it."""
    return [text for text in words_of(html) if is_english(text, names=names)]
