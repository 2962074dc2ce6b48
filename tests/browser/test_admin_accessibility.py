"""WCAG 2.2 AA on every admin page that we shape, in light and dark: empty, filled, refused, and unfolded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, inspect, log_in, open_pages
from tests.browser.portal import ADMINISTRATOR

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# One row of everything that the pages are about; prints the numbers that stand in their addresses.
MAKE_ROWS = """
import json
from django.contrib.auth.models import Group
from accounts.models import Organization, TermsAcceptance, User
from cases import services
from cases.files import inspect_files
from cases.models import Attachment, CannedReply, Case, Queue, RequestType
from desk.models import Holiday, OpeningHours, PhoneLine, Resource, TermsVersion
from mail.inbox import take_in
from mail.models import BlockedSender, InboundMail, OutboxEvent, OutboxMessage
from tests.cases.sample_files import PDF, incoming

def person(name, group=""):
    user = User(username=f"{name}.tester", email=f"{name}@clinic.example.org", first_name=name.capitalize(),
        last_name="Tester", is_staff=bool(group), must_change_password=False)
    user.set_password("@PASSWORD@")
    user.save()
    if group:
        user.groups.add(Group.objects.get(name=group))
    TermsAcceptance.objects.create(user=user, version=TermsVersion.objects.current())
    return user

agent, colleague = person("agnes", "Agents"), person("arthur", "Agents")
person("vera", "Viewers")
nora, otto = person("nora"), person("otto")

def filed(provider, clinic, description, n):
    known = provider.memberships.exists()
    filing = services.Filing(request_type=RequestType.objects.get(name="Vaccine inventory"), description=description,
        organization_name=clinic, primary_name="" if known else clinic, phone="919 555 0142")
    return services.file_case(by=provider, filing=filing, key=f"accessible-{n:020d}")

case = filed(nora, "Birch Clinic", "The quetzal tray is short. Ask for Jane Roe.", 1)
other = filed(nora, "Birch Clinic", "Again the quetzal tray.", 2)
merged = filed(nora, "Birch Clinic", "Once more the tray.", 3)
taken = filed(otto, "Birch Clinics", "The ocelot report is empty.", 4)
services.take_case(by=agent, case=case)
services.add_note(by=agent, case=case, body="Calls often.")
reply = services.add_reply(by=agent, case=case, body="Which shipment? See https://example.org/help.")
with services.staged(inspect_files([incoming("slip.pdf", PDF)])) as parcel:
    services.add_information(by=nora, case=case, body="Slip 4711.", origin=services.Origin(files=parcel))
services.link_cases(by=agent, case=case, other=taken)
services.merge_case(by=agent, case=merged, into=case)
Case.objects.filter(pk=other.pk).update(channel="phone", priority=1)
canned = CannedReply.objects.create(name="Quetzal thanks", body="Hello {provider_first_name}.")
services.save_view(by=agent, name="Open ones", query="list=open")
event = OutboxEvent.objects.latest("pk")
mail = OutboxMessage.objects.create(event=event, kind="case_filed", recipient=otto, recipient_key="user:0",
    about_kind="case", about_id=taken.pk, state="failed", next_attempt_at=None, last_error="550 No such mailbox.")
letter = "From: Carla <carla@example.net>\\nSubject: Vaccine for {}\\n\\nDo you have some?\\n\\n> What?\\n"
inbound = take_in(letter.format("all").encode())
broken = take_in(b"Content-Type: text/plain" + b"; a=b" * 9000 + b"\\n\\nx")
InboundMail.objects.filter(pk=inbound.pk).update(dmarc_failed=True, suggested_kind="case", suggested_id=case.pk)
blocked, _made = BlockedSender.objects.get_or_create(address="stranger@example.net", defaults={"by": agent})
holiday, _made = Holiday.objects.get_or_create(date="2090-01-01", defaults={"name": "Holiday"})
resource, _made = Resource.objects.get_or_create(title="Guide")
print(json.dumps({"case": case.pk, "other": other.pk, "reply": reply.pk, "taken": taken.pk, "canned": canned.pk,
    "agent": agent.pk, "colleague": colleague.pk, "provider": nora.pk, "mail": mail.pk, "event": event.pk,
    "file": Attachment.objects.get().pk, "inbound": inbound.pk, "broken": broken.pk, "blocked": blocked.pk,
    "old": Organization.objects.get(name="Birch Clinics").pk, "new": Organization.objects.get(name="Birch Clinic").pk,
    "queue": Queue.objects.get(is_default=True).pk, "type": RequestType.objects.earliest("pk").pk,
    "hours": OpeningHours.objects.earliest("pk").pk, "line": PhoneLine.objects.earliest("pk").pk,
    "holiday": holiday.pk, "resource": resource.pk, "terms": TermsVersion.objects.earliest("pk").pk}))
"""
CASES = "/admin/cases/case/"
AGENT, ADMIN, VIEWER = "agent", "administrator", "viewer"


@dataclass(frozen=True)
class Visit:
    """A page as somebody sees it: what is done there first, and which of our templates it shows."""

    who: str
    address: str
    shows: str | re.Pattern = ""
    templates: tuple[str, ...] = ()
    first: Callable[[Page], None] = lambda page: None


def press(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def preview_removal(page: Page) -> None:
    page.get_by_label("Passage to remove").fill("Jane Roe")
    page.get_by_label("Reason").fill("patient data")
    press("Show the text without it")(page)


def remove_what_is_not_there(page: Page) -> None:
    page.get_by_label("Passage to remove").fill("No such words")
    page.get_by_label("Reason").fill("patient data")
    press("Show the text without it")(page)


def save_view_without_name(page: Page) -> None:
    page.get_by_text("Save or remove views").click()
    press("Save this view")(page)


def choose(action: str) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        page.get_by_label("Select all cases on this page").check()
        page.get_by_label("Action:").select_option(label=action)
        press("Go")(page)

    return go


def refuse_in_bulk(page: Page) -> None:
    choose("Change priority …")(page)
    press("Change priority")(page)


def be_away_since_long(page: Page) -> None:
    page.get_by_label("Away until and including").fill("2001-01-01")
    press("Save")(page)


def attach_to_nothing(page: Page) -> None:
    page.get_by_label("Case ID").fill("CS9999999")
    press("Add to this case")(page)


def of_case(name: str) -> tuple[str, ...]:
    return (f"cases/case/{name}.html",)


INBOUND = ("mail/inboundmail/change_form.html",)
CASE_LIST = (*of_case("change_list"), *of_case("actions"), *of_case("pagination"))
TYPED = "/admin/cases/case/?list=all&q="
VISITS = [
    Visit(AGENT, "/admin/", "My work", ("index.html",)),
    Visit(ADMIN, "/admin/", "My work", ("index.html",)),
    # The agents' list.
    Visit(AGENT, f"{CASES}?list=all", "Cases", CASE_LIST),
    Visit(AGENT, f"{CASES}?list=open&priority=1", "Cases", CASE_LIST),
    Visit(AGENT, f"{TYPED}nothing+like+it", "Cases", CASE_LIST),
    Visit(AGENT, f"{CASES}?list=open", "Save this view", of_case("save_view"), save_view_without_name),
    Visit(AGENT, f"{TYPED}quetzal", re.compile("Change the priority of"), of_case("bulk_form"), refuse_in_bulk),
    Visit(
        AGENT,
        f"{TYPED}quetzal",
        re.compile("canned reply"),
        of_case("bulk_form"),
        choose("Reply with a canned text …"),
    ),
    Visit(AGENT, f"{TYPED}ocelot", re.compile("1 case is done"), of_case("bulk_done"), choose("Take")),
    # A case and what is done to it.
    Visit(AGENT, f"{CASES}{{case}}/change/", re.compile(r"CS\d{7}"), of_case("change_form")),
    Visit(ADMIN, f"{CASES}{{other}}/change/", re.compile(r"CS\d{7}"), of_case("change_form")),
    Visit(AGENT, f"{CASES}{{taken}}/change/", "There is a problem", of_case("change_form"), press("Send")),
    Visit(AGENT, f"{CASES}{{case}}/print/", "", of_case("print")),
    Visit(AGENT, f"{CASES}{{case}}/print/?notes=1", "", of_case("print")),
    Visit(AGENT, f"{CASES}{{case}}/merge/", re.compile("into another case"), of_case("merge")),
    Visit(AGENT, f"{CASES}{{case}}/merge/?other=x", re.compile("into another case"), of_case("merge")),
    Visit(AGENT, f"{CASES}{{case}}/merge/?other={{other}}", re.compile(r"into CS\d{7}\?"), of_case("merge_confirm")),
    Visit(AGENT, f"{CASES}{{case}}/link/", re.compile("to another case"), of_case("link")),
    Visit(AGENT, f"{CASES}{{case}}/link/", re.compile("to another case"), of_case("link"), press("Link")),
    Visit(AGENT, f"{CASES}{{case}}/redact/", re.compile("Remove a passage"), of_case("redact")),
    Visit(AGENT, f"{CASES}{{case}}/redact/?message={{reply}}", re.compile("Remove a passage"), of_case("redact")),
    Visit(AGENT, f"{CASES}{{case}}/redact/", re.compile("Remove a"), of_case("redact"), remove_what_is_not_there),
    Visit(AGENT, f"{CASES}{{case}}/redact/", re.compile("for good"), of_case("redact_confirm"), preview_removal),
    # A call.
    Visit(AGENT, f"{CASES}log-call/", "Who calls?", of_case("log_call")),
    Visit(AGENT, f"{CASES}log-call/?q=tester", re.compile(r"\d providers"), of_case("log_call")),
    Visit(AGENT, f"{CASES}log-call/?q=nobody+at+all", "Not among them?", of_case("log_call")),
    Visit(AGENT, f"{CASES}log-call/?provider={{provider}}", "Log a call", of_case("log_call_form")),
    Visit(AGENT, f"{CASES}log-call/?provider=new", "Log a call", of_case("log_call_form"), press("File the case")),
    Visit(AGENT, f"{CASES}{{other}}/logged/", "", of_case("log_call_done")),
    # People and organizations.
    Visit(ADMIN, "/admin/accounts/user/", "", ("search_form.html",)),
    Visit(ADMIN, "/admin/accounts/user/?q=nothing+like+it", "", ("search_form.html",)),
    Visit(ADMIN, "/admin/accounts/user/{provider}/change/", "", ("accounts/user/change_form.html",)),
    Visit(ADMIN, "/admin/accounts/user/{colleague}/change/", "", ("accounts/user/change_form.html",)),
    Visit(AGENT, "/admin/accounts/user/{provider}/change/", "", ("accounts/user/change_form.html",)),
    Visit(ADMIN, "/admin/accounts/user/add/", "Add a staff account", ("accounts/user/act_form.html",), press("Save")),
    Visit(ADMIN, "/admin/accounts/user/{colleague}/role/", "Change the role", ("accounts/user/act_form.html",)),
    Visit(ADMIN, "/admin/accounts/user/{colleague}/name/", "Correct the name", ("accounts/user/act_form.html",)),
    Visit(ADMIN, "/admin/accounts/user/{colleague}/away/", "Mark as away", ("accounts/user/act_form.html",)),
    Visit(
        ADMIN,
        "/admin/accounts/user/{colleague}/away/",
        "Mark as away",
        ("accounts/user/act_form.html",),
        be_away_since_long,
    ),
    Visit(ADMIN, "/admin/accounts/organization/"),
    Visit(ADMIN, "/admin/accounts/organization/{new}/change/", "", ("accounts/organization/change_form.html",)),
    Visit(AGENT, "/admin/accounts/organization/{new}/change/", "", ("accounts/organization/change_form.html",)),
    Visit(ADMIN, "/admin/accounts/organization/{old}/merge/", "", ("accounts/organization/merge.html",)),
    Visit(ADMIN, "/admin/accounts/organization/{old}/merge/?q=birch", "Found", ("accounts/organization/merge.html",)),
    Visit(ADMIN, "/admin/accounts/organization/{old}/merge/?q=zzz", "Found", ("accounts/organization/merge.html",)),
    Visit(ADMIN, "/admin/accounts/organization/{old}/merge/?into={new}", "", ("accounts/organization/merge.html",)),
    # What supervisors keep.
    Visit(ADMIN, "/admin/cases/queue/"),
    Visit(ADMIN, "/admin/cases/queue/add/", "", (), press("Save")),
    Visit(ADMIN, "/admin/cases/queue/{queue}/change/"),
    Visit(AGENT, "/admin/cases/queue/{queue}/change/"),
    Visit(ADMIN, "/admin/cases/requesttype/"),
    Visit(ADMIN, "/admin/cases/requesttype/add/", "", (), press("Save")),
    Visit(ADMIN, "/admin/cases/requesttype/{type}/change/"),
    Visit(ADMIN, "/admin/cases/cannedreply/"),
    Visit(
        ADMIN,
        "/admin/cases/cannedreply/add/",
        "",
        ("cases/cannedreply/change_form.html", "cases/cannedreply/submit_line.html"),
        press("Save"),
    ),
    Visit(ADMIN, "/admin/cases/cannedreply/{canned}/change/", "", ("cases/cannedreply/change_form.html",)),
    Visit(AGENT, "/admin/cases/cannedreply/{canned}/change/", "", ("cases/cannedreply/change_form.html",)),
    # Facts and mail.
    Visit(ADMIN, "/admin/desk/holiday/"),
    Visit(ADMIN, "/admin/desk/holiday/{holiday}/change/"),
    Visit(ADMIN, "/admin/desk/openinghours/"),
    Visit(ADMIN, "/admin/desk/openinghours/{hours}/change/"),
    Visit(ADMIN, "/admin/desk/phoneline/"),
    Visit(ADMIN, "/admin/desk/phoneline/{line}/change/"),
    Visit(ADMIN, "/admin/desk/resource/"),
    Visit(ADMIN, "/admin/desk/resource/{resource}/change/"),
    Visit(ADMIN, "/admin/desk/termsversion/"),
    Visit(ADMIN, "/admin/desk/termsversion/{terms}/change/"),
    Visit(ADMIN, "/admin/mail/outboxevent/"),
    Visit(ADMIN, "/admin/mail/outboxevent/{event}/change/"),
    Visit(ADMIN, "/admin/mail/outboxmessage/"),
    Visit(ADMIN, "/admin/mail/outboxmessage/{mail}/change/", "", ("mail/outboxmessage/change_form.html",)),
    Visit(AGENT, CASES + "{case}/files/{file}/remove/", "The file", ("cases/case/remove_file.html",)),
    Visit(AGENT, CASES + "{case}/files/{file}/remove/", "The file", (), press("Remove for good")),
    Visit(AGENT, "/admin/mail/inboundmail/", "Mail that came in", ("mail/inboundmail/actions.html",)),
    Visit(AGENT, "/admin/mail/inboundmail/{inbound}/change/", "Vaccine for all", INBOUND),
    Visit(AGENT, "/admin/mail/inboundmail/{inbound}/change/", "Vaccine for all", INBOUND, attach_to_nothing),
    Visit(AGENT, "/admin/mail/inboundmail/{inbound}/change/", "Log a call", INBOUND, press("Make a case")),
    Visit(AGENT, "/admin/mail/inboundmail/{broken}/change/", "(no subject)", INBOUND),
    Visit(ADMIN, "/admin/mail/blockedsender/"),
    Visit(ADMIN, "/admin/mail/blockedsender/{blocked}/delete/"),
    # Staff on the pages that everybody has.
    Visit(AGENT, "/account/notifications/", "Choose emails"),
    Visit(AGENT, "/account/away/", "Away"),
    Visit(AGENT, "/account/away/", "There is a problem", (), press("SAVE")),
    Visit(AGENT, "/my-lists/?tab=all&organization=birch", "My Lists"),
    Visit(VIEWER, "/my-lists/?tab=all&organization=birch", "My Lists"),
]


@dataclass
class Staff:
    """Everybody's page, signed in once, and the numbers of the rows."""

    pages: dict[str, Page]
    numbers: dict[str, int]


@pytest.fixture(scope="module")
def staff(browser, portal):
    printed = portal.manage("shell", "--verbosity=0", "-c", MAKE_ROWS.replace("@PASSWORD@", PASSWORD))
    with open_pages(browser, portal) as open_page:
        pages = {who: open_page() for who in (AGENT, ADMIN, VIEWER)}
        log_in(pages[AGENT], "agnes.tester", PASSWORD)
        log_in(pages[ADMIN], *ADMINISTRATOR)
        log_in(pages[VIEWER], "vera.tester", PASSWORD)
        yield Staff(pages, json.loads(printed.splitlines()[-1]))


def name_of(visit: Visit) -> str:
    return f"{visit.who} {visit.address}"


@pytest.mark.browser
@pytest.mark.looks
@pytest.mark.parametrize("visit", VISITS, ids=name_of)
def test_page(visit, staff):
    page = staff.pages[visit.who]
    answer = page.goto(visit.address.format(**staff.numbers))
    assert answer.status == 200
    visit.first(page)
    if visit.shows:
        expect(page.get_by_role("heading", name=visit.shows).first).to_be_visible()
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    inspect(page)


def with_parts(name: str, seen: set[str]) -> set[str]:
    """Add a template and those of ours that it extends or includes."""
    if name not in seen:
        seen.add(name)
        for part in re.findall(r'{% (?:extends|include) "admin/([^"]+)"', (TEMPLATES / "admin" / name).read_text()):
            if (TEMPLATES / "admin" / part).exists() and part != name:
                with_parts(part, seen)
    return seen


def test_every_template_has_its_visit():
    visited: set[str] = set()
    for name in {name for visit in VISITS for name in visit.templates}:
        with_parts(name, visited)
    ours = {path.relative_to(TEMPLATES / "admin").as_posix() for path in (TEMPLATES / "admin").rglob("*.html")}
    assert ours - visited - {"base_site.html"} == set(), "Name a visit in VISITS that shows these"
