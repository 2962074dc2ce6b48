"""How HTML mails look: `emails/look.css` and `emails/phone.css`, with the tokens of the portal's own pages.

Mail programs know no custom properties, and several read no <style>: values take the place of tokens, and rules go
into style attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from css_inline import CSSInliner
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from django.template import loader

TOKENS = "css/tokens.css"
PX_PER_REM = 16

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_DARK = re.compile(r"@media \(prefers-color-scheme: dark\)\s*\{((?:[^{}]*\{[^{}]*\})*)\s*\}")
_AT_RULE = re.compile(r"@[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_TOKEN = re.compile(r"(--[\w-]+)\s*:\s*([^;]+);")
_VAR = re.compile(r"var\((--[\w-]+)\)")
_REM = re.compile(r"(\d*\.?\d+)rem\b")

Tokens = dict[str, str]
Rule = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Tones:
    """The tokens by name, as a reader in the light and one in the dark sees them."""

    light: Tokens
    dark: Tokens


@dataclass(frozen=True)
class Look:
    """What every HTML mail is dressed with.

    `light` goes into style attributes; `phone` and `dark` are for <style>, which overrules those.
    """

    light: str
    phone: str
    dark: str

    @property
    def dark_rules(self) -> str:
        return f"@media (prefers-color-scheme: dark) {{ {self.dark} }}"

    @property
    def outlook_rules(self) -> str:
        """The dark rules for Outlook.com, which marks what it darkens itself instead of asking a media query."""
        return " ".join(
            f"[data-ogsc] {selector}, [data-ogsb] {selector} {{ {' '.join(declarations)} }}"
            for selector, declarations in _rules(self.dark)
        )


@cache
def tones() -> Tones:
    """Read the tokens from the style sheet that pages use, once a process."""
    path = finders.find(TOKENS)
    if path is None:
        raise ImproperlyConfigured(f"There is no static file {TOKENS}, so mails have no colors.")
    css = _COMMENT.sub("", Path(path).read_text(encoding="utf-8"))
    light = _tokens(_AT_RULE.sub("", css))
    dark = light | _tokens(" ".join(_DARK.findall(css)))
    return Tones({name: _in_px(light[name]) for name in light}, {name: _in_px(dark[name]) for name in dark})


@cache
def look() -> Look:
    """Build the style sheets of mail, once a process."""
    rules = list(_rules(loader.render_to_string("emails/look.css")))
    narrow = _rules(loader.render_to_string("emails/phone.css"))
    return Look(
        light=_sheet(rules, tones().light),
        phone=f"@media (max-width: 480px) {{ {_sheet(_overruling(narrow), tones().light)} }}",
        dark=_sheet(_overruling(_changing(rules)), tones().dark),
    )


@cache
def _inliner() -> CSSInliner:
    return CSSInliner(
        inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False, extra_css=look().light
    )


def dress(html: str) -> str:
    """Write the rules of `emails/look.css` into the style attributes of a whole document."""
    return _inliner().inline(html)


def _tokens(css: str) -> Tokens:
    return {
        name: value.strip()
        for selector, body in _RULE.findall(css)
        if selector.strip() == ":root"
        for name, value in _TOKEN.findall(body)
    }


def _in_px(value: str) -> str:
    return _REM.sub(lambda size: f"{float(size[1]) * PX_PER_REM:g}px", value)


def _rules(css: str) -> Iterator[Rule]:
    """Yield selector and declarations of a flat style sheet."""
    for selector, body in _RULE.findall(_COMMENT.sub("", css)):
        yield selector.strip(), tuple(f"{each.strip()};" for each in body.split(";") if each.strip())


def _overruling(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Yield rules that weigh more than a style attribute."""
    for selector, declarations in rules:
        yield selector, tuple(f"{each.removesuffix(';')} !important;" for each in declarations)


def _changing(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Yield of each rule what the dark changes."""
    for selector, declarations in rules:
        changed = tuple(each for each in declarations if _put(each, tones().light) != _put(each, tones().dark))
        if changed:
            yield selector, changed


def _put(declaration: str, tokens: Tokens) -> str:
    """Put values in place of tokens. Raises ImproperlyConfigured for a token that the pages do not know."""
    while name := _VAR.search(declaration):
        if name[1] not in tokens:
            raise ImproperlyConfigured(f"{TOKENS} has no token {name[1]}, which a mail is to be dressed with.")
        declaration = declaration.replace(name[0], tokens[name[1]])
    return declaration


def _sheet(rules: Iterable[Rule], tokens: Tokens) -> str:
    return " ".join(
        f"{selector} {{ {' '.join(_put(each, tokens) for each in declarations)} }}" for selector, declarations in rules
    )
