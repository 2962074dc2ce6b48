"""What was typed survives what happens to sessions, cookies and tabs; and nobody else gets it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, fill_intake, log_in, log_out, new_provider

pytestmark = pytest.mark.browser

TEXT = "We count 40 doses.\n\n  The portal says 41."
FILED = re.compile(r"/cases/CS\d{7}/filed/$")


@pytest.fixture
def page(new_page, portal, request):
    """A signed-in provider of the test's own, `page.user_id`."""
    name = re.sub("[^a-z]", "", request.node.name.lower().removeprefix("test_"))[:20].capitalize()
    page = new_provider(new_page, portal, name, PASSWORD)
    page.user_id = f"{name.lower()}.tester"
    return page


def log_in_here(page, user_id):
    page.get_by_label("Help Desk User ID").fill(user_id)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="LOGIN").click()


def submit_and_expect_the_text(page):
    expect(page.get_by_label("DESCRIPTION OF REQUEST")).to_have_value(TEXT)
    expect(page.get_by_label("REQUEST TYPE").locator("option:checked")).to_have_text("Vaccine inventory")
    page.get_by_role("button", name="SUBMIT").click()
    page.wait_for_url(FILED)


def test_expired_session(page):
    fill_intake(page, TEXT)
    page.context.clear_cookies(name="helpdesk_session")
    page.get_by_role("button", name="SUBMIT").click()
    expect(page.get_by_text("You were logged out. Your text is kept")).to_be_visible()
    log_in_here(page, page.user_id)
    submit_and_expect_the_text(page)


def test_missing_csrf_cookie(page):
    fill_intake(page, TEXT)
    page.context.clear_cookies(name="helpdesk_csrf")
    page.get_by_role("button", name="SUBMIT").click()
    submit_and_expect_the_text(page)


def test_login_again_in_another_tab(page):
    fill_intake(page, TEXT)
    other = page.context.new_page()
    other.goto("/")
    log_out(other)
    log_in(other, page.user_id, PASSWORD)
    page.get_by_role("button", name="SUBMIT").click()
    submit_and_expect_the_text(page)


def test_somebody_else_in_another_tab(page, new_page, portal):
    new_provider(new_page, portal, "Stranger", PASSWORD).context.close()
    fill_intake(page, TEXT)
    other = page.context.new_page()
    other.goto("/")
    log_out(other)
    log_in(other, "stranger.tester", PASSWORD)
    page.get_by_role("button", name="SUBMIT").click()
    expect(page.get_by_text("kept for that person")).to_be_visible()
    page.goto("/cases/new/")
    expect(page.get_by_label("DESCRIPTION OF REQUEST")).to_have_value("")
    log_out(page)
    log_in(page, page.user_id, PASSWORD)
    page.goto("/cases/new/")
    submit_and_expect_the_text(page)


def test_double_click_is_one_case(page):
    fill_intake(page, TEXT)
    page.get_by_role("button", name="SUBMIT").dblclick()
    page.wait_for_url(FILED)
    page.goto("/my-lists/?list=all")
    expect(page.get_by_role("main").get_by_role("link", name=re.compile(r"CS\d{7}"))).to_have_count(1)


def test_back_after_logout_shows_nothing(page):
    fill_intake(page, TEXT)
    page.get_by_role("button", name="SUBMIT").click()
    page.wait_for_url(FILED)
    page.get_by_role("main").get_by_role("link", name=re.compile("case", re.IGNORECASE)).first.click()
    expect(page.get_by_role("main")).to_contain_text("We count 40 doses.")
    log_out(page)
    page.go_back()
    page.wait_for_load_state()
    expect(page.locator("body")).not_to_contain_text("We count 40 doses.")
    expect(page.get_by_role("heading", name="Login")).to_be_visible()
