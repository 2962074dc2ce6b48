"""HTML mail becomes plain text. Nothing of it is ever shown as HTML.

The standard library's parser takes minutes for a few kilobytes of broken tags (it is quadratic in Pythons that are in
use), so nh3 mends the HTML first and leaves the few tags that shape a text.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import nh3

from mail.inbox import limits

_SILENT = {"script", "style", "title", "template", "object", "svg", "noscript", "select"}
_BLOCKS = frozenset({"p", "div", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "section", "article"})
_LINES = frozenset({"br", "tr", "li", "dt", "dd", "hr"})
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(r"<[^<>]*>")
_GAP = re.compile(r"\n{3,}")
_MOST_QUOTES = 8


class _Text(HTMLParser):
    """Collect the words; a blockquote's lines begin with `>` as in plain text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._quotes = 0
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "blockquote":
            self._break()
            self._quotes = min(self._quotes + 1, _MOST_QUOTES)
            self._start()
        elif tag in _BLOCKS or tag in _LINES:
            self._break(again=tag == "br")
            if tag == "li":
                self._say("- ")
            self._pre += tag == "pre"
        elif tag in ("td", "th") and self.lines[-1].strip("> "):
            self._say(" | ")
        elif tag == "img":
            alt = (dict(attrs).get("alt") or "").strip()
            if alt:
                self._say(f"[{alt[:80]}]")

    def handle_endtag(self, tag: str) -> None:
        if tag == "blockquote":
            self._break()
            self._quotes = max(self._quotes - 1, 0)
            self._start()
        elif tag in _BLOCKS or tag in ("tr", "li"):
            self._pre = max(self._pre - (tag == "pre"), 0)
            self._break()
            if tag in ("p", "table", "ul", "ol"):
                self._break(again=True)

    def handle_data(self, data: str) -> None:
        if self._pre:
            for number, line in enumerate(data.split("\n")):
                if number:
                    self._break(again=True)
                self.lines[-1] += line
            return
        self._say(_BLANKS.sub(" ", data.replace("\xa0", " ")))

    def _prefix(self) -> str:
        return "> " * self._quotes

    def _say(self, words: str) -> None:
        bare = self.lines[-1] == self._prefix()
        self.lines[-1] += words.lstrip(" ") if bare and words != " | " else words

    def _break(self, *, again: bool = False) -> None:
        """Begin a line, unless the present one is still empty; `again` begins one all the same."""
        if again or self.lines[-1] != self._prefix():
            self.lines.append(self._prefix())

    def _start(self) -> None:
        if self.lines[-1].strip("> "):
            self.lines.append(self._prefix())
        else:
            self.lines[-1] = self._prefix()


def html_to_text(html: str) -> str:
    """Return the words of an HTML text, line by line, quotes marked with `>`; only its beginning is read."""
    cut = html[: limits.HTML]
    if cut.count("<") > limits.TAGS:
        # Tens of thousands of open tags are no letter, and take nh3 quadratic time.
        return _GAP.sub("\n\n", unescape(_TAG.sub("\n", cut))).strip()
    mended = nh3.clean(
        cut,
        tags=_BLOCKS | _LINES | {"blockquote", "td", "th", "img"},
        clean_content_tags=_SILENT,
        attributes={"img": {"alt"}},
        link_rel=None,
    )
    parser = _Text()
    parser.feed(mended)
    parser.close()
    lines = (line.rstrip() for line in parser.lines)
    return _GAP.sub("\n\n", "\n".join(lines)).strip("\n")
