"""A day in the agents' workspace: two agents, a supervisor and a viewer work twenty cases at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import (
    PASSWORD,
    credentials_in,
    file_case,
    inspect,
    log_in,
    new_provider,
    new_staff,
    set_permanent_password,
    tab_to,
)
from tests.browser.portal import ADMINISTRATOR, Portal

pytestmark = pytest.mark.browser

CASES = "/admin/cases/case/"
STOPS = 120
# Eighteen of the twenty cases: who files them is here, how a case is filed in a browser is another test's.
FILE_CASES = """
import secrets
from accounts.models import User
from cases import services
from cases.models import RequestType
for email, clinic in (("ada@clinic.example.org", "Riverside Clinic"), ("ben@clinic.example.org", "Hilltop Pharmacy")):
    provider = User.objects.get(email=email)
    for number in range(9):
        known = provider.memberships.exists()
        filing = services.Filing(
            request_type=RequestType.objects.get(name="Reports and data" if number else "Training"),
            description=f"Question {number + 1} of {clinic}: the zebrafinch report is empty.",
            organization_name=clinic, primary_name="" if known else clinic, phone="919 555 0142")
        services.file_case(by=provider, filing=filing, key=secrets.token_urlsafe(16))
"""


@dataclass
class Day:
    """Everybody's browser, and the cases that the steps hand on to each other."""

    portal: Portal
    ada: Page
    agnes: Page
    arthur: Page
    sven: Page
    vera: Page
    shipment: str
    duplicate: str


@pytest.fixture
def day(new_page, portal) -> Day:
    administrator = new_page()
    log_in(administrator, *ADMINISTRATOR)

    def staff(first_name: str, role: str) -> Page:
        return new_staff(administrator, new_page, portal, first_name, role, PASSWORD)

    agnes, arthur = staff("Agnes", "Agents"), staff("Arthur", "Agents")
    sven, vera = staff("Sven", "Supervisors"), staff("Vera", "Viewers")
    ada = new_provider(new_page, portal, "Ada", PASSWORD)
    new_provider(new_page, portal, "Ben", PASSWORD).context.close()
    portal.manage("shell", "--verbosity=0", "-c", FILE_CASES)
    shipment = file_case(ada, "Our tray of zebrafinch vials is short.")
    duplicate = file_case(ada, "Again: the zebrafinch tray is short. Ask for Jane Roe, born 1980.")
    return Day(portal, ada, agnes, arthur, sven, vera, shipment, duplicate)


def open_case(page: Page, case_id: str) -> None:
    page.goto(f"{CASES}{int(case_id[2:])}/change/")
    expect(page.get_by_role("heading", name=re.compile(case_id))).to_be_visible()


def test_a_working_day(day, new_page):
    supervisor_sets_up(day)
    agents_see_what_waits(day)
    two_agents_take_one_case(day)
    two_agents_answer_at_once(day)
    typed_text_survives(day)
    canned_reply_by_keyboard_resolves(day)
    bulk_changes_are_one_mail(day)
    call_is_logged(day, new_page)
    duplicate_is_merged(day)
    passage_is_removed(day)
    supervisor_takes_a_case_away(day)
    views_are_saved_and_shared(day)
    viewer_only_looks(day)
    list_is_exported(day)


def supervisor_sets_up(day: Day) -> None:
    """A queue of its own for inventory, Arthur in it, and a canned reply whose placeholders are known."""
    sven = day.sven
    sven.goto("/admin/cases/queue/add/")
    sven.get_by_label("Name").fill("Inventory team")
    sven.get_by_label("Arthur Tester").check()
    sven.get_by_role("button", name="Save", exact=True).click()
    expect(sven.get_by_text("was added successfully")).to_be_visible()

    sven.goto("/admin/cases/cannedreply/add/")
    sven.get_by_label("Name").fill("Thanks and goodbye")
    sven.get_by_label("Text").fill("Hello {provider_first_name}, about {cased_id}: all done.")
    sven.get_by_role("button", name="Save", exact=True).click()
    expect(sven.get_by_text("This is no placeholder: {cased_id}")).to_be_visible()
    inspect(sven)
    sven.get_by_label("Text").fill("Hello {provider_first_name}, about {case_id}: all done.")
    sven.get_by_role("button", name="Preview").click()
    expect(sven.locator("#preview")).to_contain_text(re.compile(r"Hello \w+, about CS\d{7}: all done\."))
    inspect(sven)
    sven.get_by_role("button", name="Save", exact=True).click()
    expect(sven.get_by_text("was added successfully")).to_be_visible()


def agents_see_what_waits(day: Day) -> None:
    agnes = day.agnes
    agnes.goto("/admin/")
    inspect(agnes, "My work")
    agnes.get_by_role("link", name=re.compile("Unassigned")).click()
    agnes.get_by_label(re.compile("Search")).fill("zebrafinch")
    agnes.get_by_role("button", name="Search").click()
    expect(agnes.locator("#result_list tbody tr")).to_have_count(20)
    inspect(agnes)
    agnes.goto(CASES)
    expect(agnes.get_by_text("Show the unassigned cases")).to_be_visible()
    inspect(agnes)


def two_agents_take_one_case(day: Day) -> None:
    open_case(day.agnes, day.shipment)
    open_case(day.arthur, day.shipment)
    expect(day.arthur.locator("#presence")).to_contain_text("Agnes Tester")
    day.agnes.get_by_role("button", name="Take this case").click()
    expect(day.agnes.get_by_text("The case is yours.")).to_be_visible()
    day.arthur.get_by_role("button", name="Take this case").click()
    expect(day.arthur.get_by_text(f"Agnes Tester was faster and has taken {day.shipment}.")).to_be_visible()
    expect(day.arthur.get_by_text("Ask Agnes Tester or a supervisor.")).to_be_visible()


def two_agents_answer_at_once(day: Day) -> None:
    """Whoever is slower sees what changed field by field, keeps the text and sends it then."""
    agnes, arthur = day.agnes, day.arthur
    open_case(agnes, day.shipment)
    open_case(arthur, day.shipment)
    arthur.get_by_label("Priority").select_option(label="Urgent")
    arthur.get_by_role("button", name="Save properties").click()
    expect(arthur.get_by_label("Priority")).to_have_value("1")

    agnes.get_by_label("Priority").select_option(label="High")
    agnes.get_by_label("Text", exact=True).fill("Which shipment number stands on the slip?")
    agnes.get_by_label("And set status to").select_option(label="Awaiting Info")
    agnes.get_by_role("button", name="Send", exact=True).click()
    row = agnes.locator(".conflicts tbody tr")
    for cell in ("Priority", "Normal", "Urgent", "Arthur Tester", "High"):
        expect(row).to_contain_text(cell)
    expect(agnes.get_by_label("Text", exact=True)).to_have_value("Which shipment number stands on the slip?")
    inspect(agnes, "The case has changed since you opened it")
    agnes.get_by_role("button", name="Send", exact=True).click()
    expect(agnes.get_by_text("Your reply was sent.")).to_be_visible()
    expect(agnes.get_by_label("Priority")).to_have_value("2")
    inspect(agnes)

    mail = day.portal.postbox.wait_for("ada@", f"[{day.shipment}] The Help Desk needs more information")
    assert "Which shipment number stands on the slip?" in mail
    day.ada.goto("/my-lists/")
    expect(day.ada.get_by_role("row", name=re.compile(day.shipment))).to_contain_text("Awaiting Info")
    day.ada.goto(f"/cases/{day.shipment}/")
    day.ada.get_by_label("Add information").fill("Slip 4711.")
    day.ada.get_by_role("button", name="Send to the Help Desk").click()
    agnes.goto("/admin/")
    agnes.get_by_role("link", name=re.compile("since I last looked")).click()
    expect(agnes.locator("#result_list")).to_contain_text(day.shipment)


def typed_text_survives(day: Day) -> None:
    """Kept while it is typed: closed without a word, it is offered again after another login."""
    agnes = day.agnes
    agnes.get_by_role("link", name=day.shipment).click()
    agnes.get_by_label("Text", exact=True).press_sequentially("Thank you, Ada. We")
    expect(agnes.locator("[data-draft-status]")).to_contain_text("saved", ignore_case=True)
    agnes.get_by_role("button", name="LOGOUT").click()
    log_in(agnes, "agnes.tester", PASSWORD)
    open_case(agnes, day.shipment)
    expect(agnes.get_by_label("Text", exact=True)).to_have_value("Thank you, Ada. We")
    expect(agnes.get_by_text("It has not been sent.")).to_be_visible()
    inspect(agnes)
    agnes.get_by_role("button", name="Discard this text").click()
    expect(agnes.get_by_label("Text", exact=True)).to_have_value("")


def canned_reply_by_keyboard_resolves(day: Day) -> None:
    """Take, answer and resolve by keyboard alone: nothing but Tab leads from one control to the next."""
    agnes = day.agnes
    keys = agnes.keyboard
    agnes.goto(f"{CASES}?list=unassigned&q=Question+1+of+Riverside")
    tab_to(agnes, agnes.locator("#result_list tbody th a").first, stops=STOPS)
    keys.press("Enter")
    agnes.wait_for_url(re.compile("/change/"))
    tab_to(agnes, agnes.get_by_role("button", name="Take this case"), stops=STOPS)
    keys.press("Enter")
    expect(agnes.get_by_text("The case is yours.")).to_be_visible()
    tab_to(agnes, agnes.get_by_label("Canned reply"), stops=STOPS)
    keys.type("Thanks")
    tab_to(agnes, agnes.get_by_role("button", name="Insert"), stops=STOPS)
    keys.press("Enter")
    text = agnes.get_by_label("Text", exact=True)
    expect(text).to_have_value(re.compile(r"Hello Ada, about CS\d{7}: all done\."))
    case_id = re.search(r"CS\d{7}", text.input_value())[0]
    tab_to(agnes, agnes.get_by_label("And set status to"), stops=STOPS)
    keys.type("Resolved")
    tab_to(agnes, agnes.get_by_role("button", name="Send", exact=True), stops=STOPS)
    keys.press("Enter")
    expect(agnes.get_by_text("Your reply was sent.")).to_be_visible()
    expect(agnes.locator("#properties .badge").first).to_have_text("Resolved")
    day.portal.postbox.wait_for("ada@", f"[{case_id}] Answer from the Help Desk")
    expect(when_loaded_again(agnes.locator(".message--public").last, "Mail sent")).to_be_visible()


def when_loaded_again(place: Locator, words: str, tries: int = 20) -> Locator:
    """Load the page again until the words are there: the worker records what it has sent in its own time."""
    found = place.get_by_text(words)
    for _attempt in range(tries):
        if found.count():
            break
        place.page.wait_for_timeout(500)
        place.page.reload()
    return found


def choose_all(page: Page, address: str, action: str) -> None:
    page.goto(address)
    page.get_by_label("Select all cases on this page").check()
    page.get_by_label("Action:").select_option(label=action)
    page.get_by_role("button", name="Go", exact=True).click()


def bulk_changes_are_one_mail(day: Day) -> None:
    """Five cases taken, prioritised, answered; nine handed over bring the agent one mail."""
    agnes, sven = day.agnes, day.sven
    riverside = f"{CASES}?list=unassigned&q=Question+Riverside"
    choose_all(agnes, riverside, "Take")
    expect(agnes.get_by_role("heading", name=re.compile(r"\d+ cases are done"))).to_be_visible()
    inspect(agnes)
    mine = f"{CASES}?list=mine&q=Question+Riverside"
    choose_all(agnes, mine, "Change priority …")
    agnes.get_by_role("button", name="Change priority").click()
    inspect(agnes)
    agnes.get_by_label("New priority").select_option(label="Low")
    agnes.get_by_role("button", name="Change priority").click()
    expect(agnes.get_by_role("heading", name=re.compile(r"\d+ cases are done"))).to_be_visible()

    before = len(mails_to(day, "arthur@"))
    choose_all(sven, f"{CASES}?list=unassigned&q=zebrafinch+Hilltop", "Assign …")
    sven.get_by_label("Assign to").select_option(label="Arthur Tester")
    sven.get_by_role("button", name="Assign", exact=True).click()
    expect(sven.get_by_role("heading", name="9 cases are done")).to_be_visible()
    day.portal.postbox.wait_for("arthur@", "9 cases")
    assert len(mails_to(day, "arthur@")) == before + 1

    choose_all(day.arthur, f"{CASES}?list=mine&q=zebrafinch+Question+2", "Reply with a canned text …")
    day.arthur.get_by_label("Canned reply").select_option(label="Thanks and goodbye")
    day.arthur.get_by_role("button", name="See the texts").click()
    expect(day.arthur.get_by_text("Hello Ben, about CS")).to_be_visible()
    inspect(day.arthur)
    day.arthur.get_by_role("button", name=re.compile("^Send")).click()
    expect(day.arthur.get_by_role("heading", name="1 case is done")).to_be_visible()
    assert "all done" in day.portal.postbox.wait_for("ben@", "Answer from the Help Desk")


def mails_to(day: Day, address: str) -> list:
    return [mail for mail in day.portal.postbox.mails if address in mail["To"]]


def call_is_logged(day: Day, new_page) -> None:
    agnes = day.agnes
    agnes.goto("/admin/")
    agnes.get_by_role("link", name="Log a call").first.click()
    inspect(agnes)
    agnes.get_by_label(re.compile("^Email, Help Desk User ID")).fill("cleo@pharmacy.example.org")
    agnes.get_by_role("button", name="Find").click()
    expect(agnes.get_by_text("Nobody like that has an account.")).to_be_visible()
    agnes.get_by_role("link", name="New provider").click()
    agnes.get_by_role("button", name="File the case").click()
    inspect(agnes)
    agnes.get_by_label("First name").fill("Cleo")
    agnes.get_by_label("Last name").fill("Carter")
    agnes.get_by_label("Business email").fill("cleo@pharmacy.example.org")
    agnes.get_by_label(re.compile("^Name of .*primary")).fill("Lakeside Pharmacy")
    agnes.get_by_label("REQUEST TYPE").select_option(label="Training")
    agnes.get_by_label("DESCRIPTION OF REQUEST").fill("Asks for the zebrafinch training by phone.")
    agnes.get_by_role("button", name="File the case").click()
    expect(agnes.get_by_text("Read the case ID to the caller:")).to_be_visible()
    inspect(agnes)
    case_id = agnes.locator(".call__id").inner_text()

    cleo = new_page()
    log_in(cleo, *credentials_in(day.portal.postbox.wait_for("cleo@", "temporary password")))
    expect(cleo.get_by_label("I accept the Terms & Conditions")).to_be_visible()
    set_permanent_password(cleo, PASSWORD)
    cleo.goto("/my-lists/?tab=open")
    cleo.get_by_role("link", name=case_id).click()
    expect(cleo.get_by_role("main")).to_contain_text("Asks for the zebrafinch training by phone.")


def duplicate_is_merged(day: Day) -> None:
    agnes = day.agnes
    open_case(agnes, day.duplicate)
    agnes.get_by_role("link", name="Merge into another case").click()
    agnes.get_by_label("Case ID").fill(day.shipment)
    agnes.get_by_role("button", name="Show both").click()
    inspect(agnes)
    agnes.get_by_role("button", name=f"Merge {day.duplicate} into {day.shipment}").click()
    expect(agnes.get_by_role("heading", name=re.compile(day.shipment))).to_be_visible()
    expect(agnes.locator("ol.thread")).to_contain_text("Ask for Jane Roe")
    inspect(agnes)
    day.ada.goto(f"/cases/{day.duplicate}/")
    assert day.ada.url.endswith(f"/cases/{day.shipment}/")
    day.ada.goto("/my-lists/?tab=all")
    expect(day.ada.get_by_role("link", name=day.shipment)).to_be_visible()
    expect(day.ada.get_by_role("link", name=day.duplicate)).to_have_count(0)


def passage_is_removed(day: Day) -> None:
    agnes = day.agnes
    open_case(agnes, day.shipment)
    moved = agnes.locator("ol.thread > li", has_text="Jane Roe")
    moved.get_by_role("link", name=re.compile("Remove a passage")).click()
    agnes.get_by_label("Passage to remove").fill("Jane Roe, born 1980")
    agnes.get_by_label("Reason").fill("patient data")
    agnes.get_by_role("button", name="Show the text without it").click()
    inspect(agnes, re.compile("for good"))
    agnes.get_by_role("button", name="Remove for good").click()
    expect(agnes.locator("ol.thread")).to_contain_text("Ask for [removed].")
    expect(agnes.get_by_role("main")).not_to_contain_text("Jane Roe")
    day.ada.goto(f"/cases/{day.shipment}/")
    expect(day.ada.get_by_role("main")).to_contain_text("patient data")
    expect(day.ada.get_by_role("main")).not_to_contain_text("Jane Roe")
    inspect(day.ada)


def supervisor_takes_a_case_away(day: Day) -> None:
    open_case(day.sven, day.shipment)
    day.sven.get_by_label("Assigned agent").select_option(label="Arthur Tester")
    day.sven.get_by_role("button", name="Save properties").click()
    open_case(day.arthur, day.shipment)
    expect(day.arthur.get_by_label("Assigned agent").locator("option:checked")).to_have_text("Arthur Tester")
    day.portal.postbox.wait_for("arthur@", f"[{day.shipment}] Assigned to you")


def views_are_saved_and_shared(day: Day) -> None:
    sven, agnes = day.sven, day.agnes
    sven.goto(f"{CASES}?list=open&priority=2")
    sven.get_by_text("Save or remove views").click()
    sven.get_by_label("Name").fill("High and open")
    sven.get_by_label(re.compile("Share")).check()
    sven.get_by_role("button", name="Save this view").click()
    agnes.goto(CASES)
    agnes.get_by_role("navigation", name="Saved views").get_by_role("link", name="High and open").click()
    expect(agnes.locator("#result_list")).to_contain_text(day.shipment)
    agnes.locator("#result_list").get_by_role("link", name=day.shipment).click()
    agnes.get_by_role("link", name="Back to the list").first.click()
    expect(agnes).to_have_url(re.compile("priority=2"))
    open_case(agnes, day.shipment)
    agnes.get_by_role("link", name="Print").click()
    expect(agnes.get_by_role("main")).to_contain_text("Slip 4711.")
    inspect(agnes)


def viewer_only_looks(day: Day) -> None:
    vera = day.vera
    open_case(day.agnes, day.shipment)
    day.agnes.get_by_label("an internal note").check()
    day.agnes.get_by_label("Text", exact=True).fill("Calls often.")
    day.agnes.get_by_role("button", name="Send", exact=True).click()
    expect(day.agnes.get_by_text("Your note was added.")).to_be_visible()
    expect(day.agnes.locator("#content-main")).to_contain_text("ada@clinic.example.org")

    vera.goto("/admin/")
    assert vera.url.endswith("/my-lists/")
    inspect(vera)
    vera.goto(f"/cases/{day.shipment}/")
    expect(vera.get_by_role("main")).to_contain_text("Which shipment number stands on the slip?")
    for secret in ("Calls often.", "ada@clinic.example.org", "919 555 0142"):
        expect(vera.get_by_role("main")).not_to_contain_text(secret)
    inspect(vera)
    assert day.agnes.request.get("/my-lists/export.csv").status == 200
    assert vera.request.get("/my-lists/export.csv").status == 404


def list_is_exported(day: Day) -> None:
    agnes = day.agnes
    agnes.goto("/my-lists/?tab=all&q=zebrafinch")
    inspect(agnes)
    with agnes.expect_download() as download:
        agnes.get_by_role("link", name=re.compile("CSV")).click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    # Twenty cases and the one by phone; the duplicate lives on in another.
    assert len(lines) == 1 + 20
    assert any(day.shipment in line and "Arthur Tester" in line for line in lines)
    assert "zebrafinch" not in "".join(lines)
