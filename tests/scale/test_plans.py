"""No page reads a big table from end to end, nor more of it than a person would read: at 100,000 cases."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from django.db import connection

import accounts.drafts
import accounts.services
import accounts.tasks
import cases.services
import mail.services
import mail.tasks
from accounts.models import User
from bench.plan import BUSY, COMMON_WORD, MEMBER, RARE_WORD, USUAL
from bench.seed_portal import provider_id
from cases import statuses
from cases.agent_query import SORTS, TABS
from cases.lists import AGENT_TABS, PROVIDER_SORTS, PROVIDER_TABS, STAFF_SORTS, VIEWER_TABS, sorts_of
from cases.models import Case
from cases.paging import cursor
from mail.models import Hold, InboundState, State
from tests.scale.conftest import CASES
from tests.scale.plans import Statement, big_tables, captured, cost_of
from tests.scale.rows import AGENT, RARE_AGENT, SUPERVISOR, VIEWER

pytestmark = [pytest.mark.scale, pytest.mark.usefixtures("big_portal", "db")]

# Counts go to 1,001 a tab, or to 5,000 in the admin; a page has at most 100 rows.
MOST_ROWS = 9000
MOST_BUFFERS = 4000
PEOPLE = {
    "usual": provider_id(USUAL),
    "busy": provider_id(BUSY),
    "member": None,
    "agent": AGENT,
    "supervisor": SUPERVISOR,
    "viewer": VIEWER,
}


@dataclass(frozen=True)
class Allowance:
    """What a page may read beyond the bounds.

    Arguments:
        asked: a pattern of "who address".
        because: why more is right.
        tables: big ones that may be read from end to end.
    """

    asked: str
    because: str
    tables: frozenset[str] = frozenset()
    rows: int = MOST_ROWS
    buffers: int = MOST_BUFFERS


ALLOWANCES = (
    Allowance(
        r"^(agent|viewer) /my-lists/.*(status=|priority=|channel=|organization|queue=|type=|agent=)",
        "some hundred rows are named and sorted at once: a hash of the 5,000 accounts, 100 blocks, beats probing each",
        frozenset({"accounts_user"}),
        rows=26_000,
    ),
    Allowance(
        r"^busy /my-lists/",
        "planned once for a connection, for no provider in particular: one with 10,000 cases is counted like one with"
        " few, from an index alone",
        rows=13_000,
    ),
    Allowance(
        r"^member /my-lists/.*q=",
        "what has the words is looked for among all that the colleagues filed, 10 % of the cases here",
        rows=42_000,
        buffers=42_000,
    ),
    Allowance(
        r"^supervisor /admin/.*(p=40|p=100)$",
        "the admin's pages are reached by their number, up to 5,000 rows",
        frozenset({"accounts_user"}),
        rows=12_500,
        buffers=6500,
    ),
    Allowance(
        r"^supervisor /admin/mail/outboxmessage/\?q=agent",
        "an agent's 10,000 mails come from a bitmap of them all",
        rows=17_000,
    ),
    Allowance(
        r"^supervisor /admin/(accounts/.*|cases/case/log-call/)\?q=(provider|pr|cl.*|number7|cs.*)$",
        "each account, or nearly each, has the word: as many are looked at as there are accounts",
        frozenset({"accounts_user", "accounts_organization", "accounts_membership"}),
        rows=42_000,
    ),
    Allowance(
        r"^supervisor /admin/(accounts|mail)/",
        "a scan that ends with the count of 5,000, which most rows are part of",
        frozenset({"accounts_user", "accounts_organization", "mail_outboxevent"}),
        rows=11_000,
    ),
    Allowance(
        r"^viewer /my-lists/.*q=Clinic\+number",
        "three common words together are looked up row by row along the list, until a page of them is found",
        rows=16_000,
        buffers=16_000,
    ),
    Allowance(
        r"^agent /admin/cases/case/\?list=mine&sort=updated",
        "all open cases of the agent, 1 % of all here, are looked at: no index has them in this order",
        rows=17_000,
        buffers=17_000,
    ),
    Allowance(
        r"^agent /admin/cases/case/\?list=answered&sort=(filed|updated)",
        "some hundred rows are named and sorted at once, as above",
        frozenset({"accounts_user"}),
        rows=20_000,
        buffers=1500,
    ),
    Allowance(
        r"^agent /admin/cases/case/\?.*p=(20|100|101)$",
        "the admin's pages are reached by their number, up to 5,000 rows",
        rows=20_000,
        buffers=15_000,
    ),
    Allowance(
        r"^agent /admin/cases/case/.*q(=|%3D)",
        "found cases are counted from the rows themselves, up to 1,001; 10 % of all have the word here",
        frozenset({"accounts_user", "cases_search"}),
        rows=45_000,
        buffers=20_000,
    ),
    Allowance(
        r"^agent /admin/cases/case/.*(status|priority|channel|organization(_id)?|queue|type|agent|age)(=|%3D)",
        "what is filtered is counted from the rows themselves, up to 1,001, by a scan where many are kept;"
        " and accounts are hashed as above",
        frozenset({"accounts_user", "accounts_organization", "cases_case"}),
        rows=40_000,
        buffers=10_000,
    ),
    Allowance(r"^mail drain$", "several mails are built and sent, each with statements of its own", rows=20_000),
)


def allowance_for(name: str) -> Allowance:
    return next((each for each in ALLOWANCES if re.search(each.asked, name, re.IGNORECASE)), Allowance(name, ""))


def person(who: str) -> User:
    return User.objects.get(pk=PEOPLE[who]) if PEOPLE[who] else User.objects.get(username="member.colleague")


@pytest.fixture(scope="module")
def big(big_portal, django_db_blocker):
    with django_db_blocker.unblock():
        return big_tables()


@pytest.fixture
def assert_bounded(big):
    """Return a function that asserts what the database did for statements."""

    def check(name: str, statements: list[Statement]) -> None:
        may, cost = allowance_for(name), cost_of(statements, big)
        scanned = [each for each in cost.scanned if each.partition(" ")[0] not in may.tables]
        assert not scanned, f"{name} reads big tables from end to end"
        told = f"{name}: {cost.rows} rows, {cost.buffers} blocks\n{cost.told}"
        assert (cost.rows <= may.rows, cost.buffers <= may.buffers) == (True, True), told

    return check


@pytest.fixture
def look(client_for, assert_bounded):
    """Return a function that asks for a page and asserts what the database did for it."""

    def ask(who: str, address: str) -> int:
        client = client_for(person(who))
        with captured() as statements:
            answer = client.get(address)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code == 200, answer.headers.get("Location")
        assert body
        assert_bounded(f"{who} {address}", statements)
        return len(statements)

    return ask


def lists(tabs, sorts) -> list[str]:
    return [f"tab={tab.code}&sort={sort.code}" for tab in tabs for sort in sorts]


PROVIDER_LISTS = lists(PROVIDER_TABS, PROVIDER_SORTS)
PROVIDER_LISTS += ["tab=all&status=cancelled", "tab=all&status=closed"]
AGENT_LISTS = lists(AGENT_TABS, STAFF_SORTS)
VIEWER_LISTS = lists(VIEWER_TABS, STAFF_SORTS)
SEARCHES = ["CS0000777", RARE_WORD, COMMON_WORD, f"{COMMON_WORD} freezer", "xylophone", "freez", "777"]
STAFF_SEARCHES = [*SEARCHES, "provider.number7", "provider.number7@example.org", "Clinic number 7", "Clinic"]
FILTERS = [
    "queue=1",
    "queue=2",
    "type=3",
    "agent=nobody",
    f"agent={AGENT}",
    f"agent={RARE_AGENT}",
    *(f"status={code}" for code, _label in statuses.CHOICES),
    "priority=1",
    "priority=3",
    "channel=portal",
    "channel=phone",
    "channel=email",
    "age=1",
    "age=30",
    "organization=clinic+number+77",
    "organization=clinic",
    "organization=zzz",
    f"organization_id={provider_id(7)}",
    f"organization_id={provider_id(MEMBER)}",
    f"type=3&status=open&priority=1&agent={AGENT}&channel=phone",
]


@pytest.mark.parametrize("who", ["usual", "busy", "member"])
@pytest.mark.parametrize("asked", PROVIDER_LISTS)
def test_lists_of_a_provider(who, asked, look):
    look(who, f"/my-lists/?{asked}")


@pytest.mark.parametrize("who", ["usual", "busy", "member"])
@pytest.mark.parametrize("words", SEARCHES)
@pytest.mark.parametrize("tab", ["all", "open"])
def test_searches_of_a_provider(who, words, tab, look):
    look(who, f"/my-lists/?{urlencode({'tab': tab, 'q': words})}")


@pytest.mark.parametrize("who", ["agent", "viewer"])
@pytest.mark.parametrize("asked", AGENT_LISTS)
def test_lists_of_staff(who, asked, look):
    look(who, f"/my-lists/?{asked}")


@pytest.mark.parametrize("sort", [sort.code for sort in STAFF_SORTS])
@pytest.mark.parametrize("tab", ["all", "open"])
@pytest.mark.parametrize("asked", FILTERS)
def test_filtered_lists_of_staff(tab, sort, asked, look):
    look("viewer", f"/my-lists/?tab={tab}&sort={sort}&{asked}")


@pytest.mark.parametrize("words", STAFF_SEARCHES)
@pytest.mark.parametrize("tab", ["all", "open"])
def test_searches_of_staff_in_my_lists(tab, words, look):
    look("viewer", f"/my-lists/?{urlencode({'tab': tab, 'q': words})}")


@pytest.mark.parametrize("who", ["usual", "busy", "member", "viewer"])
@pytest.mark.parametrize("sort", ["filed", "updated", "waiting"])
@pytest.mark.parametrize("way", ["after", "before"])
def test_deep_pages(who, sort, way, look):
    user = person(who)
    field = next(each.field for each in sorts_of(user) if each.code == sort)
    rows = Case.objects.visible_to(user).order_by(field, "pk")
    middle = rows[rows.count() // 2]
    look(who, f"/my-lists/?tab=all&sort={sort}&{way}={cursor(middle, field)}")


@pytest.mark.parametrize("sort", [sort.code for sort in SORTS])
@pytest.mark.parametrize("tab", [tab.code for tab in TABS])
def test_lists_of_agents(tab, sort, look):
    look("agent", f"/admin/cases/case/?list={tab}&sort={sort}")


@pytest.mark.parametrize("page", [2, 20, 100, 101])
@pytest.mark.parametrize("tab", ["all", "open"])
def test_pages_of_agents(tab, page, look):
    look("agent", f"/admin/cases/case/?list={tab}&p={page}")


@pytest.mark.parametrize("tab", ["all", "open"])
@pytest.mark.parametrize("asked", FILTERS)
def test_filtered_lists_of_agents(tab, asked, look):
    look("agent", f"/admin/cases/case/?list={tab}&{asked}")


@pytest.mark.parametrize("words", STAFF_SEARCHES)
@pytest.mark.parametrize("tab", ["all", "open", "mine"])
def test_searches_of_agents(tab, words, look):
    look("agent", f"/admin/cases/case/?{urlencode({'list': tab, 'q': words})}")


@pytest.mark.parametrize("who", ["usual", "busy", "member", "agent", "supervisor", "viewer"])
def test_home(who, look):
    look(who, "/")


@pytest.mark.parametrize("who", ["agent", "supervisor"])
def test_start_page(who, look):
    look(who, "/admin/")


@pytest.mark.parametrize("who", ["usual", "busy", "agent", "viewer"])
def test_case_pages(who, look):
    case = Case.objects.filter(provider=PEOPLE.get(who)).last() or Case.objects.get(pk=777)
    look(who, f"/cases/{case.case_id}/")
    if who in ("usual", "busy"):
        look("agent", f"/admin/cases/case/{case.pk}/change/")
        look("agent", f"/admin/cases/case/{case.pk}/print/")


@pytest.mark.parametrize(
    "kept",
    [*(f"list={tab.code}" for tab in TABS), *(f"list=all&{asked}" for asked in FILTERS)]
    + [f"list=all&{urlencode({'q': words})}" for words in STAFF_SEARCHES],
)
def test_neighbours(kept, look):
    address = urlencode({"_changelist_filters": kept})
    look("agent", f"/admin/cases/case/50000/change/?{address}")


@pytest.mark.parametrize("asked", ["", "tab=all", "tab=open&sort=updated", "tab=all&q=vaccine", "tab=all&priority=1"])
def test_exports(asked, look):
    look("agent", f"/my-lists/export.csv?{asked}")


CALLERS = ["number7", "clinic number 77", "provider", "xylophone", "provider.number7@example.org", "CS0000777"]
ADMIN_LISTS = {
    "mail/outboxmessage": [
        "",
        "p=100",
        *(f"state__exact={state}" for state in State),
        *(f"hold_reason__exact={reason}" for reason in Hold),
        "kind=case_reply",
        "kind=case_closed",
        "state__exact=failed&kind=case_reply",
        "q=provider.number7@example.org",
        "q=provider.number7",
        "q=agent.number7",
        "q=CS0000777",
        "q=nobody@example.org",
        *(f"o={column}" for column in range(1, 10)),
    ],
    "mail/outboxevent": ["", "p=100", "state=waiting", "state=expanded", *(f"o={column}" for column in range(1, 7))],
    "mail/inboundmail": [
        "",
        "p=50",
        "state=all",
        *(f"state={state}" for state in InboundState),
        "q=provider.number7@example.org",
        "q=CS0000777",
        "q=nobody@example.org",
        *(f"state=all&o={column}" for column in range(1, 7)),
    ],
    "mail/suspendedaddress": ["", "q=gone7@example.net", "o=1", "o=2", "o=3"],
    "mail/blockedsender": ["", "q=gone"],
    "accounts/user": [
        "",
        "p=40",
        "is_staff__exact=1",
        "is_staff__exact=0",
        "is_active__exact=0",
        "must_change_password__exact=1",
        "q=provider.number7",
        "q=provider.number7@example.org",
        "q=Number7",
        "q=Provider",
        "q=Provider+Number7",
        "q=xylophone",
        "q=pr",
        *(f"o={column}" for column in range(1, 7)),
    ],
    "accounts/organization": ["", "p=40", "q=Clinic+number+7", "q=Clinic", "q=xylophone", "q=cl", "o=1", "o=2"],
}


@pytest.mark.parametrize(("model", "asked"), [(model, asked) for model, each in ADMIN_LISTS.items() for asked in each])
def test_lists_of_the_admin(model, asked, look):
    look("supervisor", f"/admin/{model}/?{asked}")


@pytest.mark.parametrize(
    "address",
    [
        f"/admin/accounts/user/{provider_id(BUSY)}/change/",
        f"/admin/accounts/user/{AGENT}/change/",
        f"/admin/accounts/organization/{provider_id(MEMBER)}/change/",
        f"/admin/accounts/organization/{provider_id(MEMBER)}/merge/?q=clinic",
        f"/admin/accounts/organization/{provider_id(MEMBER)}/merge/?q=number+77",
        f"/admin/accounts/organization/{provider_id(MEMBER)}/merge/?q=xylophone",
        "/admin/mail/outboxmessage/777/change/",
        "/admin/mail/outboxevent/777/change/",
        "/admin/mail/inboundmail/777/change/",
        "/admin/cases/case/log-call/",
        *(
            f"/admin/cases/case/log-call/?{urlencode({'q': words})}"
            for words in [
                "number7",
                "clinic number 77",
                "provider",
                "xylophone",
                "provider.number7@example.org",
                "CS0000777",
            ]
        ),
        "/account/",
    ],
)
def test_pages_of_staff(address, look):
    look("supervisor", address)


@pytest.mark.parametrize("address", ["/account/", "/cases/new/", "/resources/"])
def test_other_pages_of_a_provider(address, look):
    look("busy", address)


TASKS = {
    "mail sweep": mail.services.sweep,
    "mail drain": lambda: mail.services.drain(seconds=0.2),
    "inbox": mail.tasks.process_inbox,
    "old raw": mail.tasks.delete_old_raw,
    "close resolved": lambda: cases.services.close_resolved(limit=20),
    "digests": cases.services.send_digests,
    "scan files": cases.services.scan_files,
    "loose files": cases.services.delete_loose_files,
    "sessions": accounts.tasks.clear_sessions,
    "unused registrations": accounts.services.delete_unused_registrations,
    "old drafts": accounts.drafts.delete_old_drafts,
}


@pytest.mark.parametrize("asked", ["/", "/my-lists/", "/my-lists/?tab=all&sort=updated", "/cases/new/", "/account/"])
def test_few_and_many_cases_cost_as_many_statements(asked, look):
    look("usual", asked)  # the first page of a process also reads what it then keeps
    assert look("usual", asked) == look("busy", asked)


@pytest.mark.parametrize("task", TASKS)
def test_tasks(task, assert_bounded):
    with captured() as statements:
        TASKS[task]()
    assert_bounded(task, statements)


# --- the checker -----------------------------------------------------------------------------


def test_a_scan_of_a_big_table_is_seen(big):
    with captured() as statements:
        list(Case.objects.filter(contact_phone="919 555 0100"))
        list(Case.objects.filter(pk=777))
        Case.objects.filter(contact_phone="919 555 0100").update(contact_phone="")
    cost = cost_of(statements, big)
    assert [each.partition(" ")[0] for each in cost.scanned] == ["cases_case", "cases_case"]
    assert cost.rows == CASES + 1


def test_a_missing_index_is_seen(look):
    look("viewer", "/my-lists/?tab=all&sort=filed")
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX case_filed")
    with pytest.raises(AssertionError, match="blocks|end to end"):
        look("viewer", "/my-lists/?tab=all&sort=filed")
