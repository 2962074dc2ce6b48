"""The admin's start page: numbers that are links to exactly those rows, and the last two weeks."""

import re
from datetime import datetime
from html import unescape

import pytest
from django.utils import timezone

from cases import counts, services, start_page
from cases.models import Case, CaseEvent
from desk.hours import EASTERN
from mail.inbox import take_in
from mail.models import OutboxMessage
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
START = "/admin/"


def numbers(client) -> dict[str, tuple[str, str]]:
    """Return what the page says under each label, and where it leads."""
    part = client.get(START).text.split('class="start-numbers"')[1].split("</ul>")[0]
    found = re.findall(r'href="([^"]+)".*?__count">([^<]+)</span> <span>([^<]+)<', part, re.DOTALL)
    return {label: (count, unescape(address)) for address, count, label in found}


def listed(client, address: str) -> list[int]:
    changelist = client.get(address).context["cl"]
    return sorted(case.pk for case in changelist.result_list)


@pytest.fixture
def cases(agnes, second_agent, paula, file) -> dict[str, Case]:
    made = {name: file(paula) for name in ("open", "answered", "awaiting", "theirs", "free")}
    for name in ("open", "answered", "awaiting"):
        services.take_case(by=agnes, case=made[name])
    services.take_case(by=second_agent, case=made["theirs"])
    services.add_information(by=paula, case=made["answered"], body="Lot 42.")
    for name, agent in (("awaiting", agnes), ("theirs", second_agent)):
        services.add_reply(by=agent, case=made[name], body="Which?", changes=services.Changes(status="awaiting"))
    return made


def test_each_number_leads_to_exactly_those_rows(client_for, agnes, cases, mailbox):
    mailbox()
    failed = OutboxMessage.objects.first()
    OutboxMessage.objects.filter(pk=failed.pk).update(state="failed")
    waiting = take_in(b"From: somebody@example.net\n\nIs this the help desk?")
    client = client_for(agnes)
    expected = {
        "My open cases": ("open", "answered", "awaiting"),
        "Unassigned": ("free",),
        "Mine, awaiting info": ("awaiting",),
        "Answered since I last looked": ("answered",),
    }
    shown = numbers(client)
    for label, names in expected.items():
        count, address = shown.pop(label)
        assert count == str(len(names)), label
        assert listed(client, address) == sorted(cases[name].pk for name in names), label
    count, address = shown.pop("Mails that failed")
    assert count == "1"
    assert listed(client, address) == [failed.pk]
    count, address = shown.pop("Mails held back")
    assert (count, listed(client, address)) == ("0", [])
    count, address = shown.pop("Mails that came in and wait")
    assert count == "1"
    assert listed(client, address) == [waiting.pk]
    assert shown == {}


def test_nothing_to_do_is_noughts(client_for, agnes):
    assert {count for count, _address in numbers(client_for(agnes)).values()} == {"0"}


def test_counts_are_capped(client_for, agnes, cases, monkeypatch):
    monkeypatch.setattr(counts, "COUNT_CAP", 2)
    monkeypatch.setattr(start_page, "_counts", start_page._counts.__wrapped__)
    assert numbers(client_for(agnes))["My open cases"][0] == "2+"


def test_merged_cases_do_not_count(client_for, agnes, cases):
    Case.objects.filter(pk=cases["answered"].pk).update(merged_into=cases["open"])
    shown = numbers(client_for(agnes))
    assert shown["My open cases"][0] == "2"
    assert shown["Answered since I last looked"][0] == "0"


# --- the chart -------------------------------------------------------------------------------


def days(client) -> list[tuple[str, int, int]]:
    table = client.get(START).text.split('class="start-figures"')[1].split("</table>")[0]
    rows = re.findall(r'datetime="([^"]+)".*?<td>(\d+)</td>\s*<td>(\d+)</td>', table, re.DOTALL)
    return [(day, int(filed), int(resolved)) for day, filed, resolved in rows]


@pytest.fixture
def _late_evening(monkeypatch):
    """It is half past eight in the evening in North Carolina, and the next day already in UTC."""
    now = datetime(2026, 11, 20, 20, 30, tzinfo=EASTERN)
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.mark.usefixtures("_late_evening")
def test_days_are_the_help_desks(client_for, agnes, paula, file):
    client = client_for(agnes)
    first, second, old = file(paula), file(paula), file(paula)
    for case, at in (
        (second, datetime(2026, 11, 7, 0, 0, tzinfo=EASTERN)),
        (old, datetime(2026, 11, 6, 23, 59, tzinfo=EASTERN)),
    ):
        Case.objects.filter(pk=case.pk).update(filed_at=at)
    services.add_reply(by=agnes, case=first, body="Done.", changes=services.Changes(status="resolved"))
    services.add_information(by=paula, case=first, body="Not yet.")
    services.change_case(by=agnes, case=first, changes=services.Changes(status="resolved"))
    assert CaseEvent.objects.filter(to_value="resolved").count() == 2
    with timezone.override("UTC"):
        shown = days(client)
    assert len(shown) == 14
    assert shown[0] == ("2026-11-07", 1, 0)
    assert shown[-1] == ("2026-11-20", 1, 1)
    assert sum(filed for _day, filed, _resolved in shown) == 2
    html = client.get(START).text
    assert "2 cases filed" in html
    assert "1 case resolved" in html


def test_chart_draws_what_the_table_says(client_for, agnes, paula, file):
    client = client_for(agnes)
    drawing = client.get(START).text.split("<svg")[1].split("</svg>")[0]
    assert "chart__bar" not in drawing
    for _ in range(3):
        file(paula)
    services.add_reply(by=agnes, case=file(paula), body="Done.", changes=services.Changes(status="resolved"))
    drawing = client.get(START).text.split("<svg")[1].split("</svg>")[0]
    bars = re.findall(r'chart__bar--(\w+)" x="(\d+)" y="([\d.]+)" width="\d+" height="([\d.]+)"', drawing)
    assert [(kind, float(height)) for kind, _x, _y, height in bars] == [("filed", 150.0), ("resolved", 37.5)]
    assert ">4</text>" in drawing
    assert "style=" not in drawing
    assert 'role="img"' in drawing


# --- the rest --------------------------------------------------------------------------------


def test_everything_else_stands_below(client_for, sven):
    html = client_for(sven).get(START).text
    assert "Everything else" in html
    assert 'href="/admin/cases/queue/"' in html.split("Everything else")[1]
    assert "<h1>Agent workspace</h1>" in html
    assert "Agent workspace – Provider Help Desk Portal" in html


def test_page_of_one_app_has_no_numbers(client_for, agnes):
    html = client_for(agnes).get("/admin/cases/").text
    assert "start-numbers" not in html
    assert 'href="/admin/cases/case/"' in html


@pytest.mark.parametrize("who", ["paula", "vera", "nadia", "anonymous"])
def test_nobody_else_sees_it(client_for, request, who, case):
    client = client_for(None if who == "anonymous" else request.getfixturevalue(who))
    response = client.get(START, follow=True)
    assert "start-numbers" not in response.text


def test_few_and_many_cases_cost_the_same(client_for, agnes, cases, file, statements):
    client = client_for(agnes)
    client.get(START)
    few = statements(lambda: client.get(START))
    for number in range(3):
        services.take_case(by=agnes, case=file(make_person(f"provider.{number}")))
    assert statements(lambda: client.get(START)) == few
    assert few <= 8
