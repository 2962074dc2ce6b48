"""What is measured of every page, in one visit."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from tests.browser.portal import CHROMIUM_FLAGS, ROOT, Portal
from tests.browser.states import ANYBODY, State

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
WIDE, ZOOMED, NARROW = (1280, 900), (640, 450), (320, 640)
REQUEST_TYPES = import_module("cases.migrations.0007_spanish").NAMES
SCRIPT = (ROOT / "tests/browser/looks.js").read_text(encoding="utf-8")
# What axe cannot decide, and why it is all right: rule, part of the element's HTML, reason.
EXPLAINED: tuple[tuple[str, str, str], ...] = (
    ("color-contrast", "<select", "Its arrow is a gradient beside the words, which have the colors of a text field."),
    ("color-contrast", 'id="session-warning-text"', "It lies on the one color of its dialog, above the page."),
    ("frame-tested", 'class="mailbox-frame"', "The frame shows a mail, which is no page of the portal."),
)


class Validator:
    """html-validate in a process of its own, asked page by page."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["node", "html.mjs"], cwd=ROOT / "tests/node", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def complaints(self, html: str) -> list[str]:
        self.process.stdin.write(json.dumps(html) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=10)


def axe(page: Page, **options) -> list[str]:
    """Return what axe finds wrong, and what it cannot decide and nobody has explained."""
    found = Axe().run(page, options={"resultTypes": ["violations", "incomplete"], **options}).response
    return [
        f"{rule['id']}{'' if kind == 'violations' else ' (undecided)'}: {node['html'][:160]} {messages(node)}"
        for kind in ("violations", "incomplete")
        for rule in found[kind]
        for node in rule["nodes"]
        if kind == "violations" or not is_explained(rule["id"], node["html"])
    ]


def messages(node: dict) -> str:
    return " ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])


def is_explained(rule: str, html: str) -> bool:
    return any(rule == explained and part in html for explained, part, _reason in EXPLAINED)


@dataclass
class Gallery:
    """A portal with its people, looked at by each of them in a browser of their own."""

    browser: Browser
    portal: Portal
    validator: Validator
    people: dict
    pages: dict[str, Page] = field(default_factory=dict)
    answers: dict[str, Response] = field(default_factory=dict)

    def page_of(self, who: str, language: str) -> Page:
        """Return the page of a person, signed in afresh."""
        if who not in self.pages:
            context = self.browser.new_context(base_url=self.portal.url, reduced_motion="reduce")
            context.set_default_timeout(15_000)
            self.pages[who] = context.new_page()
            self.pages[who].on("response", lambda response: self._note(who, response))
        page = self.pages[who]
        self._sign_in(page.context, who)
        page.context.add_cookies([{"name": "helpdesk_language", "value": language, "url": self.portal.url}])
        return page

    def address_of(self, state: State) -> str:
        return state.address.format(link=self.people["link"], **self.people["numbers"])

    def newcomer_as(self, who: str, *, after: str = "") -> BrowserContext:
        """Return a browser that was never here, or only on one page for everybody, and yet is signed in; close it."""
        context = self.browser.new_context(base_url=self.portal.url)
        if after:
            page = context.new_page()
            page.goto(after, wait_until="networkidle")
            page.close()
        self._sign_in(context, who)
        return context

    def _note(self, who: str, response: Response) -> None:
        if response.request.is_navigation_request() and response.frame == self.pages[who].main_frame:
            self.answers[who] = response

    def cookie(self, who: str) -> dict[str, str] | None:
        """Return the cookie that signs a person in."""
        if who == ANYBODY:
            return None
        host = urlsplit(self.portal.url).hostname
        value = self.people["sessions"][who]
        return {"name": self.people["cookie"], "value": value, "domain": host, "path": "/"}

    def _sign_in(self, context: BrowserContext, who: str) -> None:
        context.clear_cookies()
        if cookie := self.cookie(who):
            context.add_cookies([cookie])

    def reach(self, state: State, language: str) -> Page:
        """Bring the page into a state, proven by its status, its language and its heading."""
        page = self.page_of(state.who, language)
        page.unroute_all(behavior="ignoreErrors")
        resize(page, WIDE)
        page.goto(self.address_of(state))
        if state.do:
            state.do(page)
        expect(page.get_by_role("heading", name=in_language(state.heading, language)).first).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.wait_for_load_state()
        status = self.answers[state.who].status
        assert status == state.status, f"{page.url} answers {status}"
        return page

    def measure(self, state: State, language: str) -> dict[str, list[str]]:
        """Return the complaints of each check about a state; in other languages of those that words can change."""
        page = self.reach(state, language)
        checks = CHECKS if language == "en" else {name: CHECKS[name] for name in OF_WORDS}
        return self.complaints_about(page, self.answers[state.who].text(), checks)

    def complaints_about(self, page: Page, source: str, checks: dict[str, Check]) -> dict[str, list[str]]:
        """Return what each check finds wrong with a page, and with the HTML that it was served as."""
        page.evaluate(SCRIPT)
        # From here on the browser shows the focus as it does for people with a keyboard.
        page.keyboard.press("Tab")
        page.evaluate("document.activeElement.blur()")
        return {check: [f"{page.url}: {each}" for each in look(self, page, source)] for check, look in checks.items()}

    def close(self) -> None:
        for page in self.pages.values():
            page.context.close()
        self.validator.close()


def in_language(heading: str, language: str) -> str:
    """Return a heading as it reads in a language: a message, a request type, or the first word of a sentence."""
    if language == "en":
        return heading
    known = {"Terms & Conditions": "Términos y condiciones", "Withdraw": "Retirar", **REQUEST_TYPES}
    with translation.override(language):
        return known.get(heading) or translation.gettext(heading) if heading else ""


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def at(page: Page, size: tuple[int, int], *names: str) -> list[str]:
    resize(page, size)
    complaints = [f"{each} ({size[0]} px)" for name in names for each in page.evaluate(f"looks.{name}()")]
    resize(page, WIDE)
    return complaints


def rules(gallery: Gallery, page: Page, source: str) -> list[str]:
    return axe(page, runOnly=TAGS)


def dark(gallery: Gallery, page: Page, source: str) -> list[str]:
    page.emulate_media(color_scheme="dark")
    complaints = axe(page, runOnly=["color-contrast", "link-in-text-block"])
    page.emulate_media(color_scheme="light")
    return complaints


def forced_colors(gallery: Gallery, page: Page, source: str) -> list[str]:
    page.emulate_media(forced_colors="active")
    complaints = [*page.evaluate("looks.edges()"), *page.evaluate("looks.focus()")]
    page.emulate_media(forced_colors="none")
    return complaints


def valid_html(gallery: Gallery, page: Page, source: str) -> list[str]:
    return gallery.validator.complaints(source)


def without_script(gallery: Gallery, page: Page, source: str) -> list[str]:
    return page.evaluate("source => looks.served(source)", source)


Check = Callable[[Gallery, Page, str], list[str]]
CHECKS: dict[str, Check] = {
    "rules": rules,
    "dark": dark,
    "forced_colors": forced_colors,
    "html": valid_html,
    "focus": lambda gallery, page, source: [*at(page, WIDE, "focus"), *at(page, NARROW, "focus")],
    "targets": lambda gallery, page, source: [*at(page, WIDE, "targets"), *at(page, NARROW, "targets")],
    "reflow": lambda gallery, page, source: [
        *at(page, WIDE, "losses"),
        *at(page, ZOOMED, "reflow", "losses"),
        *at(page, NARROW, "reflow", "losses"),
    ],
    "spacing": lambda gallery, page, source: [*at(page, WIDE, "spacing"), *at(page, NARROW, "spacing")],
    "motion": lambda gallery, page, source: page.evaluate("looks.motion()"),
    "without_script": without_script,
}
OF_WORDS = ("rules", "html", "targets", "reflow", "spacing")


def ask_lighthouse(gallery: Gallery, states: Iterable[State], chromium: str) -> list[dict]:
    """Return what Lighthouse says of pages: see lighthouse.mjs."""
    asked = [
        {
            "name": state.name,
            "url": gallery.portal.url + gallery.address_of(state),
            "cookie": gallery.cookie(state.who),
        }
        for state in states
    ]
    done = subprocess.run(
        ["node", "lighthouse.mjs"],
        cwd=ROOT / "tests/node",
        env=os.environ | {"CHROME_PATH": chromium, "CHROMIUM_FLAGS": json.dumps(CHROMIUM_FLAGS)},
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def record(folder: str | None, kind: str, number: int, result: dict) -> None:
    """Leave a measurement for `manage.py write_accessibility_report`, where one was asked for."""
    if folder:
        path = Path(folder) / kind / f"{number:03d}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result), encoding="utf-8")


def record_tools(folder: str | None) -> None:
    """Leave the versions of what measures."""
    if folder:
        pinned = json.loads((ROOT / "tests/node/package.json").read_text(encoding="utf-8"))["devDependencies"]
        axe_core = re.search(r"axe v([\d.]+)", Axe().axe_script)[1]
        tools = {"axe-core": axe_core, "html-validate": pinned["html-validate"], "Lighthouse": pinned["lighthouse"]}
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / "tools.json").write_text(json.dumps(tools), encoding="utf-8")
