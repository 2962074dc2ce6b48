"""The agents' list of cases in the admin, and the way from case to case along it."""

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import changelist, counts, services
from cases.agent_lists import neighbours
from cases.models import Case, Priority, Queue, RequestType
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
LIST = "/admin/cases/case/"


def rows(client, query: str = "") -> list[int]:
    return [row.pk for row in client.get(LIST + query).context["cl"].table.rows]


def tab_counts(client, query: str = "") -> dict[str, str]:
    return {tab.tab.code: tab.count for tab in client.get(LIST + query).context["cl"].tabs}


def current_tab(client, query: str = "") -> str:
    (tab,) = [tab.tab.code for tab in client.get(LIST + query).context["cl"].tabs if tab.is_current]
    return tab


@pytest.fixture
def cases(agnes, second_agent, paula, file) -> dict[str, Case]:
    """One case for each list: two of Agnes', one of another agent's, a free one and a withdrawn one."""
    made = {name: file(paula) for name in ("older", "newer", "theirs", "free", "withdrawn")}
    for name, agent in (("older", agnes), ("newer", agnes), ("theirs", second_agent)):
        services.take_case(by=agent, case=made[name])
    services.withdraw_case(by=paula, case=made["withdrawn"])
    services.add_reply(by=agnes, case=made["newer"], body="Which lot?", changes=services.Changes(status="awaiting"))
    for case in made.values():
        case.refresh_from_db()
    return made


def ids(cases, *names) -> list[int]:
    return [cases[name].pk for name in names]


# --- what it shows ---------------------------------------------------------------------------


def test_row_says_what_an_agent_needs(client_for, agnes, paula, case):
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(priority=Priority.URGENT))
    html = client_for(agnes).get(LIST).text.split("<tbody>")[1]
    for text in (case.case_id, "Vaccine inventory", paula.display_name, "Riverside Clinic", agnes.display_name):
        assert text in html
    for part in ("badge--open", "priority--urgent", "0\xa0minutes", '"Last message by">Provider<'):
        assert part in html
    assert f'datetime="{case.waiting_since.isoformat()}"' in html


def test_opens_with_own_open_work_the_oldest_waiting_first(client_for, agnes, cases):
    client = client_for(agnes)
    assert current_tab(client) == "mine"
    assert rows(client) == ids(cases, "older", "newer")
    Case.objects.filter(pk=cases["older"].pk).update(waiting_since=timezone.now())
    assert rows(client) == ids(cases, "newer", "older")


def test_tabs(client_for, agnes, cases):
    client = client_for(agnes)
    assert tab_counts(client) == {
        "mine": "2",
        "answered": "0",
        "unassigned": "1",
        "awaiting": "1",
        "open": "4",
        "all": "5",
    }
    assert rows(client, "?list=unassigned") == ids(cases, "free")
    assert rows(client, "?list=awaiting") == ids(cases, "newer")
    assert set(rows(client, "?list=open")) == set(ids(cases, "older", "newer", "theirs", "free"))
    assert len(rows(client, "?list=all")) == 5


def test_counts_are_capped(client_for, agnes, cases, monkeypatch):
    monkeypatch.setattr(counts, "COUNT_CAP", 3)
    monkeypatch.setattr(changelist, "_tab_counts", counts.PreparedCounts(changelist._counted))
    shown = tab_counts(client_for(agnes))
    assert (shown["mine"], shown["open"]) == ("2", "3+")


def test_foot_says_what_the_tab_says_and_pages_go_further(client_for, agnes, paula, file, monkeypatch):
    monkeypatch.setattr(counts, "COUNT_CAP", 3)
    monkeypatch.setattr(changelist, "_tab_counts", counts.PreparedCounts(changelist._counted))
    monkeypatch.setattr("cases.admin.CaseAdmin.list_per_page", 2)
    made = [file(paula).pk for _ in range(5)]
    client = client_for(agnes)
    html = client.get(f"{LIST}?list=all").text
    assert "3+ cases" in html.split('class="paginator"')[1]
    assert "5 cases" not in html
    assert tab_counts(client)["all"] == "3+"
    assert 'href="?list=all&amp;p=3"' in html
    assert rows(client, "?list=all&p=3") == made[4:]


def test_answered_since_the_last_look(client_for, agnes, second_agent, paula, cases):
    client, case = client_for(agnes), cases["older"]
    assert rows(client, "?list=answered") == []
    client.get(f"{LIST}{case.pk}/change/")
    services.add_information(by=paula, case=case, body="Lot 42.")
    assert rows(client, "?list=answered") == [case.pk]
    assert rows(client_for(second_agent), "?list=answered") == []
    client_for(second_agent).get(f"{LIST}{case.pk}/change/")
    assert rows(client, "?list=answered") == [case.pk]
    assert tab_counts(client)["answered"] == "1"
    client.get(f"{LIST}{case.pk}/change/")
    assert rows(client, "?list=answered") == []
    assert tab_counts(client)["answered"] == "0"


def test_empty_lists_say_so(client_for, agnes, second_agent, case):
    html = client_for(agnes).get(LIST).text
    assert "No open case is assigned to you." in html
    assert 'href="?list=unassigned"' in html
    html = client_for(agnes).get(f"{LIST}?list=mine&q=zebra").text
    assert "No case in this list matches." in html
    assert 'href="?list=all&amp;q=zebra"' in html


def test_merged_cases_are_out(client_for, agnes, cases):
    Case.objects.filter(pk=cases["older"].pk).update(merged_into=cases["newer"])
    client = client_for(agnes)
    assert rows(client) == ids(cases, "newer")
    assert cases["older"].pk not in rows(client, "?list=all")
    assert (tab_counts(client)["mine"], tab_counts(client)["all"]) == ("1", "4")
    assert cases["older"].pk not in rows(client, f"?q={cases['older'].case_id}")


def test_merged_case_opens_as_the_one_it_went_into(client_for, agnes, cases):
    Case.objects.filter(pk=cases["older"].pk).update(merged_into=cases["newer"])
    html = client_for(agnes).get(f"{LIST}{cases['older'].pk}/change/", follow=True).text
    assert f"<h1>{cases['newer'].case_id}" in html


def test_pages(client_for, agnes, paula, file, monkeypatch):
    monkeypatch.setattr("cases.admin.CaseAdmin.list_per_page", 2)
    made = [file(paula).pk for _ in range(3)]
    client = client_for(agnes)
    assert rows(client, "?list=all") == made[:2]
    assert rows(client, "?list=all&p=2") == made[2:]
    html = client.get(f"{LIST}?list=all&junk=1&status=new").text
    assert 'href="?list=all&amp;status=new&amp;p=2"' in html
    assert "3 cases" in html


@pytest.mark.parametrize("page", ["2", "9", "101", "9999", "-1"])
def test_page_beyond_the_end_is_the_first_of_the_same_list(client_for, agnes, paula, file, page):
    case = file(paula)
    response = client_for(agnes).get(f"{LIST}?list=unassigned&status=new&p={page}")
    (row,) = response.context["cl"].table.rows
    assert row.pk == case.pk
    assert response.context["cl"].asked.here == "list=unassigned&status=new"
    assert "1 case\n" in response.text


def test_a_list_that_ends_on_its_page_is_searched_once(client_for, agnes, paula, file, monkeypatch):
    monkeypatch.setattr("cases.admin.CaseAdmin.list_per_page", 2)
    for _ in range(3):
        file(paula)
    client = client_for(agnes)

    def searches(query: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            html = client.get(LIST + query).text
        assert "3 cases" in html
        return sum("vials" in each["sql"] for each in asked)

    assert searches("?q=vials&p=2") == 1
    assert searches("?q=vials") == 1


# --- search, filters, order ------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["{0.case_id}", "{1.username}", "{1.email}", "{1.last_name}", "riverside", "vials", "freezer"],
)
def test_search_looks_through_all(client_for, agnes, paula, rosa, file, text):
    case = file(paula)
    file(rosa, description="Elsewhere.", primary_name="Hill", organization_name="Hill")
    services.add_note(by=agnes, case=case, body="Look into the freezer.")
    client, query = client_for(agnes), f"?q={text.format(case, paula)}"
    assert rows(client, query) == [case.pk]
    assert current_tab(client, query) == "all"


@pytest.mark.parametrize("written", ["{}", " {} "])
def test_whole_case_id_is_no_word(client_for, agnes, paula, file, written):
    case, other = file(paula), file(paula)
    services.add_note(by=agnes, case=other, body=f"The same as {case.case_id}, number {case.pk:07d}.")
    client = client_for(agnes)
    for text in (case.case_id, case.case_id.lower()):
        with CaptureQueriesContext(connection) as asked:
            assert rows(client, "?" + urlencode({"q": written.format(text)})) == [case.pk]
        assert not any("LIKE" in each["sql"] for each in asked)
    assert set(rows(client, f"?q={case.pk:07d}")) == {case.pk, other.pk}
    assert rows(client, f"?q={case.case_id}+vials") == [other.pk]


def test_search_in_a_named_list_stays_there(client_for, agnes, cases):
    client = client_for(agnes)
    assert set(rows(client, "?q=vials")) == set(ids(cases, *cases))
    assert rows(client, "?list=mine&q=vials") == ids(cases, "older", "newer")
    search = client.get(LIST).text.split('id="changelist-search"')[1].split("</form>")[0]
    assert 'name="list"' not in search
    search = client.get(f"{LIST}?list=open&status=open").text.split('id="changelist-search"')[1].split("</form>")[0]
    assert 'name="list" value="open"' in search
    assert 'name="status" value="open"' in search


def test_filters(client_for, agnes, second_agent, cases):
    client = client_for(agnes)
    other_type = RequestType.objects.exclude(pk=cases["free"].request_type_id).first()
    other_queue = Queue.objects.create(name="Shipments")
    Case.objects.filter(pk=cases["free"].pk).update(
        request_type=other_type, queue=other_queue, priority=Priority.HIGH, channel="phone"
    )
    for query in (
        "status=new",
        f"priority={Priority.HIGH}",
        f"queue={other_queue.pk}",
        f"type={other_type.pk}",
        "channel=phone",
    ):
        assert rows(client, f"?list=all&{query}") == ids(cases, "free"), query
    assert rows(client, f"?list=all&agent={second_agent.pk}") == ids(cases, "theirs")
    assert set(rows(client, "?list=all&agent=nobody")) == set(ids(cases, "free", "withdrawn"))
    assert rows(client, f"?list=awaiting&agent={agnes.pk}") == ids(cases, "newer")
    html = client.get(f"{LIST}?list=all&priority={Priority.HIGH}").text
    assert "Remove the filter Priority: High" in html
    assert f'<option value="{Priority.HIGH}" selected>' in html
    assert "<details open>" in html


def test_row_leads_to_its_organization_alone(client_for, agnes, paula, rosa, file):
    here = file(paula)
    there = file(rosa, organization_name="Riverbend", primary_name="Riverbend")
    client = client_for(agnes)
    html = client.get(f"{LIST}?list=open&organization=RIVER&sort=filed").text
    assert rows(client, "?list=open&organization=RIVER&sort=filed") == [there.pk, here.pk]
    assert 'name="organization"' in html.split('id="changelist-filters"')[1].split("</form>")[0]
    address = unescape(re.search(r'<a href="([^"]*)">Riverside Clinic<span', html)[1])
    assert address == f"?list=open&sort=filed&organization_id={here.organization_id}"
    assert rows(client, address) == [here.pk]
    form = client.get(LIST + address).text.split('id="changelist-filters"')[1].split("</form>")[0]
    assert f'name="organization_id" value="{here.organization_id}"' in form
    assert "Now Riverside Clinic alone. Type to replace it." in form
    assert rows(client, f"{address}&organization=riverb") == [there.pk]


def test_filters_offer_agents_alone(client_for, agnes, vera, paula, second_agent, case):
    html = client_for(agnes).get(LIST).text.split('id="id_filter_agent"')[1].split("</select>")[0]
    assert f'value="{second_agent.pk}"' in html
    for stranger in (vera, paula):
        assert f'value="{stranger.pk}"' not in html


def test_orders(client_for, agnes, cases):
    client = client_for(agnes)
    assert rows(client, "?list=mine&sort=filed") == ids(cases, "newer", "older")
    services.add_note(by=agnes, case=cases["older"], body="Called.")
    assert rows(client, "?list=mine&sort=updated") == ids(cases, "older", "newer")
    assert rows(client, "?list=mine&sort=waiting") == ids(cases, "older", "newer")
    assert rows(client, "?list=mine&o=-4") == ids(cases, "older", "newer")


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=%ED%A0%80",
        "q=%F0%9F%A7%AA",
        "o=junk",
        "o=99",
        "p=junk",
        "p=0",
        "p=-1",
        "p=999999",
        "p=%C2%B2",
        "sort=%00",
        "list=%00",
        "list=junk",
        "status=%00",
        "status=junk",
        "priority=9",
        "priority=%C2%B2",
        "queue=%00",
        "queue=junk",
        "agent=junk",
        "agent=99999999999999999999999",
        "type=99999999999999999999999",
        "channel=%00",
        "all=1",
        "e=1",
        "description__contains=%00",
        "description__regex=(",
        "provider__password=x",
        "_facets=1",
    ],
)
def test_junk_filters_nothing(client_for, agnes, cases, query):
    client = client_for(agnes)
    response = client.get(f"{LIST}?{query}&list=mine" if "list=" not in query else f"{LIST}?{query}", follow=True)
    assert response.status_code == 200
    assert "cl" in response.context
    if not query.startswith("q="):
        assert [row.pk for row in response.context["cl"].table.rows] == ids(cases, "older", "newer")


def test_unknown_values_give_a_page(client_for, agnes, cases):
    for name in ("queue", "type", "agent"):
        assert client_for(agnes).get(f"{LIST}?list=all&{name}=999999").status_code == 200


# --- what it costs ---------------------------------------------------------------------------


def test_few_and_many_rows_cost_the_same(client_for, agnes, paula, rosa, file, statements):
    client = client_for(agnes)
    services.take_case(by=agnes, case=file(paula))
    client.get(LIST)
    few = statements(lambda: client.get(LIST))
    others = [make_person(f"provider.{number}") for number in range(3)]
    for provider in (paula, rosa, *others):
        services.take_case(by=agnes, case=file(provider))
    assert statements(lambda: client.get(LIST)) == few
    assert statements(lambda: client.get(f"{LIST}?list=open&status=open&sort=filed")) == few
    organization = Case.objects.filter(provider=paula).first().organization_id
    assert statements(lambda: client.get(f"{LIST}?list=open&organization_id={organization}")) == few + 1
    assert few <= 8


# --- from case to case -----------------------------------------------------------------------


@pytest.fixture
def opened(agnes):
    """Return a function that follows an address and gives the neighbours that the case page would show."""

    def open_page(address: str, agent=None):
        request = RequestFactory().get(address)
        request.user = agent or agnes
        return neighbours(request, Case.objects.get(pk=int(urlsplit(address).path.split("/")[4])))

    return open_page


def links(client, query: str = "") -> dict[int, str]:
    addresses = re.findall(r'<th scope="row"[^>]*><a href="([^"]+)"', client.get(LIST + query).text)
    return {goes_to(address): unescape(address) for address in addresses}


def goes_to(address: str) -> int:
    return int(urlsplit(address).path.split("/")[4])


@pytest.mark.parametrize("query", ["", "?list=mine", "?sort=filed", "?list=all&q=vials&sort=updated"])
def test_previous_and_next(client_for, agnes, paula, file, opened, query):
    for _ in range(3):
        services.take_case(by=agnes, case=file(paula))
    client = client_for(agnes)
    first, second, third = rows(client, query)
    found = links(client, query)
    assert unescape(found[second]) in unescape(client.get(LIST + query).text)
    start = opened(found[first])
    assert (start.previous, goes_to(start.next)) == ("", second)
    middle = opened(start.next)
    assert (goes_to(middle.previous), goes_to(middle.next)) == (first, third)
    end = opened(middle.next)
    assert (goes_to(end.previous), end.next) == (second, "")
    assert rows(client, "?" + urlsplit(middle.list).query) == [first, second, third]


def test_next_goes_on_from_where_an_answered_case_was(client_for, agnes, paula, file, opened):
    made = [file(paula) for _ in range(3)]
    for case in made:
        services.take_case(by=agnes, case=case)
    found = links(client_for(agnes))
    first, second, third = made
    services.add_reply(by=agnes, case=second, body="Done.", changes=services.Changes(status="awaiting"))
    around = opened(found[second.pk])
    assert (goes_to(around.previous), goes_to(around.next)) == (first.pk, third.pk)
    services.change_case(by=agnes, case=second, changes=services.Changes(status="resolved"))
    around = opened(found[second.pk])
    assert (goes_to(around.previous), goes_to(around.next)) == (first.pk, third.pk)


def test_answered_case_is_not_its_own_next(client_for, agnes, case, opened):
    services.take_case(by=agnes, case=case)
    address = links(client_for(agnes))[case.pk]
    services.add_reply(by=agnes, case=case, body="Which?", changes=services.Changes(status="awaiting"))
    around = opened(address)
    assert (around.previous, around.next) == ("", "")


def test_list_remembers_its_page_and_filters(client_for, agnes, paula, file, opened, monkeypatch):
    monkeypatch.setattr("cases.admin.CaseAdmin.list_per_page", 1)
    file(paula)
    last = file(paula)
    query = "?list=unassigned&status=new&p=2&junk=1"
    back = opened(links(client_for(agnes), query)[last.pk]).list
    asked = parse_qs(urlsplit(back).query)
    assert asked == {"list": ["unassigned"], "status": ["new"], "p": ["2"]}


@pytest.mark.parametrize("kept", ["", "%00", "list=junk", "&" * 3000, "q=" + "a" * 9000, "queue=%00&agent=9"])
@pytest.mark.parametrize("at", ["", "junk", "%00", "9" * 40, "99999999999999999-1"])
def test_junk_in_the_way_is_tolerated(client_for, agnes, cases, opened, kept, at):
    address = f"{LIST}{cases['older'].pk}/change/?{urlencode({'_changelist_filters': kept, 'at': at})}"
    assert opened(address).list.startswith(LIST)
    assert client_for(agnes).get(address).status_code == 200


@pytest.mark.parametrize("name", ["queue", "type", "agent", "organization_id"])
def test_number_that_names_nothing_has_no_neighbours(client_for, agnes, cases, opened, name):
    address = links(client_for(agnes), "?list=all")[cases["newer"].pk]
    assert opened(address).previous or opened(address).next
    address = f"{urlsplit(address).path}?{urlencode({'_changelist_filters': f'list=all&{name}=987654321'})}"
    around = opened(address)
    assert (around.previous, around.next) == ("", "")


def test_without_a_list_there_are_no_neighbours(cases, opened):
    around = opened(f"{LIST}{cases['older'].pk}/change/")
    assert (around.previous, around.next, around.list) == ("", "", LIST)


def test_neighbours_cost_one_statement(client_for, agnes, cases, opened, statements):
    agnes.is_agent  # noqa: B018  Its rights are read once per request anyway.
    address = links(client_for(agnes), "?list=all")[cases["newer"].pk]
    request = RequestFactory().get(address)
    request.user = agnes
    assert statements(lambda: neighbours(request, cases["newer"])) == 1
