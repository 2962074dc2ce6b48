"""What a look at a page cannot tell: journeys by keyboard alone, where the focus goes, what is announced."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    PASSWORD,
    new_provider,
    tab_to,
)

pytestmark = pytest.mark.browser

FILED = re.compile(r"/cases/CS\d{7}/filed/$")


def test_a_case_by_keyboard_alone(new_page, portal):
    new_provider(new_page, portal, "Kim", PASSWORD).context.close()
    page = new_page()
    page.goto("/")
    tab_to(page, page.get_by_role("link", name="LOGIN", exact=True))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Login")).to_be_visible()
    tab_to(page, page.get_by_label("Help Desk User ID"))
    page.keyboard.type("kim.tester")
    tab_to(page, page.get_by_label("Password", exact=True))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="LOGOUT")).to_be_visible()
    tab_to(page, page.get_by_role("link", name="VACCINE PROVIDER"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Submit a Help Desk case")).to_be_visible()
    tab_to(page, page.get_by_label("Name of your primary Provider Organization"))
    page.keyboard.type("Riverside Clinic")
    tab_to(page, page.get_by_label("REQUEST TYPE"))
    page.keyboard.type("Vaccine inv")
    tab_to(page, page.get_by_label("DESCRIPTION OF REQUEST"))
    page.keyboard.type("We count 40 doses.")
    tab_to(page, page.get_by_role("button", name="SUBMIT"))
    page.keyboard.press("Space")
    page.wait_for_url(FILED)

    tab_to(page, page.get_by_role("link", name="See the case"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Vaccine inventory")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("We count 40 doses.")


def test_skip_link_leads_past_the_ribbon(new_page):
    page = new_page()
    page.goto("/register/")
    tab_to(page, page.get_by_role("link", name="Skip to main content"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_focus_is_on_the_error_summary_and_its_links_lead_to_the_fields(new_page):
    page = new_page()
    page.goto("/register/")
    page.get_by_role("button", name="REGISTER").click()
    expect(page.locator(".error-summary")).to_be_focused()
    tab_to(page, page.get_by_role("link", name="Enter your last name"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Last name")).to_be_focused()


def test_show_password_toggles_and_is_announced(new_page):
    page = new_page()
    page.goto("/login/")
    password = page.get_by_label("Password", exact=True)
    password.fill("typed by hand")
    tab_to(page, page.get_by_role("button", name="Show Password"))
    announced = page.locator(".password-reveal [aria-live=polite]")
    expect(announced).to_be_empty()

    page.keyboard.press("Space")
    expect(password).to_have_attribute("type", "text")
    expect(announced).to_have_text("Your password is shown")
    page.get_by_role("button", name="Hide Password").press("Enter")
    expect(password).to_have_attribute("type", "password")
    expect(announced).to_have_text("Your password is hidden")
    expect(password).to_have_value("typed by hand")
