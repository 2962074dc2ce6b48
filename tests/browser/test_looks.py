"""Every state of every page, held against WCAG 2.2 AA and against what a browser is served."""

from __future__ import annotations

import json
import os
import re

import pytest
from django.urls import URLResolver, get_resolver, resolve

from tests.browser.looks import Gallery, Validator, record, slug
from tests.browser.portal import ROOT, running_portal
from tests.browser.states import NO_PAGE, STATES

FAULTY = ROOT / "tests/browser/faulty.html"
ROWS = "from tests.browser.rows import make; make()"


@pytest.fixture(scope="module")
def gallery(browser, prepared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    # In demo mode without a mail server mail goes to the mailbox, whose pages are looked at too.
    settings = {"DJANGO_SETTINGS_MODULE": "tests.browser.settings_for_looks", "EMAIL_URL": "mailbox://"}
    with running_portal(folder, prepared, **settings) as portal:
        people = json.loads(portal.manage("shell", "--verbosity=0", "-c", ROWS).splitlines()[-1])
        gallery = Gallery(browser, portal, Validator(), people)
        yield gallery
        gallery.close()


@pytest.mark.browser
@pytest.mark.looks
@pytest.mark.parametrize("state", STATES, ids=lambda state: slug(state.name))
def test_state(state, gallery):
    complaints = gallery.measure(state)
    record(
        os.environ.get("MEASUREMENTS"),
        "states",
        state.name,
        {"who": state.who, "passed": [check for check, found in complaints.items() if not found]},
    )
    assert not any(complaints.values()), "\n".join(
        f"{check}: {each}" for check, found in complaints.items() for each in found
    )


@pytest.mark.browser
@pytest.mark.looks
def test_every_check_can_fail(browser):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(FAULTY.as_uri())
    gallery = Gallery(browser, None, Validator(), {})
    complaints = gallery.complaints_about(page, FAULTY.read_text())
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
