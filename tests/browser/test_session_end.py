"""A session that ends says so before, can be put off by one action, and leads back to what was typed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, fill_intake, has_focus, inspect, log_in, log_out, new_provider

pytestmark = pytest.mark.browser

TEXT = "We count 40 doses.\n\n  The portal says 41."
QUESTION = "Do you want to stay logged in?"
TO_LOGIN = re.compile(r"/login/\?next=")
END_IN = """
from datetime import timedelta
from django.contrib.sessions.models import Session
from django.utils import timezone
Session.objects.update(expire_date=timezone.now() + timedelta(seconds={seconds}))
"""


@pytest.fixture
def page(new_page, portal, request):
    """A signed-in provider of the test's own, `page.user_id`."""
    name = re.sub("[^a-z]", "", request.node.name.lower().removeprefix("test_"))[:20].capitalize()
    page = new_provider(new_page, portal, name, PASSWORD)
    page.user_id = f"{name.lower()}.tester"
    return page


@pytest.fixture
def end_in(portal):
    """Return a function that lets every session end in so many seconds: its person has been idle."""

    def make_idle(seconds: int) -> None:
        portal.manage("shell", "--command", END_IN.format(seconds=seconds))

    return make_idle


def wake(page) -> None:
    """Come back to a page: from another tab, or from the sleep of a laptop."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def warning(page):
    return page.get_by_role("alertdialog", name=QUESTION)


def stay(page):
    return page.get_by_role("button", name="Stay logged in")


def description(page):
    return page.get_by_label("DESCRIPTION OF REQUEST")


def log_in_here(page) -> None:
    page.get_by_label("Help Desk User ID").fill(page.user_id)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="LOGIN").click()


def test_warning_comes_by_itself_and_is_put_off_by_keyboard(page, end_in):
    page.goto("/my-lists/")
    link = page.get_by_role("link", name="RESOURCES").first
    link.focus()
    end_in(304)
    with page.expect_response("**/session/") as answer:
        wake(page)
    assert answer.value.json()["left"] > 300
    expect(warning(page)).to_be_hidden()
    expect(warning(page)).to_be_visible()
    expect(warning(page)).to_contain_text("You will be logged out in 5 minutes.")
    expect(warning(page)).not_to_contain_text("is kept")
    assert has_focus(stay(page))
    inspect(page, QUESTION)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('main, header, footer')"), "the focus stays in the dialog"
    stay(page).focus()
    page.keyboard.press("Enter")
    expect(warning(page)).to_be_hidden()
    with page.expect_response("**/session/") as answer:
        wake(page)
    assert answer.value.json()["left"] >= 1800
    expect(warning(page)).to_be_hidden()


def test_escape_stays_too_and_gives_the_focus_back(page, end_in):
    fill_intake(page, TEXT)
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved")
    description(page).focus()
    end_in(200)
    wake(page)
    expect(warning(page)).to_contain_text("You will be logged out in 4 minutes. What you typed is kept for 7 days.")
    with page.expect_response("**/session/") as answer:
        page.keyboard.press("Escape")
    assert answer.value.request.method == "POST"
    assert answer.value.json()["left"] >= 1800
    expect(warning(page)).to_be_hidden()
    assert has_focus(description(page))
    expect(description(page)).to_have_value(TEXT)


def test_two_tabs_agree(page, end_in):
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto("/my-lists/")
    end_in(200)
    for tab in (page, other):
        wake(tab)
        expect(warning(tab)).to_be_visible()
    stay(other).click()
    expect(warning(other)).to_be_hidden()
    expect(warning(page)).to_be_hidden()


def test_typing_is_told_to_the_server(page, end_in):
    page.goto("/account/details/")
    page.clock.install()
    page.clock.fast_forward("06:00")
    with page.expect_response("**/session/") as answer:
        page.get_by_label("First name").press_sequentially("x")
    assert answer.value.request.method == "POST"


def test_end_leads_to_the_login_and_back_to_the_text(page, end_in):
    fill_intake(page, TEXT)
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved")
    end_in(-1)
    wake(page)
    page.wait_for_url(TO_LOGIN)
    expect(page.get_by_text("You were logged out. Your text is kept.")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("We count 40 doses.")
    inspect(page, "Login")
    log_in_here(page)
    page.wait_for_url("**/cases/new/")
    expect(description(page)).to_have_value(TEXT)
    expect(page.get_by_label("REQUEST TYPE").locator("option:checked")).to_have_text("Vaccine inventory")


def test_last_words_are_kept_though_the_session_is_gone(page, end_in):
    """A laptop that was shut right after the last key."""
    fill_intake(page, "")
    page.route("**/drafts/", lambda route: route.fulfill(status=503))
    description(page).fill(TEXT)
    expect(page.locator("[data-draft-status]")).to_contain_text("Not saved yet")
    end_in(-1)
    wake(page)
    expect(page.get_by_role("alertdialog", name="You were logged out")).to_contain_text("to keep your text")
    expect(page.get_by_role("main")).to_be_hidden()
    expect(page.get_by_role("link", name="LOGIN")).to_be_visible()
    inspect(page, "You were logged out")
    page.unroute("**/drafts/")
    page.wait_for_url(TO_LOGIN)
    log_in_here(page)
    expect(description(page)).to_have_value(TEXT)


def test_end_without_typed_text_leads_back_to_the_page(page, end_in):
    page.goto("/my-lists/?tab=all")
    end_in(2)
    wake(page)
    page.wait_for_url(TO_LOGIN)
    expect(page.get_by_text("You were logged out.", exact=True)).to_be_visible()
    expect(page.get_by_text("Your text is kept")).to_have_count(0)
    log_in_here(page)
    page.wait_for_url("**/my-lists/?tab=all")


def test_portal_out_of_reach_at_the_end(page, end_in):
    """Nothing stays readable, and the page comes back where the session has lived on."""
    page.goto("/account/")
    expect(page.get_by_role("main")).to_contain_text(page.user_id)
    end_in(4)
    with page.expect_response("**/session/"):
        wake(page)
    page.route("**/session/", lambda route: route.fulfill(status=503))
    expect(page.get_by_role("alertdialog", name="You were logged out")).to_contain_text("We cannot reach the portal")
    expect(page.get_by_role("main")).to_be_hidden()
    assert page.title() == "You were logged out"
    end_in(3600)
    page.unroute("**/session/")
    expect(page.get_by_role("main")).to_be_visible()
    assert page.title().startswith("Your account")


def test_logout_in_another_tab_clears_this_one(page):
    page.goto("/account/")
    other = page.context.new_page()
    other.goto("/")
    log_out(other)
    wake(page)
    page.wait_for_url(TO_LOGIN)
    expect(page.locator("body")).not_to_contain_text(page.user_id)


def test_somebody_else_sees_nothing_of_it(page, new_page, portal):
    new_provider(new_page, portal, "Passerby", PASSWORD).context.close()
    fill_intake(page, "")
    page.route("**/drafts/", lambda route: route.fulfill(status=503))
    description(page).fill(TEXT)
    other = page.context.new_page()
    other.goto("/")
    log_out(other)
    log_in(other, "passerby.tester", PASSWORD)
    page.unroute("**/drafts/")
    wake(page)
    page.wait_for_url(re.compile(r":\d+/$"))
    expect(page.get_by_role("link", name=re.compile("Passerby Tester"))).to_be_visible()
    page.goto("/cases/new/")
    expect(description(page)).to_have_value("")
    log_out(page)
    log_in(page, page.user_id, PASSWORD)
    page.goto("/cases/new/")
    expect(description(page)).to_have_value(TEXT)


def test_without_script_the_login_says_it_and_the_text_is_kept(page, new_page, end_in):
    plain = new_page(script=False)
    plain.user_id = page.user_id
    log_in(plain, page.user_id, PASSWORD)
    fill_intake(plain, TEXT)
    expect(plain.get_by_role("alertdialog")).to_be_hidden()
    end_in(-1)
    plain.get_by_role("button", name="SUBMIT").click()
    expect(plain.get_by_text("You were logged out. Your text is kept")).to_be_visible()
    log_in_here(plain)
    expect(description(plain)).to_have_value(TEXT)
    end_in(-1)
    plain.get_by_role("link", name="MY LISTS").first.click()
    expect(plain.get_by_text("You were logged out.", exact=True)).to_be_visible()
