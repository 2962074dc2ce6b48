"""Every state of every page, held against WCAG 2.2 AA and against what a browser is served."""

from __future__ import annotations

import json
import math
import os
import re
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.urls import URLResolver, get_resolver, resolve

from tests.browser.looks import CHECKS, Gallery, Validator, ask_lighthouse, record, record_tools, slug
from tests.browser.portal import ROOT, chromium_path, running_portal
from tests.browser.rows import LONG_CLINIC
from tests.browser.states import ANYBODY, NO_PAGE, STATES, State
from tests.browser.weight import KB, PADDING, first_and_repeat
from tests.spanish import english_on

FAULTY = ROOT / "tests/browser/faulty.html"
# What is a name stays as it is.
NAMES = (
    "Generic Vaccine Provider",
    "English",
    "CVMS Provider Portal 202",
    "Birch Clinic",
    "Storage and shipments",
    LONG_CLINIC,
)
ROWS = "from tests.browser.rows import make; make()"


WEIGHED = ("Home", "Register", "Login", "Intake", "MY LISTS: all", "Case: awaiting your reply")
JUDGED = ("Home", "Register", "Intake", "MY LISTS: all", "Case: awaiting your reply")


def of(names: tuple[str, ...]) -> list[State]:
    return [state for name in names for state in STATES if state.name == name]


@pytest.fixture(scope="module")
def gallery(browser, prepared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    # In demo mode without a mail server mail goes to the mailbox, whose pages are looked at too.
    environment = {"DJANGO_SETTINGS_MODULE": "tests.browser.settings_for_looks", "EMAIL_URL": "mailbox://"}
    with running_portal(folder, prepared, **environment) as portal:
        people = json.loads(portal.manage("shell", "--verbosity=0", "-c", ROWS).splitlines()[-1])
        gallery = Gallery(browser, portal, Validator(), people)
        record_tools(os.environ.get("MEASUREMENTS"))
        yield gallery
        gallery.close()


@pytest.mark.browser
@pytest.mark.looks
@pytest.mark.parametrize(
    ("state", "language"),
    [
        pytest.param(state, language, id=f"{slug(state.name)}-{language}")
        for state in STATES
        for language, _name in settings.LANGUAGES
        if language == settings.LANGUAGE_CODE or not state.is_english
    ],
)
def test_state(state, language, gallery):
    complaints = gallery.measure(state, language)
    record(
        os.environ.get("MEASUREMENTS"),
        f"states/{language}",
        STATES.index(state),
        {
            "name": state.name,
            "who": state.who,
            "passed": [check for check, found in complaints.items() if not found],
        },
    )
    assert not any(complaints.values()), "\n".join(
        f"{check}: {each}" for check, found in complaints.items() for each in found
    )
    # The mails of the mailbox are to people who chose no language.
    if language == "es" and not state.name.startswith("Mailbox"):
        assert english_on(gallery.pages[state.who].content(), names=NAMES) == []


@pytest.mark.browser
@pytest.mark.looks
@pytest.mark.parametrize("state", of(WEIGHED), ids=lambda state: slug(state.name))
def test_weight(state, gallery):
    context = gallery.newcomer_as(state.who, after="" if state.who == ANYBODY else "/login/")
    first, again = first_and_repeat(context, gallery.address_of(state))
    context.close()
    figures = {
        "first": math.ceil(first.total / KB),
        "first_without_font": math.ceil(first.rest / KB),
        "requests": len(first.requests),
        "again": math.ceil(again.total / KB),
    }
    record(os.environ.get("MEASUREMENTS"), "weights", WEIGHED.index(state.name), {"name": state.name, **figures})
    if state.who == ANYBODY:
        assert first.total <= 65 * KB + PADDING, figures
        assert first.rest <= 12 * KB + PADDING, figures
        assert len(first.requests) <= 5, first.requests
    else:
        assert first.total <= 8 * KB, figures
    assert again.total <= 8 * KB, figures
    assert (first.shift, again.shift) == (0, 0)


@pytest.mark.browser
@pytest.mark.looks
def test_lighthouse(gallery):
    found = ask_lighthouse(gallery, of(JUDGED), chromium_path())
    for number, page in enumerate(found):
        record(os.environ.get("MEASUREMENTS"), "lighthouse", number, page)
    addresses = [urlsplit(page["address"]).path for page in found]
    assert addresses == [gallery.address_of(state).partition("?")[0] for state in of(JUDGED)]
    assert [page for page in found if page["accessibility"] != 100] == []


@pytest.mark.browser
@pytest.mark.looks
def test_every_check_can_fail(browser):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(FAULTY.as_uri())
    gallery = Gallery(browser, None, Validator(), {})
    complaints = gallery.complaints_about(page, FAULTY.read_text(), CHECKS)
    gallery.close()
    context.close()
    assert [check for check, found in complaints.items() if not found] == []


def addresses(resolver: URLResolver | None = None, prefix: str = ""):
    """Yield the name of each address, with its app's."""
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLResolver):
            if each.namespace != "admin":
                yield from addresses(each, f"{each.namespace}:" if each.namespace else prefix)
        else:
            yield f"{prefix}{each.name}" if each.name else str(each.pattern).rstrip("/")


def lands_on(state) -> str:
    """Return the name of the address that a line of the table shows."""
    if state.lands or "{link}" in state.address or state.address.startswith(("/no/", "/fail/", "/show/", "/admin/")):
        return state.lands
    path = re.sub(r"{\w+}", "CS0000001", state.address).partition("?")[0]
    return resolve(path).view_name


def test_every_address_has_its_line():
    assert set(addresses()) - {lands_on(state) for state in STATES} - NO_PAGE == set(), "Add a line to states.py"


def test_every_line_has_a_name_of_its_own():
    assert len({slug(state.name) for state in STATES}) == len(STATES)
