"""Files in a real browser: chosen without script, refused with words, saved under their names, removed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, fill_intake, inspect, log_in, new_provider
from tests.browser.portal import ADMINISTRATOR
from tests.cases.sample_files import PDF, PNG

pytestmark = pytest.mark.browser

NAME = "Lot report – März.pdf"


def upload(name: str, data: bytes) -> dict:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def saved(page: Page, name: str) -> tuple[str, bytes]:
    """Follow the link of a file and return what the browser saves, and under which name."""
    with page.expect_download() as download:
        page.get_by_role("link", name=name, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_files_from_the_form_to_the_agent_and_away(new_page, portal):
    provider = new_provider(new_page, portal, "Fatima", PASSWORD)
    plain = new_page(script=False)
    log_in(plain, "fatima.tester", PASSWORD)
    fill_intake(plain, "The report is attached.")
    plain.get_by_label("Files (optional)").set_input_files([upload(NAME, PDF), upload("setup.exe", b"MZ")])
    plain.get_by_role("button", name="SUBMIT").click()
    expect(plain.get_by_role("link", name=re.compile("“setup.exe” is of a kind that is not taken"))).to_be_visible()
    expect(plain.get_by_label("DESCRIPTION OF REQUEST")).to_have_value("The report is attached.")
    plain.get_by_label("Files (optional)").set_input_files([upload(NAME, PDF), upload("label.png", PNG)])
    plain.get_by_role("button", name="SUBMIT").click()
    plain.wait_for_url(re.compile(r"/cases/CS\d{7}/filed/$"))
    path = plain.url.removesuffix("filed/")

    provider.goto(path)
    inspect(provider, "Vaccine inventory")
    assert saved(provider, NAME) == (NAME, PDF)
    provider.get_by_label("Files (optional)").set_input_files([upload("empty.pdf", b"")])
    provider.get_by_label("Add information").fill("One more.")
    provider.get_by_role("button", name="Send to the Help Desk").click()
    expect(provider.get_by_text("“empty.pdf” is empty.").last).to_be_visible()
    inspect(provider, "There is a problem")

    agent = new_page()
    log_in(agent, *ADMINISTRATOR)
    number = int(re.search(r"CS([0-9]{7})", path)[1])
    agent.goto(f"/admin/cases/case/{number}/change/")
    inspect(agent, "Thread")
    assert saved(agent, "label.png") == ("label.png", PNG)
    agent.get_by_role("link", name=f"Remove this file {NAME}").click()
    inspect(agent, "The file")
    agent.get_by_label("Reason").fill("patient data")
    agent.get_by_role("button", name="Remove for good").click()
    expect(agent.get_by_text("The file was removed.")).to_be_visible()
    expect(agent.get_by_text(NAME)).to_have_count(0)

    provider.goto(path)
    expect(provider.get_by_text(re.compile("A file was removed by the Help Desk on .*: patient data"))).to_be_visible()
    expect(provider.get_by_text(NAME)).to_have_count(0)
