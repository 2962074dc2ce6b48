"""How hard a text is to read: sentences of a page, and their grade by Flesch and Kincaid (1975)."""

from __future__ import annotations

import re
from html.parser import HTMLParser

SENTENCE_END = re.compile(r"(?<=[.!?:])[”’)]?\s+(?=[“‘(]?[A-Z0-9])")
ENDS = (".", "?", "!", ".”", ".)")
WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
# An e that nobody hears: "file", "filed", "cases" without its s, "management"; but "table", "needed".
SILENT = re.compile(r"(?<=[^aeiouy])(?<![^aeiouy]l)(?:e(?=ment)|e$|(?<![dt])ed$|(?<![cgsxz])(?<![cs]h)es$)")
# Two vowels side by side that are two syllables: "period", "account" not, "station" not, "create".
APART = re.compile(r"(?<![tcsg])i(?=[ao])|(?<=cr)e(?=at)|(?<=id)e(?=a)|(?<=s[it])u(?=a)")
INLINE = {"a", "abbr", "b", "bdi", "br", "code", "em", "i", "span", "strong"}
UNREAD = {"script", "style", "svg", "textarea", "select", "template", "head", "time"}
VOID = {"br", "hr", "img", "input", "link", "meta"}


class _Reader(HTMLParser):
    """Collect the text of a page's <main>, a block at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = [""]
        self.main, self.unread = 0, 0

    def handle_starttag(self, tag, attrs):
        if tag == "main":
            self.main += 1
        if tag in UNREAD:
            self.unread += 1
        if tag not in INLINE:
            self.blocks.append("")

    def handle_endtag(self, tag):
        if tag == "main":
            self.main -= 1
        if tag in UNREAD:
            self.unread -= 1
        if tag not in INLINE:
            self.blocks.append("")

    def handle_data(self, data):
        if self.main and not self.unread:
            self.blocks[-1] += data


def sentences_of(page: str) -> list[str]:
    """Return the sentences in the <main> of a page: they end like one and have four words or more; labels are none."""
    reader = _Reader()
    reader.feed(page)
    blocks = (" ".join(block.split()) for block in reader.blocks)
    found = (sentence for block in blocks for sentence in SENTENCE_END.split(block))
    return [sentence for sentence in found if len(WORD.findall(sentence)) >= 4 and sentence.endswith(ENDS)]


def syllables(word: str) -> int:
    """Count the syllables of an English word by its vowels: right for most, one too many for some compounds."""
    word = re.sub(r"[^a-z]", "", word.lower())
    word = SILENT.sub("", word)
    return max(1, len(re.findall(r"[aeiouy]+", word)) + len(APART.findall(word)))


def grade(sentences: list[str]) -> float:
    """Return the school grade (U.S.) that reads these sentences with ease."""
    words = [word for sentence in sentences for word in WORD.findall(sentence)]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
