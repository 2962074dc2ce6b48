"""The provider guide, sentence by sentence, in a real browser with real mail."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import credentials_in, log_in, set_permanent_password
from tests.browser.portal import ADMINISTRATOR

pytestmark = pytest.mark.browser

PERMANENT = "velvet harbor tractor 59"
AGENT_PERMANENT = "marble canyon whistle 23"


def make_agent(new_page, portal):
    """An administrator makes an agent in admin; the agent gets in with the mailed password."""
    page = new_page()
    log_in(page, *ADMINISTRATOR)
    page.goto("/admin/accounts/user/add/")
    page.get_by_label("First name").fill("Agnes")
    page.get_by_label("Last name").fill("Archer")
    page.get_by_label("Business email").fill("agnes@helpdesk.example.org")
    page.get_by_label("Role").select_option("Agents")
    page.get_by_role("button", name="Save", exact=True).click()
    mail = portal.postbox.wait_for("agnes@helpdesk.example.org", "temporary password")
    page.context.close()
    agent = new_page()
    log_in(agent, *credentials_in(mail))
    set_permanent_password(agent, AGENT_PERMANENT)
    return agent


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_guide_comes_true(new_page, portal, script):
    agent = make_agent(new_page, portal) if script else None
    email = "jane.doe@clinic.example.org" if script else "john.roe@clinic.example.org"
    first, last = ("Jane", "Doe") if script else ("John", "Roe")
    page = new_page(script=script)

    # Select "REGISTER" in the top-right-hand corner of the Navigation ribbon.
    page.goto("/csm_vaccine")
    assert page.url == portal.url + "/"
    register = page.get_by_role("link", name="REGISTER", exact=True)
    box = register.bounding_box()
    assert box["x"] > 1280 / 2
    assert box["y"] < 200
    register.click()

    # Complete the Customer Registration form.
    expect(page.get_by_role("heading", name="Customer Registration")).to_be_visible()
    page.get_by_role("button", name="REGISTER").click()
    for sentence in ("Enter your first name", "Enter your last name", "Enter your business email address"):
        expect(page.get_by_role("link", name=sentence)).to_be_visible()
    page.get_by_label("First name").fill(first)
    page.get_by_label("Last name").fill(last)
    page.get_by_label("Business email").fill(email)
    page.get_by_label("I accept the Terms & Conditions").check()
    page.get_by_role("button", name="REGISTER").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()

    # An email will be sent with a Help Desk User ID and temporary password.
    mail = portal.postbox.wait_for(email, "temporary password")
    assert f"{portal.url}/login/" in mail
    user_id, temporary = credentials_in(mail)
    assert user_id == f"{first}.{last}".lower()

    # Return to the homepage and select "LOGIN"; follow the prompts for setting a permanent password.
    log_in(page, user_id, temporary)
    page.goto("/my-lists/")
    set_permanent_password(page, PERMANENT)
    expect(page.get_by_text("Your permanent password is set")).to_be_visible()
    portal.postbox.wait_for(email, "password was changed")
    page.get_by_role("button", name="LOGOUT").click()
    page.get_by_role("link", name="HOME", exact=True).click()

    # Log in using User ID and password; select "VACCINE PROVIDER" to view the case intake form.
    page.get_by_role("link", name=re.compile("VACCINE PROVIDER")).click()
    expect(page.get_by_role("heading", name="Login")).to_be_visible()
    page.get_by_label("Help Desk User ID").fill(user_id.upper())
    page.get_by_label("Password", exact=True).fill(PERMANENT)
    page.get_by_role("button", name="LOGIN").click()

    # The Provider Organization field will populate as "Generic Vaccine Provider".
    organization = page.get_by_label("Provider Organization", exact=True)
    expect(organization).to_have_value("Generic Vaccine Provider")
    page.get_by_role("button", name="SUBMIT").click()
    expect(page.get_by_role("link", name="Describe your request.")).to_be_visible()
    page.get_by_label("Name of your primary Provider Organization").fill("Riverside Clinic")

    # Open the drop-down field labeled "REQUEST TYPE"; use the "DESCRIPTION OF REQUEST" field.
    expect(page.get_by_role("group", name="Request Information")).to_be_visible()
    page.get_by_label("REQUEST TYPE").select_option(label="Vaccine shipment or transfer")
    page.get_by_label("DESCRIPTION OF REQUEST").fill("Our shipment has not arrived.\n\n  Order 4711.")

    # Once you select "SUBMIT", you will be directed to a confirmation screen with the case ID number.
    page.get_by_role("button", name="SUBMIT").click()
    page.wait_for_url(re.compile(r"/cases/CS\d{7}/filed/$"))
    case_id = re.search(r"CS\d{7}", page.url)[0]
    expect(page.get_by_role("main")).to_contain_text(case_id)
    confirmation = portal.postbox.wait_for(email, case_id)
    assert f"{portal.url}/cases/{case_id}/" in confirmation
    assert "shipment has not arrived" not in confirmation

    # Communications from the Help Desk agent assigned to your case will arrive via email.
    if agent is not None:
        agent_answers(agent, case_id, portal)
        answer = portal.postbox.wait_for(email, f"[{case_id}] The Help Desk needs more information")
        assert "The truck is on its way." in answer
        assert "An internal remark." not in "".join(
            mail.get_body(("plain",)).get_content() for mail in portal.postbox.mails
        )

    # To view the status of your case(s), select "MY LISTS" from the Navigation ribbon.
    page.get_by_role("link", name="MY LISTS").first.click()
    page.get_by_role("link", name=re.compile(case_id)).first.click()
    if agent is not None:
        expect(page.get_by_role("main")).to_contain_text("The truck is on its way.")
        expect(page.get_by_role("main")).not_to_contain_text("An internal remark.")
    page.get_by_label("Add information").fill("The order number is 4712.")
    page.get_by_role("button", name=re.compile("Send")).click()
    expect(page.get_by_role("main")).to_contain_text("The order number is 4712.")

    # A return user will see the name of the organization written into the first ticket.
    page.goto("/")
    page.get_by_role("link", name=re.compile("VACCINE PROVIDER")).click()
    expect(page.get_by_label("Provider Organization", exact=True)).to_have_value("Riverside Clinic")

    # For additional information; to speak to a live agent.
    page.get_by_role("link", name="RESOURCES", exact=True).click()
    for words in (
        "COVID-19 Resource Page",
        "Upcoming training schedule",
        "CVMS Provider Portal 202",
        "User Guides, Job Aids and Training Recordings",
        "To speak to a live agent",
        "1-877-873-6247",
        "7 am – 7 pm",
        "10 am – 6 pm",
    ):
        expect(page.locator("body")).to_contain_text(words)


def agent_answers(agent, case_id, portal):
    """An agent takes the case, leaves a note and answers, in admin."""
    portal.postbox.wait_for("agnes@helpdesk.example.org", case_id)
    agent.goto("/admin/cases/case/?list=unassigned")
    agent.get_by_role("link", name=case_id).first.click()
    agent.get_by_role("button", name=re.compile("^Take")).click()
    expect(agent.get_by_role("main")).to_contain_text("Agnes Archer")
    agent.get_by_label(re.compile("internal note")).check()
    agent.get_by_label("Text").fill("An internal remark.")
    agent.get_by_role("button", name="Send", exact=True).click()
    expect(agent.get_by_role("main")).to_contain_text("An internal remark.")
    agent.get_by_label(re.compile("public reply")).check()
    agent.get_by_label("Text").fill("The truck is on its way.")
    agent.get_by_label("And set status to").select_option("Awaiting Info")
    agent.get_by_role("button", name="Send", exact=True).click()
    expect(agent.get_by_role("main")).to_contain_text("The truck is on its way.")
