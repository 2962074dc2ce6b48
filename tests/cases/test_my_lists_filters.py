"""MY LISTS for staff: filters alone, together, in words, and through pages, sort orders and tabs."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlencode

import pytest
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Organization
from cases import paging, services
from cases.models import Case, Priority, Queue, RequestType
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
URL = "/my-lists/"
NAMES = {"queue", "type", "organization", "agent", "status", "priority", "channel", "age"}


@pytest.fixture
def agent(client_for, agnes):
    return client_for(agnes)


@pytest.fixture
def clinic(paula, file):
    """A case of the Riverside Clinic."""
    return file(paula)


@pytest.fixture
def pharmacy(rosa, file):
    """A case of the Hilltop Pharmacy."""
    return file(rosa, organization_name="Hilltop Pharmacy", primary_name="Hilltop Pharmacy")


def ask(client, **params):
    return client.get(URL, {"tab": "all", **params})


def shown(client, **params) -> list[int]:
    return [case.pk for case in ask(client, **params).context["list"].page.rows]


def said(client, **params) -> list[tuple[str, str]]:
    return [(label, words) for label, words, _address in ask(client, **params).context["list"].query.said]


def options(client, name: str) -> dict[str, str]:
    choices = ask(client).context["list"].query.filters.choices
    (choice,) = [choice for choice in choices if choice.name == name]
    return {label: code for code, label in choice.options}


def test_by_queue(agent, clinic, pharmacy):
    team = Queue.objects.create(name="Cold chain")
    Case.objects.filter(pk=pharmacy.pk).update(queue=team)
    assert shown(agent, queue=options(agent, "queue")["Cold chain"]) == [pharmacy.pk]
    assert shown(agent, queue=clinic.queue_id) == [clinic.pk]
    assert said(agent, queue=team.pk) == [("Queue", "Cold chain")]


def test_by_request_type_also_one_that_is_no_longer_offered(agent, clinic, pharmacy):
    old = RequestType.objects.create(name="Fax forms", queue=clinic.queue, is_active=False, position=1)
    Case.objects.filter(pk=clinic.pk).update(request_type=old)
    offered = options(agent, "type")
    assert list(offered)[-1] == "Fax forms (no longer offered)"
    assert "Vaccine inventory" in offered
    assert shown(agent, type=offered["Fax forms (no longer offered)"]) == [clinic.pk]


@pytest.mark.parametrize("typed", ["river", "  RIVERSIDE   cl", "Riverside Clinic", "\uff32iver"])
def test_by_what_the_organization_begins_with(agent, clinic, pharmacy, typed):
    assert shown(agent, organization=typed) == [clinic.pk]


@pytest.mark.parametrize("typed", ["clinic", "%", "_iver", "Riverside Clinic 2", "zebra"])
def test_organization_does_not_begin_so(agent, clinic, pharmacy, typed):
    assert shown(agent, organization=typed) == []


def test_row_leads_to_its_organization_alone(agent, clinic, pharmacy, file):
    other = file(make_person("ruth.reed"), organization_name="Riverside North", primary_name="Riverside North")
    assert shown(agent, organization="river") == [other.pk, clinic.pk]
    html = ask(agent, sort="waiting", organization="river").content.decode()
    found = re.search(r'<a href="([^"]*)">Riverside Clinic<span', html)
    address = unescape(found[1])
    assert parse_qs(address[1:]) == {
        "tab": ["all"],
        "sort": ["waiting"],
        "organization_id": [str(clinic.organization_id)],
    }
    answer = agent.get(URL + address)
    assert [case.pk for case in answer.context["list"].page.rows] == [clinic.pk]
    assert "Now Riverside Clinic alone." in answer.text


def test_typed_name_wins_over_a_clicked_organization(agent, clinic, pharmacy):
    clicked = pharmacy.organization_id
    assert shown(agent, organization_id=clicked) == [pharmacy.pk]
    assert shown(agent, organization_id=clicked, organization="river") == [clinic.pk]
    assert shown(agent, organization_id=clicked, organization="   ") == [pharmacy.pk]


def test_organization_that_was_another_spelling(agent, clinic, pharmacy):
    spelling = Organization.objects.create(name="Rvrside Clinic", merged_into_id=clinic.organization_id)
    assert shown(agent, organization="rvr") == [clinic.pk]
    assert shown(agent, organization_id=spelling.pk) == [clinic.pk]


def test_by_agent(agent, agnes, clinic, pharmacy):
    services.take_case(by=agnes, case=clinic)
    assert shown(agent, agent=agnes.pk) == [clinic.pk]
    assert shown(agent, agent="nobody") == [pharmacy.pk]
    assert said(agent, agent="nobody") == [("Assigned agent", "Unassigned")]
    assert list(options(agent, "agent")) == ["Unassigned", "Agnes Archer"]


def test_those_who_were_agents_stay_while_they_have_cases(agent, agnes, vera, second_agent, paula, clinic):
    gone = make_person("greta.gone", group="Agents")
    services.take_case(by=gone, case=clinic)
    for person in (gone, make_person("idle.ida", group="Agents")):
        person.groups.clear()
    offered = options(agent, "agent")
    assert list(offered) == ["Unassigned", "Agnes Archer", "Arthur Ash", "Greta Gone (no longer an agent)"]
    assert shown(agent, agent=gone.pk) == [clinic.pk]
    assert shown(agent, agent=vera.pk) == shown(agent, agent=paula.pk) == [clinic.pk]


def test_by_priority_and_channel(agent, clinic, pharmacy):
    Case.objects.filter(pk=pharmacy.pk).update(priority=Priority.HIGH, channel="phone")
    assert shown(agent, priority=options(agent, "priority")["High"]) == [pharmacy.pk]
    assert shown(agent, channel=options(agent, "channel")["Portal"]) == [clinic.pk]
    assert said(agent, priority=Priority.HIGH, channel="phone") == [("Priority", "High"), ("Channel", "Phone")]


@pytest.mark.parametrize(("days", "found"), [("1", 2), ("3", 2), ("7", 1), ("14", 0), ("30", 0), ("2", 3), ("-1", 3)])
def test_by_age(agent, paula, file, days, found):
    now = timezone.now()
    for age in (0, 5, 10):
        Case.objects.filter(pk=file(paula).pk).update(filed_at=now - timedelta(days=age))
    assert len(shown(agent, age=days)) == found


def test_together(agent, agnes, clinic, pharmacy, paula, file):
    services.take_case(by=agnes, case=clinic)
    file(paula)
    asked = {
        "queue": clinic.queue_id,
        "type": clinic.request_type_id,
        "organization": "riv",
        "agent": agnes.pk,
        "status": "open",
        "q": "vials",
    }
    assert shown(agent, **asked) == [clinic.pk]
    assert said(agent, **asked) == [
        ("Case ID or words", "“vials”"),
        ("Queue", clinic.queue.name),
        ("Request type", "Vaccine inventory"),
        ("Assigned agent", "Agnes Archer"),
        ("Status", "Open"),
        ("Organization", "begins with “riv”"),
    ]
    assert shown(agent, **(asked | {"agent": "nobody"})) == []
    assert "No case in this list matches." in ask(agent, **(asked | {"agent": "nobody"})).text


JUNK = [
    "0",
    "x",
    "-1",
    "1.0",
    "\x00",
    "9" * 18,
    "9" * 19,
    "9" * 400,
    "9" * 5000,
    "\u0661",
    "1 ",
    "true",
    "'",
    "\ud83d\ude00",
]


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("name", sorted(NAMES - {"organization"} | {"organization_id"}))
def test_junk_is_no_filter(agent, clinic, name, junk):
    asked = f"{URL}?tab=all&" + urlencode({name: junk}, errors="surrogatepass")
    answer = agent.get(asked)
    assert [case.pk for case in answer.context["list"].page.rows] == [clinic.pk]
    assert not answer.context["list"].is_filtered
    assert '<details class="filters">' in answer.text


@pytest.mark.parametrize("junk", ["\x00", "\u200b" * 3, " ", "x" * 5000, "\ufdfa" * 200, "\\", "\ud83d"])
def test_junk_organization_is_a_clean_page(agent, clinic, junk):
    answer = agent.get(f"{URL}?tab=all&" + urlencode({"organization": junk}, errors="surrogatepass"))
    assert answer.status_code == 200


def test_details_are_open_while_a_filter_is_set_and_keep_what_was_chosen(agent, clinic):
    assert '<details class="filters">' in ask(agent).text
    assert '<details class="filters">' in ask(agent, q="vials").text
    html = ask(agent, queue=clinic.queue_id, organization="riv", age="7").text
    assert '<details class="filters" open>' in html
    assert f'<option value="{clinic.queue_id}" selected>' in html
    assert '<option value="7" selected>' in html
    assert 'value="riv"' in html


def test_form_asks_for_every_filter_by_a_label(agent, clinic):
    html = ask(agent).text
    form = html[html.index('<form method="get"') : html.index("</form>", html.index('<form method="get"'))]
    asked = set(re.findall(r'<(?:select|input)[^>]* name="([^"]+)"', form, re.DOTALL))
    assert asked == NAMES | {"tab", "q", "sort"}
    ids = re.findall(r'<(?:select|input)[^>]* id="([^"]+)"', form, re.DOTALL)
    assert len(ids) == len(NAMES) + 2
    assert all(f'for="{each}"' in form for each in ids)


def test_tabs_sorting_and_pages_keep_the_filters(agent, clinic, paula, file, monkeypatch):
    for part in (paging.rows_from, paging.page_of):
        monkeypatch.setattr(part, "__kwdefaults__", part.__kwdefaults__ | {"size": 1})
    file(paula), file(paula)
    asked = {"queue": str(clinic.queue_id), "organization": "riv", "agent": "nobody", "status": "new", "q": "vials"}
    page = ask(agent, sort="waiting", **asked).context["list"]
    kept = {name: [value] for name, value in asked.items()}
    for _tab, address, _count in page.tabs:
        assert kept.items() <= parse_qs(address[1:]).items()
    second = agent.get(URL + page.next_address).context["list"]
    for address in (page.next_address, second.next_address, second.previous_address):
        assert (kept | {"tab": ["all"], "sort": ["waiting"]}).items() <= parse_qs(address[1:]).items()
    pages = [page, second, agent.get(URL + second.next_address).context["list"]]
    assert [[case.pk for case in each.page.rows] for each in pages] == [[clinic.pk + n] for n in range(3)]
    assert not pages[2].next_address


def test_each_filter_can_be_removed_and_all_cleared(agent, clinic):
    asked = {"queue": str(clinic.queue_id), "age": "1", "q": "vials", "sort": "waiting"}
    page = ask(agent, **asked)
    without = {label: parse_qs(address[1:]) for label, _words, address in page.context["list"].query.said}
    rest = {name: [value] for name, value in asked.items()} | {"tab": ["all"]}
    assert without == {
        "Case ID or words": {name: value for name, value in rest.items() if name != "q"},
        "Queue": {name: value for name, value in rest.items() if name != "queue"},
        "Age": {name: value for name, value in rest.items() if name != "age"},
    }
    assert '<a href="?tab=all&amp;sort=waiting">Clear filters</a>' in page.text
    assert "Clear filters" not in ask(agent).text


def test_viewers_filter_too(client_for, vera, agnes, clinic, pharmacy):
    services.take_case(by=agnes, case=clinic)
    viewer = client_for(vera)
    assert shown(viewer, agent=agnes.pk, organization="riv") == [clinic.pk]
    assert agnes.email not in ask(viewer, agent=agnes.pk).text


@pytest.mark.parametrize("who", ["agnes", "sven", "vera"])
def test_any_combination_costs_the_same_for_few_and_many(client_for, request, who, agnes, paula, file, statements):
    client = client_for(request.getfixturevalue(who))
    case = file(paula)
    asked = {
        "queue": case.queue_id,
        "type": case.request_type_id,
        "organization_id": case.organization_id,
        "agent": agnes.pk,
        "status": "open",
        "age": "1",
        "q": "vials",
    }
    ask(client)
    services.take_case(by=agnes, case=case)
    Case.objects.update(filed_at=timezone.now() - timedelta(days=9))
    few = statements(lambda: ask(client, **asked))
    assert shown(client, **asked) == [case.pk]
    for number in range(3):
        other = make_person(f"more{number}.many")
        accounts.remember_organization(user=other, name=f"Riverside {number}", kind="primary")
        services.take_case(by=make_person(f"agent{number}.more", group="Agents"), case=file(other))
        services.take_case(by=agnes, case=file(paula))
        Queue.objects.create(name=f"Queue {number}")
    Case.objects.update(filed_at=timezone.now() - timedelta(days=9))
    assert len(shown(client, **asked)) == 4
    # Which few cases have the words is one statement more, and so is the organization.
    assert statements(lambda: ask(client, **asked)) == statements(lambda: ask(client)) + 2 == few <= 7


def test_a_status_that_contradicts_the_list_asks_nothing(paula, file, statements):
    case = file(paula)
    assert list(Case.objects.open().with_status("new")) == [case]
    assert statements(lambda: list(Case.objects.open().with_status("closed"))) == 0
    assert statements(lambda: list(Case.objects.awaiting_provider().open().resolved())) == 0


def test_an_agent_younger_than_the_copy_can_be_chosen(client_for, agnes, case, file, paula):
    client = client_for(agnes)
    client.get(URL)
    new = make_person("nora.new", group="Agents")
    services.take_case(by=new, case=case)
    file(paula)
    assert shown(client, tab="all", agent=new.pk) == [case.pk]
