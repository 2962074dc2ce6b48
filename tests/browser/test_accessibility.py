"""WCAG 2.2 AA where the guide does not lead: errors, dead ends; light, dark, and by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    ADMINISTRATOR,
    PASSWORD,
    file_case,
    fill_intake,
    inspect,
    log_in,
    new_provider,
    new_staff,
    set_permanent_password,
    tab_to,
)

pytestmark = pytest.mark.browser

FILED = re.compile(r"/cases/CS\d{7}/filed/$")
PROVIDER_TABS = ("awaiting", "open", "resolved", "all")
STAFF_TABS = ("mine", "unassigned", "awaiting", "open", "all")


def visit(page: Page, address: str, heading: str | re.Pattern = "") -> None:
    page.goto(address)
    inspect(page, heading)


def refuse(page: Page, button: str) -> None:
    """Send a form that must come back with its errors."""
    page.get_by_role("main").get_by_role("button", name=button, exact=True).click()
    inspect(page, "There is a problem")


def test_pages_for_everybody(new_page):
    page = new_page()
    visit(page, "/terms/", "Terms & Conditions")
    visit(page, "/set-password/MQ/no-such-token/", "This link works no more")
    visit(page, "/no/such/page", "Page not found")
    visit(page, "/forgot/", "Forgot User ID or password?")
    refuse(page, "SEND ME A LINK")
    page.get_by_label("Help Desk User ID or business email").fill("nobody.here")
    page.get_by_role("button", name="SEND ME A LINK").click()
    inspect(page, "Check your email")

    page.goto("/login/")
    page.get_by_label("Help Desk User ID").fill("nobody.here")
    page.get_by_label("Password", exact=True).fill("not the password")
    refuse(page, "LOGIN")
    page.context.clear_cookies(name="helpdesk_csrf")
    page.get_by_role("button", name="LOGIN").click()
    inspect(page, "Please send the form again")

    page.goto("/login/")
    page.get_by_label("Help Desk User ID").evaluate("input => { input.value = 'x'.repeat(4_200_000); }")
    page.get_by_role("button", name="LOGIN").click()
    inspect(page, "That was too much to send at once")


def test_account(new_page, portal):
    page = new_provider(new_page, portal, "Ada", PASSWORD)
    visit(page, "/account/", "Your account")

    page.goto("/account/details/")
    page.get_by_label("First name").fill("")
    inspect(page, "Your name and phone")
    refuse(page, "SAVE")

    page.goto("/account/organization/")
    page.get_by_label("Primary Provider Organization").fill("")
    inspect(page, "Your primary Provider Organization")
    refuse(page, "SAVE")

    visit(page, "/account/notifications/", "Choose emails")

    visit(page, "/account/password/", "Change your password")
    refuse(page, "SAVE PASSWORD")

    visit(page, "/account/email/confirm/", "Confirm your new email")
    visit(page, "/account/email/", "Change your business email")
    refuse(page, "SEND CODE")
    page.get_by_label("New business email").fill("ada.new@clinic.example.org")
    page.get_by_label("Present password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="SEND CODE").click()
    inspect(page, "Confirm your new email")
    page.get_by_label("Code from the email").fill("not the code")
    refuse(page, "CONFIRM ADDRESS")
    visit(page, "/account/", "Your account")


def test_mailed_link_alive_and_dead(new_page, portal):
    new_provider(new_page, portal, "Lena", PASSWORD).context.close()
    page = new_page()
    page.goto("/forgot/")
    page.get_by_label("Help Desk User ID or business email").fill("lena.tester")
    page.get_by_role("button", name="SEND ME A LINK").click()
    mail = portal.postbox.wait_for("lena@clinic.example.org", "set your password")
    link = re.search(rf"{portal.url}/set-password/\S+", mail)[0]
    visit(page, link, "Set a permanent password")
    refuse(page, "SAVE PASSWORD")
    set_permanent_password(page, "copper kettle before sunrise 73")
    page.wait_for_url(re.compile("^(?!.*set-password)"))
    visit(page, link, "This link works no more")


def test_cases_of_a_provider(new_page, portal):
    page = new_provider(new_page, portal, "Carla", PASSWORD)
    for tab in PROVIDER_TABS:
        visit(page, f"/my-lists/?tab={tab}", "My Lists")

    fill_intake(page, "We count 40 doses.")
    filed = page.locator("form:has(textarea)").evaluate(
        """async (form) => {
            const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
            return answer.url;
        }"""
    )
    case_id = re.search(r"CS\d{7}", filed)[0]
    page.get_by_label("DESCRIPTION OF REQUEST").fill("We count 41 doses.")
    page.get_by_role("button", name="SUBMIT").click()
    expect(page.get_by_role("alert")).to_contain_text(f"You already filed {case_id} from this form.")
    inspect(page)

    for tab in PROVIDER_TABS:
        visit(page, f"/my-lists/?tab={tab}", "My Lists")
    page.goto("/my-lists/?tab=all&q=nothing+like+it")
    expect(page.get_by_role("main")).to_contain_text("No case in this list matches.")
    inspect(page)

    page.goto(f"/cases/{case_id}/")
    refuse(page, "Send to the Help Desk")
    visit(page, f"/cases/{case_id}/withdraw/", f"Withdraw {case_id}?")
    page.get_by_role("button", name="Withdraw the case").click()
    expect(page.get_by_role("link", name="File a follow-up case")).to_be_visible()
    inspect(page)
    visit(page, f"/cases/{case_id}/withdraw/", f"Withdraw {case_id}?")
    visit(page, f"/cases/new/?follow_up={case_id}", "Submit a Help Desk case")


def test_staff(new_page, portal):
    provider = new_provider(new_page, portal, "Nora", PASSWORD)
    case_id = file_case(provider, "Two vials are missing.")
    administrator = new_page()
    log_in(administrator, *ADMINISTRATOR)

    viewer = new_staff(administrator, new_page, portal, "Vera", "Viewers", PASSWORD)
    for tab in STAFF_TABS:
        visit(viewer, f"/my-lists/?tab={tab}", "My Lists")
    visit(viewer, f"/cases/{case_id}/", "Vaccine inventory")

    agent = new_staff(administrator, new_page, portal, "Agnes", "Agents", PASSWORD)
    visit(agent, "/admin/desk/holiday/add/", "You may not open this page")
    visit(agent, "/my-lists/?tab=unassigned", "My Lists")


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
    inspect(page, "Login")

    page.get_by_role("button", name="Hide Password").press("Enter")
    expect(password).to_have_attribute("type", "password")
    expect(announced).to_have_text("Your password is hidden")
    expect(password).to_have_value("typed by hand")
