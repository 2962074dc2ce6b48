"""On SQLite too, no page of lists or of a case reads a big table from end to end."""

import re
from copy import copy

import pytest
from django.db import connection

from cases import search_index
from cases.agent_query import SORTS, TABS
from cases.lists import AGENT_TABS, PROVIDER_SORTS, PROVIDER_TABS, STAFF_SORTS, VIEWER_TABS
from cases.models import Case
from cases.tasks import analyze_sqlite
from tests.scale.plans import Statement, captured

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="asks SQLite; tests/scale asks PostgreSQL"),
]
BIG = ("cases_case", "cases_message", "cases_caseevent", "cases_attachment", "mail_outboxmessage", "mail_outboxevent")


def lists(address: str, tabs, sorts, name: str = "tab") -> list[str]:
    return [f"{address}?{name}={tab.code}&sort={sort.code}" for tab in tabs for sort in sorts]


PAGES = [
    *(("paula", page) for page in ["/", "/cases/{case}/", *lists("/my-lists/", PROVIDER_TABS, PROVIDER_SORTS)]),
    *(("quinn", page) for page in ["/cases/{case}/", *lists("/my-lists/", PROVIDER_TABS, PROVIDER_SORTS)]),
    *(("vera", page) for page in lists("/my-lists/", VIEWER_TABS, STAFF_SORTS)),
    *(("agnes", page) for page in lists("/my-lists/", AGENT_TABS, STAFF_SORTS)),
    *(("agnes", page) for page in ["/", "/admin/", *lists("/admin/cases/case/", TABS, SORTS, name="list")]),
    ("agnes", "/admin/cases/case/{number}/change/"),
    ("agnes", "/admin/cases/case/{number}/change/?_changelist_filters=list%3Dopen"),
]


def plan_of(statement: Statement) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.params)
        return [said for *_numbers, said in cursor.fetchall()]


def read_whole(statement: Statement) -> list[str]:
    """Return which big tables a statement reads row by row; a walk along an index ends with the page."""
    scanned = [re.fullmatch(r"SCAN (\w+)(?: LEFT-JOIN)?", said) for said in plan_of(statement)]
    tables = {alias: table for table, alias in re.findall(r'"(\w+)" (?:AS )?"?([A-Z]\d+)"?', statement.sql)}
    named = {tables.get(found[1], found[1]) for found in scanned if found}
    return [f"{table} in {statement.sql}" for table in named.intersection(BIG)]


@pytest.fixture
def reads(client_for, request, case):
    """Return a function that asks for a page and returns what it read by."""

    def ask(who: str, address: str) -> list[Statement]:
        client = client_for(request.getfixturevalue(who))
        with captured() as statements:
            answer = client.get(address.format(case=case.case_id, number=case.pk))
        assert answer.status_code == 200
        return [each for each in statements if each.sql.startswith("SELECT")]

    return ask


@pytest.mark.parametrize(("who", "address"), PAGES)
def test_no_page_reads_a_big_table(reads, who, address):
    statements = reads(who, address)
    assert statements
    assert [found for each in statements for found in read_whole(each)] == []


@pytest.mark.parametrize(
    ("tab", "index"),
    [
        ("mine", "case_assigned_waiting"),
        ("unassigned", "case_(un)?assigned_waiting"),
        ("awaiting", "case_awaiting_waiting"),
        ("open", "case_open_waiting"),
    ],
)
def test_lists_of_open_cases_walk_past_no_closed_ones(reads, case, agnes, tab, index):
    others = [copy(case) for _ in range(200)]
    for each, status in zip(others, ["open", "awaiting", *["closed"] * 198], strict=True):
        each.pk, each.status, each.assigned_agent = None, status, agnes
    Case.objects.bulk_create(others)
    analyze_sqlite()
    (rows,) = (each for each in reads("agnes", f"/admin/cases/case/?list={tab}") if "provider__username" in each.sql)
    assert re.search(f" USING INDEX {index}", " ".join(plan_of(rows)))


@pytest.mark.parametrize(
    ("who", "address"), [("agnes", "/admin/cases/case/?list=all"), ("vera", "/my-lists/?tab=all")]
)
def test_a_search_for_a_common_word_walks_along_the_list(reads, monkeypatch, who, address):
    monkeypatch.setattr(search_index, "FEW", -1)
    (rows,) = (each for each in reads(who, f"{address}&q=vials") if "provider__username" in each.sql)
    assert "ORDER BY" in rows.sql
    assert "TEMP B-TREE" not in " ".join(plan_of(rows))
