"""Tokens and flat rules become what mail programs understand."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from mail import look
from mail.look import dress, tones

TOKENS = """
/* --ink: #ffffff; */
@font-face { font-family: "X"; src: url("x.woff2"); }
:root { --ink: #111111; --ground: #eeeeee; --words: var(--ink); --gap: 1.5rem; }
@media (prefers-color-scheme: dark) { :root { --ink: #dddddd; } .x { color: red; } }
@media (forced-colors: active) { :root { --ink: CanvasText; } }
"""


@pytest.fixture
def sheets(monkeypatch, tmp_path):
    """Return a function that builds the look from style sheets of the test's own."""
    (tmp_path / "tokens.css").write_text(TOKENS)
    monkeypatch.setattr("mail.look.finders.find", lambda name: tmp_path / "tokens.css")
    caches = (look.tones, look.look, look._inliner)

    def build(mail: str, phone: str = "") -> look.Look:
        sources = {"emails/look.css": mail, "emails/phone.css": phone}
        monkeypatch.setattr("mail.look.loader.render_to_string", sources.__getitem__)
        for each in caches:
            each.cache_clear()
        return look.look()

    yield build
    for each in caches:
        each.cache_clear()


def test_tokens_are_those_of_the_pages():
    assert tones().light["--ink"] != tones().dark["--ink"]
    assert tones().light["--gold"] == tones().dark["--gold"]
    assert tones().light["--space-4"] == "16px"


def test_values_take_the_place_of_tokens(sheets):
    built = sheets("p { /* why */ color: var(--words); padding: 0 var(--gap); }")
    assert built.light == "p { color: #111111; padding: 0 24px; }"
    assert dress("<p>Hello</p>").count('<p style="color: #111111;padding: 0 24px;">Hello</p>') == 1


def test_dark_rules_hold_what_changes_and_outweigh_style_attributes(sheets):
    built = sheets("p { color: var(--words); margin: 0; } td { background-color: var(--ground); }")
    assert built.dark == "p { color: #dddddd !important; }"
    assert built.dark_rules == "@media (prefers-color-scheme: dark) { p { color: #dddddd !important; } }"
    assert built.outlook_rules == "[data-ogsc] p, [data-ogsb] p { color: #dddddd !important; }"


def test_phone_rules_outweigh_style_attributes(sheets):
    built = sheets("p { margin: 0; }", "p { margin: var(--gap); }")
    assert built.phone == "@media (max-width: 480px) { p { margin: 24px !important; } }"


def test_unknown_token_is_named(sheets):
    with pytest.raises(ImproperlyConfigured, match="--inck"):
        sheets("p { color: var(--inck); }")


def test_missing_tokens_are_said(sheets, monkeypatch):
    monkeypatch.setattr("mail.look.finders.find", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match="no static file"):
        sheets("p { color: var(--ink); }")
