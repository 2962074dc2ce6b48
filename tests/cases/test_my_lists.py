"""MY LISTS: tabs, search, sort orders and pages, for providers and for staff."""

import pytest
from django.utils import timezone

from accounts.models import Membership
from accounts.services import verify_membership
from cases import counts, lists, paging, services
from cases.models import Case, RequestType

pytestmark = pytest.mark.django_db
URL = "/my-lists/"


@pytest.fixture
def cases(paula, agnes, file):
    """One case of Paula's in each status, named by it."""
    named = {
        name: file(paula, description=f"This is {name}.")
        for name in ("new", "open", "awaiting", "resolved", "closed", "cancelled")
    }
    for name, case in named.items():
        if name not in ("new", "cancelled"):
            services.take_case(by=agnes, case=case)
        if name in ("resolved", "closed"):
            services.change_case(by=agnes, case=case, changes=services.Changes(status="resolved"))
    services.change_case(by=agnes, case=named["awaiting"], changes=services.Changes(status="awaiting"))
    services.change_case(by=agnes, case=named["closed"], changes=services.Changes(status="closed"))
    services.withdraw_case(by=paula, case=named["cancelled"])
    return named


def shown(client, query: str = "") -> list[int]:
    return [case.pk for case in client.get(URL + query).context["list"].page.rows]


def ids(cases, *names) -> list[int]:
    return [cases[name].pk for name in names]


def tabs(client) -> list[tuple]:
    return [(tab.code, count) for tab, _address, count in client.get(URL).context["list"].tabs]


def test_anonymous_is_led_through_login(client_for):
    assert client_for().get(URL)["Location"] == "/login/?next=/my-lists/"


def test_nadia_is_led_to_setting_her_password(client_for, nadia):
    assert client_for(nadia).get(URL)["Location"] == "/set-password/"


def test_providers_tabs(client_for, paula, cases):
    client = client_for(paula)
    assert tabs(client) == [("awaiting", "1"), ("open", "3"), ("resolved", "2"), ("all", "6")]
    assert shown(client) == ids(cases, "awaiting")
    assert shown(client, "?tab=open") == ids(cases, "awaiting", "open", "new")
    assert shown(client, "?tab=resolved") == ids(cases, "closed", "resolved")
    assert len(shown(client, "?tab=all")) == 6


def test_awaiting_comes_first_only_when_there_is_any(client_for, paula, case):
    client = client_for(paula)
    assert [code for code, _count in tabs(client)] == ["open", "awaiting", "resolved", "all"]
    assert shown(client) == [case.pk]


def test_stranger_sees_none(client_for, rosa, cases):
    client = client_for(rosa)
    assert shown(client, "?tab=all") == []
    assert "You have not filed a case yet." in client.get(f"{URL}?tab=all").text
    assert shown(client, f"?tab=all&q={cases['new'].case_id}") == []


def test_colleague_sees_them(client_for, quinn, paula, file):
    case = file(paula)
    assert shown(client_for(quinn), "?tab=all") == [case.pk]


def test_staff_tabs(client_for, agnes, cases):
    client = client_for(agnes)
    assert tabs(client) == [("mine", "2"), ("unassigned", "1"), ("awaiting", "1"), ("open", "3"), ("all", "6")]
    assert shown(client) == ids(cases, "awaiting", "open")
    assert shown(client, "?tab=unassigned") == ids(cases, "new")


def test_viewers_open_with_all_open_and_have_no_cases_of_their_own(client_for, vera, cases):
    client = client_for(vera)
    assert tabs(client) == [("open", "3"), ("unassigned", "1"), ("awaiting", "1"), ("all", "6")]
    assert shown(client) == ids(cases, "awaiting", "open", "new")
    assert shown(client, "?tab=mine") == ids(cases, "awaiting", "open", "new")


def test_priority_is_for_staff_alone(client_for, paula, agnes, vera, case):
    services.change_case(by=agnes, case=case, changes=services.Changes(priority=1))
    for reader in (agnes, vera):
        assert "Urgent" in client_for(reader).get(f"{URL}?tab=all").text
    html = client_for(paula).get(f"{URL}?tab=all").text
    assert case.case_id in html
    assert "Urgent" not in html
    assert "priority" not in html.lower()


def test_providers_get_no_filters_for_staff(client_for, paula, agnes, case):
    for query in (
        "?tab=all",
        f"?tab=all&queue=9999&agent={agnes.pk}&age=30&organization=zzz&type=1&organization_id=1",
    ):
        html = client_for(paula).get(URL + query).text
        assert case.case_id in html
        for absent in ("<details", agnes.display_name, "export.csv", 'name="queue"', 'name="organization"'):
            assert absent not in html


def test_rows_lead_agents_to_admin_and_viewers_to_the_page(client_for, agnes, vera, case):
    admin, page = f'href="/admin/cases/case/{case.pk}/change/"', f'href="/cases/{case.case_id}/"'
    html = client_for(agnes).get(f"{URL}?tab=all").text
    assert admin in html
    html = client_for(vera).get(f"{URL}?tab=all").text
    assert page in html
    assert "/admin/" not in html


def test_viewers_cannot_fish_for_addresses(client_for, vera, agnes, paula, case):
    assert shown(client_for(vera), "?tab=all&q=clinic.example.org") == []
    assert shown(client_for(vera), f"?tab=all&q={paula.last_name}") == [case.pk]


@pytest.mark.parametrize("text", ["{id}", "{id_lower}", "{number}", " {id} ", "THIS resolved"])
def test_search(client_for, paula, cases, text):
    case = cases["resolved"]
    query = text.format(id=case.case_id, id_lower=case.case_id.lower(), number=case.pk)
    assert case.pk in shown(client_for(paula), f"?tab=all&q={query}")


@pytest.mark.parametrize("word", ["inventory", "Inventario"])
def test_search_finds_the_request_type_by_its_name_in_each_language(client_for, paula, agnes, file, word):
    case = file(paula)
    other = RequestType.objects.exclude(pk=case.request_type_id).first()
    services.change_case(by=agnes, case=file(paula), changes=services.Changes(request_type=other))
    assert shown(client_for(paula), f"?tab=all&q={word}") == [case.pk]


def test_search_finds_replies_and_says_when_nothing_matches(client_for, paula, agnes, case):
    services.add_reply(by=agnes, case=case, body="Defrost the freezer.")
    client = client_for(paula)
    assert shown(client, "?tab=all&q=freezer") == [case.pk]
    assert shown(client, "?tab=all&q=freezer+missing") == [case.pk]
    assert "No case in this list matches." in client.get(f"{URL}?tab=all&q=zebra").text


def test_filter_by_status(client_for, paula, cases):
    assert shown(client_for(paula), "?tab=all&status=closed") == ids(cases, "closed")


def test_sort_orders(client_for, paula, agnes, file):
    first, second, third = file(paula), file(paula), file(paula)
    services.add_reply(by=agnes, case=second, body="Hello.")
    client = client_for(paula)
    assert shown(client, "?tab=open") == [third.pk, second.pk, first.pk]
    assert shown(client, "?tab=open&sort=updated") == [second.pk, third.pk, first.pk]
    assert shown(client, "?tab=open&sort=waiting") == [first.pk, third.pk, second.pk]


def test_internal_note_does_not_move_the_case_in_the_providers_list(client_for, paula, agnes, file):
    first, second = file(paula), file(paula)
    services.add_note(by=agnes, case=first, body="Quietly.")
    assert shown(client_for(paula), "?tab=open&sort=updated") == [second.pk, first.pk]
    assert shown(client_for(agnes), "?tab=all&sort=updated") == [first.pk, second.pk]


@pytest.mark.parametrize(
    "query",
    [
        "?q=%00",
        "?q=%ED%A0%80",
        "?q=%F0%9F%A7%AA",
        "?q=%D7%A9%D7%9C%D7%95%D7%9D",
        "?q=" + "x" * 3000,
        "?q=%25",
        "?q=CS" + "9" * 40,
        "?sort=junk",
        "?sort=%00",
        "?tab=junk",
        "?tab=%00",
        "?status=junk",
        "?status=%00",
        "?after=junk",
        "?after=%00",
        "?before=1",
        "?after=1-",
        "?after=99999999999999999-1",
        "?after=-1-1",
        "?after=%D9%A1-%D9%A1",
        "?before=99999999999999999-999999999999999999",
        "?after=1-1&before=1-1",
        "?tab=resolved&status=new",
    ],
)
@pytest.mark.parametrize("who", ["paula", "quinn", "agnes"])
def test_junk_is_a_clean_page(client_for, request, who, query, case):
    assert client_for(request.getfixturevalue(who)).get(URL + query).status_code == 200


@pytest.mark.parametrize("junk", ["after=junk", "before=%00", "after=1-", "sort=x", "status=x"])
def test_junk_key_is_the_first_page(client_for, paula, case, junk):
    assert shown(client_for(paula), f"?tab=all&{junk}") == [case.pk]


def walk_pages(client, *, sort: str) -> list[list[int]]:
    """Return the numbers of the cases of each page; on the way back each page is the same."""
    pages, address = [], f"?tab=all&sort={sort}"
    while address:
        last = client.get(URL + address).context["list"]
        pages.append([case.pk for case in last.page.rows])
        address = last.next_address
    for rows in reversed(pages[:-1]):
        last = client.get(URL + last.previous_address).context["list"]
        assert [case.pk for case in last.page.rows] == rows
    assert not last.previous_address
    return pages


@pytest.fixture
def pages_of_two(monkeypatch):
    for part in (paging.rows_from, paging.rows_of_each, paging.page_of):
        monkeypatch.setattr(part, "__kwdefaults__", part.__kwdefaults__ | {"size": 2})
    monkeypatch.setattr(lists, "_own_rows", lists._own_rows.__wrapped__)


def make_simultaneous(cases) -> None:
    now = timezone.now()
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(
        filed_at=now, public_updated_at=now, waiting_since=now
    )


@pytest.mark.parametrize("sort", ["filed", "updated", "waiting"])
def test_pages_forth_and_back_show_each_case_once(client_for, paula, file, pages_of_two, sort):
    made = [file(paula) for _ in range(5)]
    make_simultaneous(made[1:4])
    pages = walk_pages(client_for(paula), sort=sort)
    assert sorted(sum(pages, [])) == [case.pk for case in made]
    assert [len(rows) for rows in pages] == [2, 2, 1]


def test_each_owner_s_cases_are_together_what_a_colleague_sees(paula, quinn, rosa, agnes, file):
    for person, name in ((paula, "Lakeside"), (quinn, "Lakeside"), (rosa, "Lakeside"), (paula, "Hilltop")):
        file(person, organization_name=name, organization_kind="secondary")
        if person != rosa:
            verify_membership(membership=Membership.objects.get(user=person, organization__name=name), by=agnes)
    file(paula), file(quinn), file(rosa)
    seen = Case.objects.exclude(status="closed").visible_to(quinn)
    assert seen.owners == 2
    parts = [sorted(part.values_list("pk", flat=True)) for part in seen.of_each_owner()]
    assert sorted(sum(parts, [])) == sorted(seen.values_list("pk", flat=True))
    assert set(seen.values_list("provider", "organization__name")) == {
        (quinn.pk, "Lakeside"),
        (quinn.pk, "Riverside Clinic"),
        (paula.pk, "Lakeside"),
        (paula.pk, "Riverside Clinic"),
    }
    Case.objects.update(status="closed")
    assert not any(part.exists() for part in seen.of_each_owner()), "what was filtered before is kept"


@pytest.mark.parametrize("merged", [50, 0], ids=["merged", "sorted"])
@pytest.mark.parametrize("sort", ["filed", "updated", "waiting"])
def test_colleagues_pages_forth_and_back_show_each_case_once(
    client_for, paula, quinn, file, pages_of_two, monkeypatch, sort, merged
):
    monkeypatch.setattr(lists, "MERGED_OWNERS", merged)
    made = [file(who) for who in (paula, quinn, quinn, paula, paula, quinn, paula)]
    make_simultaneous(made[1:5])
    file(paula, organization_name="Lakeside Clinic", organization_kind="secondary")
    pages = walk_pages(client_for(quinn), sort=sort)
    latest_first = [made[n].pk for n in (4, 3, 2, 1, 6, 5, 0)]
    assert sum(pages, []) == (latest_first[::-1] if sort == "waiting" else latest_first)
    assert [len(rows) for rows in pages] == [2, 2, 2, 1]


def test_counts_are_capped(client_for, paula, file, monkeypatch):
    for _ in range(3):
        file(paula)
    monkeypatch.setattr(counts, "COUNT_CAP", 2)
    monkeypatch.setattr(lists, "_own_counts", lists._own_counts.__wrapped__)
    assert ("all", "2+") in tabs(client_for(paula))


@pytest.mark.parametrize("who", ["paula", "quinn", "agnes", "vera"])
def test_one_and_three_rows_cost_the_same(client_for, request, who, paula, file, statements):
    client = client_for(request.getfixturevalue(who))
    file(paula)
    client.get(f"{URL}?tab=all")
    one = statements(lambda: client.get(f"{URL}?tab=all"))
    file(paula)
    file(paula)
    assert statements(lambda: client.get(f"{URL}?tab=all")) == one
    assert one <= {"paula": 4, "quinn": 5, "agnes": 8, "vera": 8}[who]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(client_for, paula, method):
    assert getattr(client_for(paula), method)(URL).status_code == 405


def test_a_provider_s_list_costs_four_statements(client_for, paula, cases, statements):
    """The session, the person, what the tabs count, the rows."""
    client = client_for(paula)
    client.get(URL)
    assert statements(lambda: client.get(f"{URL}?tab=all")) == 4


def test_who_shares_cases_sees_them_for_one_statement_more(client_for, paula, quinn, file, statements):
    case = file(paula)
    client = client_for(quinn)
    assert case.pk in shown(client, "?tab=all")
    assert statements(lambda: client.get(f"{URL}?tab=all")) == 5
