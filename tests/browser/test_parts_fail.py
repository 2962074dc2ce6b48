"""A part of the portal goes away in mid-work and comes back: the person is told, nothing is lost."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, fill_intake, new_provider

pytestmark = pytest.mark.browser

FILED = re.compile(r"/cases/CS\d{7}/filed/$")


@pytest.fixture(autouse=True)
def _all_parts_back(portal):
    yield
    for gate in portal.gates.values():
        gate.open()
    portal.wait_until_ready()


def submit_within(page, seconds: float) -> str:
    """Press SUBMIT and return the case ID, which must be there in time."""
    started = time.monotonic()
    page.get_by_role("button", name="SUBMIT").click()
    page.wait_for_url(FILED, wait_until="commit")
    took = time.monotonic() - started
    assert took < seconds, f"SUBMIT took {took:.2f} s"
    return re.search(r"CS\d{7}", page.url)[0]


@pytest.mark.parametrize("how", ["shut", "silence"])
@pytest.mark.parametrize("part", ["mail", "broker"])
def test_case_id_comes_at_once_and_the_mail_when_the_part_is_back(new_page, portal, part, how):
    if part not in portal.gates:
        pytest.skip("The memory broker is inside the web process.")
    name = f"{part}{how}".capitalize()
    page = new_provider(new_page, portal, name, PASSWORD)
    fill_intake(page, "Nothing arrived.")
    getattr(portal.gates[part], how)()
    # A request that waited for either part would take its time-out, two seconds or more.
    case_id = submit_within(page, seconds=1.9)
    time.sleep(3)
    portal.gates[part].open()
    portal.postbox.wait_for(f"{name.lower()}@clinic.example.org", case_id, seconds=90)


def test_database_away_gives_the_text_back(new_page, portal):
    if "database" not in portal.gates:
        pytest.skip("SQLite is no server that could go away.")
    page = new_provider(new_page, portal, "Database", PASSWORD)
    fill_intake(page, "We count 40 doses.")
    portal.gates["database"].shut()
    page.get_by_role("button", name="SUBMIT").click()
    expect(page.get_by_role("main")).to_contain_text("nothing was stored", ignore_case=True)
    portal.gates["database"].open()
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url(FILED)
    case_id = re.search(r"CS\d{7}", page.url)[0]
    portal.postbox.wait_for("database@clinic.example.org", case_id, seconds=90)
