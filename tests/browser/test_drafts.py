"""What is typed is kept on the server while it is typed, without a click."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, assert_accessible, fill_intake, log_in, log_out, new_provider
from tests.browser.portal import ADMINISTRATOR

pytestmark = pytest.mark.browser

TEXT = "We count 40 doses.\n\n  The portal says 41."
FILED = re.compile(r"/cases/CS\d{7}/filed/$")
SAVED = re.compile(r"^Draft saved \d?\d:\d\d [AP]M$")
NOT_SENT = "It has not been sent."


@pytest.fixture
def page(new_page, portal, request):
    """A signed-in provider of the test's own, `page.user_id`."""
    name = re.sub("[^a-z]", "", request.node.name.lower().removeprefix("test_"))[:20].capitalize()
    page = new_provider(new_page, portal, name, PASSWORD)
    page.user_id = f"{name.lower()}.tester"
    return page


def description(page):
    return page.get_by_label("DESCRIPTION OF REQUEST")


def expect_kept(page, text: str) -> None:
    """Open the form until it holds the text: what is sent on leaving arrives a moment after the next page."""
    for _turn in range(20):
        page.goto("/cases/new/")
        if description(page).input_value() == text:
            return
        page.wait_for_timeout(250)
    expect(description(page)).to_have_value(text)


def status(page):
    return page.locator("[data-draft-status]")


def file_a_case(page, text: str) -> str:
    fill_intake(page, text)
    page.get_by_role("button", name="SUBMIT").click()
    page.wait_for_url(FILED)
    return re.search(r"CS\d{7}", page.url)[0]


def test_survives_reload_logout_and_login(page):
    fill_intake(page, "")
    description(page).press_sequentially("We count 40")
    expect(status(page)).to_have_text(SAVED)
    assert_accessible(page)
    page.reload()
    expect(page.get_by_text(NOT_SENT)).to_be_visible()
    expect(description(page)).to_have_value("We count 40")
    expect(status(page)).to_be_empty()
    description(page).fill(TEXT)
    expect(status(page)).to_have_text(SAVED)
    log_out(page)
    log_in(page, page.user_id, PASSWORD)
    page.goto("/cases/new/")
    expect(description(page)).to_have_value(TEXT)
    expect(page.get_by_label("REQUEST TYPE").locator("option:checked")).to_have_text("Vaccine inventory")
    page.get_by_role("button", name="SUBMIT").click()
    page.wait_for_url(FILED)
    page.goto("/cases/new/")
    expect(description(page)).to_have_value("")


def test_leaving_at_once_keeps_the_last_word(page):
    fill_intake(page, "")
    description(page).fill(TEXT)
    page.get_by_role("link", name="MY LISTS").first.click()
    expect(page.get_by_role("heading", name="My Lists")).to_be_visible()
    expect_kept(page, TEXT)


def test_opening_and_leaving_sends_nothing(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/drafts/" in request.url else None)
    page.goto("/cases/new/")
    page.goto("/my-lists/")
    assert asked == []


def test_submit_right_after_the_last_key_leaves_no_draft(page):
    case_id = file_a_case(page, TEXT)
    page.goto(f"/cases/{case_id}/")
    box = page.get_by_label("Add information")
    for turn in ("One more.", "And another."):
        box.press_sequentially(turn)
        page.get_by_role("button", name="Send to the Help Desk").click()
        expect(page.get_by_text("Your information was sent to the Help Desk")).to_be_visible()
        expect(box).to_have_value("")
        expect(page.get_by_text(NOT_SENT)).to_have_count(0)
    page.goto("/cases/new/")
    expect(page.get_by_text(NOT_SENT)).to_have_count(0)


def test_emptied_text_is_forgotten(page):
    fill_intake(page, "")
    page.get_by_label("Name of your primary Provider Organization").fill("")
    description(page).fill(TEXT)
    expect(status(page)).to_have_text(SAVED)
    page.reload()
    with page.expect_response("**/drafts/") as answer:
        description(page).fill("")
    assert answer.value.status == 204
    expect(status(page)).to_be_empty()
    page.reload()
    expect(page.get_by_text(NOT_SENT)).to_have_count(0)


def test_discarded_text_does_not_come_back(page):
    fill_intake(page, TEXT)
    expect(status(page)).to_have_text(SAVED)
    page.reload()
    description(page).fill(f"{TEXT} Changed.")
    expect(status(page)).to_have_text(SAVED)
    description(page).fill(f"{TEXT} Changed again.")
    page.get_by_role("button", name="Discard it and start again").click()
    expect(page.get_by_text(NOT_SENT)).to_have_count(0)
    expect(description(page)).to_have_value("")
    page.reload()
    expect(description(page)).to_have_value("")


def test_ended_session_is_said_and_a_login_in_another_tab_mends_it(page):
    fill_intake(page, "")
    page.context.clear_cookies(name="helpdesk_session")
    description(page).fill(TEXT)
    expect(status(page)).to_have_text("Not saved: please log in again in another tab.")
    assert_accessible(page)
    other = page.context.new_page()
    log_in(other, page.user_id, PASSWORD)
    description(page).press_sequentially(" ")
    expect(status(page)).to_have_text(SAVED)
    other.goto("/cases/new/")
    expect(description(other)).to_have_value(re.compile("We count 40 doses"))


def test_somebody_else_in_another_tab_gets_nothing(page, new_page, portal):
    new_provider(new_page, portal, "Bystander", PASSWORD).context.close()
    fill_intake(page, "")
    other = page.context.new_page()
    other.goto("/")
    log_out(other)
    log_in(other, "bystander.tester", PASSWORD)
    description(page).fill(TEXT)
    expect(status(page)).to_have_text("Not saved yet. Your text is on this page only.")
    other.goto("/cases/new/")
    expect(description(other)).to_have_value("")


def test_reply_of_an_agent(page, new_page, portal):
    case_id = file_a_case(page, TEXT)
    agent = new_page()
    log_in(agent, *ADMINISTRATOR)
    address = f"/admin/cases/case/{int(case_id[2:])}/change/"
    agent.goto(address)
    box = agent.get_by_label("Text")
    box.press_sequentially("Please count")
    expect(status(agent)).to_have_text(SAVED)
    agent.reload()
    expect(box).to_have_value("Please count")
    log_out(agent)
    log_in(agent, *ADMINISTRATOR)
    agent.goto(address)
    expect(box).to_have_value("Please count")
    box.press_sequentially(" again.")
    agent.get_by_role("button", name="Send", exact=True).click()
    expect(agent.get_by_text("Your reply was sent.")).to_be_visible()
    expect(box).to_have_value("")


def test_without_script_nothing_is_promised(page, new_page):
    plain = new_page(script=False)
    log_in(plain, page.user_id, PASSWORD)
    plain.goto("/cases/new/")
    expect(status(plain)).to_be_empty()
    fill_intake(plain, TEXT)
    plain.get_by_role("button", name="SUBMIT").click()
    plain.wait_for_url(FILED)


def test_save_draft_without_script(page, new_page):
    plain = new_page(script=False)
    log_in(plain, page.user_id, PASSWORD)
    fill_intake(plain, TEXT)
    plain.get_by_label("REQUEST TYPE").select_option("")
    plain.get_by_role("button", name="SAVE DRAFT").click()
    expect(plain.get_by_text("Your draft is saved.")).to_be_visible()
    expect(plain.get_by_text("Your draft is kept until")).to_be_visible()
    expect(description(plain)).to_have_value(TEXT)
    plain.goto("/my-lists/")
    plain.get_by_role("link", name="Go on with your draft").click()
    expect(description(plain)).to_have_value(TEXT)
    plain.get_by_label("REQUEST TYPE").select_option(label="Vaccine inventory")
    plain.get_by_role("button", name="SUBMIT").click()
    plain.wait_for_url(FILED)
    plain.goto("/my-lists/")
    expect(plain.get_by_text("You have a draft")).to_have_count(0)


def test_save_draft_beside_the_script(page):
    case_id = file_a_case(page, TEXT)
    page.goto(f"/cases/{case_id}/")
    box = page.get_by_label("Add information")
    box.press_sequentially("One more")
    page.get_by_role("button", name="SAVE DRAFT").click()
    expect(page.get_by_text("Your draft is kept until")).to_be_visible()
    expect(box).to_have_value("One more")
    assert_accessible(page)
    box.press_sequentially(" vial.")
    expect(status(page)).to_have_text(SAVED)
    page.get_by_role("button", name="Discard it and start again").click()
    expect(page.get_by_text("Your draft was thrown away.")).to_be_visible()
    expect(box).to_have_value("")


def test_text_that_came_back_with_an_error_is_kept_when_the_page_is_left(page):
    fill_intake(page, TEXT)
    page.get_by_label("REQUEST TYPE").select_option("")
    page.get_by_role("button", name="SUBMIT").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    page.get_by_role("link", name="MY LISTS").first.click()
    expect(page.get_by_role("heading", name="My Lists")).to_be_visible()
    expect_kept(page, TEXT)


def test_counter_speaks_of_one_and_of_many(page):
    page.goto("/cases/new/")
    for length, words in (
        (19_998, "2 characters left"),
        (19_999, "1 character left"),
        (20_001, "1 character too many"),
        (20_002, "2 characters too many"),
    ):
        description(page).fill("x" * length)
        expect(page.locator(".counter")).to_have_text(words)
