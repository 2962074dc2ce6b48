"""Read an HTML mail as a tree whose nodes know their styles, their ground and their words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "link", "input"}
BLOCKS = {"h1", "p", "li", "td", "div"}


@dataclass
class Node:
    tag: str
    attrs: dict[str, str]
    parent: Node | None
    children: list[Node | str] = field(default_factory=list)

    @property
    def style(self) -> dict[str, str]:
        pairs = (each.partition(":") for each in self.attrs.get("style", "").split(";") if each.strip())
        return {name.strip(): value.replace("!important", "").strip() for name, _colon, value in pairs}

    @property
    def classes(self) -> list[str]:
        return self.attrs.get("class", "").split()

    @property
    def words(self) -> str:
        parts = (child if isinstance(child, str) else f" {child.words} " for child in self.children)
        inside = "".join(parts) if self.tag not in {"a", "strong"} else "".join(parts).strip()
        return re.sub(r"\s+([.,])", r"\1", " ".join(inside.split()))

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def inherited(self, name: str) -> str | None:
        """Return the nearest value of a property on the way up."""
        node: Node | None = self
        while node is not None:
            if name in node.style:
                return node.style[name]
            node = node.parent
        return None

    @property
    def is_leaf_block(self) -> bool:
        inside = [node.tag for node in self.walk()][1:]
        return self.tag in BLOCKS and not BLOCKS.intersection(inside) and "table" not in inside


class Reader(HTMLParser):
    """Builds the tree; `troubles` names tags that close nothing, or that nothing closes."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.root = self._at = Node("", {}, None)
        self.troubles: list[str] = []
        self.feed(html)
        self.close()
        if self._at is not self.root:
            self.troubles.append(f"<{self._at.tag}> is not closed")

    def handle_starttag(self, tag, attrs):
        node = Node(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.children.append(node)
        if tag not in VOID:
            self._at = node

    def handle_endtag(self, tag):
        if tag != self._at.tag:
            self.troubles.append(f"</{tag}> closes <{self._at.tag}>")
        self._at = self._at.parent or self.root

    def handle_data(self, data):
        self._at.children.append(data)


def read(html: str) -> Node:
    return Reader(html).root


def all_of(root: Node, tag: str) -> list[Node]:
    return [node for node in root.walk() if node.tag == tag]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors such as #1a2230 (WCAG 2.2, relative luminance)."""

    def luminance(color: str) -> float:
        red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
