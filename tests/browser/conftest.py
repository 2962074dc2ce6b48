"""A running portal, a real browser, and what every journey does in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser.portal import CHROMIUM_FLAGS, Portal, chromium_path, prepare_portal, running_portal

PASSWORD = "velvet harbor tractor 59"
# Two journeys share one machine with the portals' own processes.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    return prepare_portal(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="module")
def portal(prepared, tmp_path_factory):
    with running_portal(tmp_path_factory.mktemp("portal"), prepared) as portal:
        yield portal


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a Chromium. Playwright's event loop must be gone before Django touches its database again."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(),
            args=CHROMIUM_FLAGS,
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser():
    """One Chromium a module."""
    with chromium() as browser:
        yield browser


@contextmanager
def open_pages(browser: Browser, portal: Portal) -> Iterator[Callable[..., Page]]:
    """Give a function that opens the portal in a browser of its own, with or without script."""
    contexts = []
    complaints: list[str] = []

    def listen(message) -> None:
        # An error without an address is axe's own: it copies imported style sheets, and CSP stops that.
        if message.type == "error" and message.location["url"]:
            complaints.append(message.text)

    def open_page(*, script: bool = True, width: int = 1280, locale: str = "en-US") -> Page:
        context = browser.new_context(
            base_url=portal.url,
            java_script_enabled=script,
            viewport={"width": width, "height": 900},
            locale=locale,
            reduced_motion="reduce",  # a color that fades would be measured on its way
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    unexpected = [text for text in complaints if not re.search("status of (4|503)", text)]
    assert not unexpected, unexpected


@pytest.fixture
def new_page(browser, portal):
    """Return a function that opens the portal in a browser of the test's own."""
    with open_pages(browser, portal) as open_page:
        yield open_page


def assert_accessible(page: Page) -> None:
    """axe finds nothing against WCAG 2.2 AA, and the page does not scroll sideways at 320 px."""
    results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert results.violations_count == 0, f"{page.url}: {results.generate_report()}"
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 800})
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(size)
    assert wide <= 320, f"{page.url} is {wide} px wide at 320 px"


def log_in(page: Page, user_id: str, password: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="LOGIN", exact=True).click()
    page.get_by_label("Help Desk User ID").fill(user_id)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="LOGIN").click()
    # A test that went on to another page at once would break the login off.
    expect(page.get_by_role("button", name="LOGOUT")).to_be_visible()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="LOGOUT").click()
    expect(page.get_by_role("link", name="LOGIN", exact=True)).to_be_visible()


def credentials_in(mail: str) -> tuple[str, str]:
    """Return the Help Desk User ID and the temporary password that a mail carries."""
    return (
        re.search(r"Help Desk User ID: (\S+)", mail)[1],
        re.search(r"Temporary password: (\S+)", mail)[1],
    )


def set_permanent_password(page: Page, password: str) -> None:
    expect(page.get_by_role("heading", name="Set a permanent password")).to_be_visible()
    page.get_by_label("Permanent password", exact=True).fill(password)
    page.get_by_label("Permanent password again", exact=True).fill(password)
    terms = page.get_by_label("I accept the Terms & Conditions")
    if terms.count():
        terms.check()
    page.get_by_role("button", name="SAVE PASSWORD").click()
    expect(page.get_by_text("Your permanent password is set")).to_be_visible()


def new_provider(new_page, portal: Portal, first_name: str, password: str) -> Page:
    """Return the signed-in page of a new provider."""
    assert password == PASSWORD, "The clerk gives everybody the same."
    page = new_page()
    session = portal.session_of_new_provider(first_name)
    page.context.add_cookies([{"name": "helpdesk_session", "value": session, "url": portal.url}])
    page.goto("/")
    expect(page.get_by_role("button", name="LOGOUT")).to_be_visible()
    return page


def fill_intake(page: Page, description: str) -> None:
    """Fill the intake form without sending it."""
    page.goto("/cases/new/")
    primary = page.get_by_label("Name of your primary Provider Organization")
    if primary.count():
        primary.fill("Riverside Clinic")
    page.get_by_label("REQUEST TYPE").select_option(label="Vaccine inventory")
    page.get_by_label("DESCRIPTION OF REQUEST").fill(description)


def inspect(page: Page, heading: str | re.Pattern = "") -> None:
    """Hold the page against WCAG, in the dark its colors alone; `heading` proves that it is the page meant."""
    if heading:
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
    else:
        # What was pressed may lead on to another page.
        page.wait_for_load_state("networkidle")
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    results = Axe().run(page, options={"runOnly": ["color-contrast", "link-in-text-block"]})
    page.emulate_media(color_scheme="light")
    assert results.violations_count == 0, f"{page.url} in the dark: {results.generate_report()}"


def has_focus(control: Locator) -> bool:
    return control.evaluate("element => element === document.activeElement")


def tab_to(page: Page, control: Locator, stops: int = 40) -> None:
    """Press Tab until the control has the focus; each stop on the way must be seen to have it."""
    for _stop in range(stops):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            """() => {
                const element = document.activeElement;
                const style = getComputedStyle(element);
                const box = element.getBoundingClientRect();
                return {
                    element: element.outerHTML.slice(0, 200),
                    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
                    visible: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
                };
            }"""
        )
        assert focus["outline"] > 0, focus
        assert focus["visible"], focus
        if has_focus(control):
            return
    raise AssertionError(f"Tab does not reach {control}")


def file_case(page: Page, description: str) -> str:
    """File a case and return its case ID."""
    fill_intake(page, description)
    page.get_by_role("button", name="SUBMIT").click()
    page.wait_for_url(re.compile(r"/cases/CS\d{7}/filed/$"))
    return re.search(r"CS\d{7}", page.url)[0]


def new_staff(administrator: Page, new_page, portal: Portal, first_name: str, role: str, password: str) -> Page:
    """An administrator makes a staff account; return its signed-in page."""
    email = f"{first_name.lower()}@helpdesk.example.org"
    administrator.goto("/admin/accounts/user/add/")
    administrator.get_by_label("First name").fill(first_name)
    administrator.get_by_label("Last name").fill("Tester")
    administrator.get_by_label("Business email").fill(email)
    administrator.get_by_label("Role").select_option(role)
    administrator.get_by_role("button", name="Save", exact=True).click()
    page = new_page()
    log_in(page, *credentials_in(portal.postbox.wait_for(email, "temporary password")))
    set_permanent_password(page, password)
    return page
