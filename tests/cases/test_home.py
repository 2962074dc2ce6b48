"""HOME: can somebody help at this moment, where a case is filed, and what became of mine."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine

from cases import services
from cases.lists import cases_for_home
from cases.models import Case, RequestType
from desk.models import PhoneLine
from desk.services import forget_facts

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(client_for):
    """Return a function that opens HOME as somebody and returns the page."""
    return lambda person=None: unescape(client_for(person).get("/").content.decode())


def shown(page: str) -> list[str]:
    return re.findall(r'<a href="/cases/(CS\d{7})/">', page)


@pytest.fixture
def ask(agnes):
    """Return a function by which Agnes asks the provider of a case for more."""

    def ask_about(case: Case) -> Case:
        services.add_reply(by=agnes, case=case, body="How many?", changes=services.Changes(status="awaiting"))
        return Case.objects.get(pk=case.pk)

    return ask_about


@pytest.mark.parametrize(
    ("moment", "words", "is_open"),
    [
        (datetime(2026, 11, 25, 17, 0, tzinfo=UTC), "Open now, until 7 pm", True),
        (datetime(2026, 11, 25, 4, 0, tzinfo=UTC), "Closed now. Opens tomorrow at 7 am", False),
    ],
)
def test_says_whether_somebody_answers_the_phone_and_gives_the_number(look, moment, words, is_open):
    with time_machine.travel(moment, tick=False):
        page = look()
    part = page[page.index('aria-label="Help by phone"') : page.index('<ul class="grid"')]
    assert words in part
    assert "Eastern Time" in part
    assert ("open-state--open" in part) is is_open
    assert re.search(r'<a class="button[^"]*"\s+href="tel:\+18778736247">Call 1-877-873-6247</a>', part)
    assert "We answer most cases within one business day." in part


@pytest.mark.parametrize(
    ("person", "first"), [("", "VACCINE PROVIDER"), ("paula", "VACCINE PROVIDER"), ("agnes", "MY LISTS")]
)
def test_first_tile(request, look, person, first):
    page = look(request.getfixturevalue(person) if person else None)
    assert re.findall(r'tile__title"><a href="[^"]+">([^<]+)<', page)[0] == first


def test_title(look):
    assert "<title>Home – Provider Help Desk Portal</title>" in look()


def test_first_visit_is_for_strangers(look, paula, agnes):
    assert "First visit?" in look()
    assert "First visit?" not in look(paula)
    assert "First visit?" not in look(agnes)


def test_stranger_costs_nothing(look, django_assert_num_queries):
    look()
    with django_assert_num_queries(0):
        look()


def test_without_a_case_it_says_how_to_file_the_first(look, paula):
    page = look(paula)
    assert "You have not filed a case yet." in page
    assert "Select VACCINE PROVIDER to file the first one." in page


def test_a_case_has_its_id_type_status_and_link(look, paula, case):
    page = look(paula)
    assert f'<a href="/cases/{case.case_id}/">{case.case_id}: Vaccine inventory</a>' in page
    card = page[page.index("case-cards") : page.index("See all your cases")]
    assert '<span class="badge badge--new">New</span>' in card
    assert "needs an answer from you" not in card


def test_what_waits_for_the_provider_stands_first_longest_first(look, paula, file, ask, pass_time):
    old, young, _other = file(paula), file(paula), file(paula)
    for each in (old, young):
        ask(each)
        pass_time(minutes=5)
    latest = file(paula)
    page = look(paula)
    assert shown(page) == [old.case_id, young.case_id, latest.case_id]
    assert page.count("The Help Desk needs an answer from you.") == 2
    assert page.count("case-card--waiting") == 2


@pytest.mark.parametrize(("waiting", "in_all"), [(0, 3), (1, 3), (2, 3), (3, 6), (5, 6)])
def test_a_few_of_each_and_the_way_to_all(look, paula, file, ask, waiting, in_all):
    for _ in range(4):
        file(paula)
    for _ in range(waiting):
        ask(file(paula))
    assert len(shown(look(paula))) == in_all
    assert '<a href="/my-lists/">See all your cases in MY LISTS</a>' in look(paula)


def test_latest_is_what_changed_last_for_the_provider(look, paula, file, agnes, pass_time):
    first, second = file(paula), file(paula)
    pass_time(minutes=5)
    services.add_note(by=agnes, case=second, body="Secret thought.")
    services.add_reply(by=agnes, case=first, body="Here it is.", changes=services.Changes(status="resolved"))
    assert shown(look(paula)) == [first.case_id, second.case_id]


def test_only_what_one_filed(look, paula, quinn, rosa, file):
    mine, hers = file(paula), file(rosa)
    assert shown(look(paula)) == [mine.case_id]
    assert shown(look(rosa)) == [hers.case_id]
    assert shown(look(quinn)) == []


def test_what_one_filed_is_among_what_one_may_see(paula, quinn, rosa, nadia, file):
    file(paula), file(rosa)
    for person in (paula, quinn, rosa, nadia):
        own = Case.objects.filed_by(person)
        assert set(own) <= set(Case.objects.visible_to(person))
        assert {case.provider_id for case in own} <= {person.pk}
    paula.is_active = False
    assert not Case.objects.filed_by(paula).exists()


def test_a_merged_case_is_shown_as_what_it_is_part_of(look, paula, agnes, file):
    first, again = file(paula), file(paula)
    services.merge_case(by=agnes, case=again, into=first)
    assert shown(look(paula)) == [first.case_id]


@pytest.mark.parametrize("number", [0, 1, 12])
def test_provider_costs_one_statement_for_few_and_many(paula, file, ask, number, django_assert_num_queries):
    for count in range(number):
        case = file(paula)
        if count % 3 == 0:
            ask(case)
    with django_assert_num_queries(1):
        for case in cases_for_home(paula):
            assert all((case.request_type.name, case.state.label, case.public_updated_at))


def test_page_of_a_provider_costs_session_person_and_cases(client_for, paula, case, django_assert_num_queries):
    browser = client_for(paula)
    browser.get("/")
    with django_assert_num_queries(3):
        browser.get("/")


@pytest.mark.parametrize(
    ("person", "labels"),
    [
        ("agnes", ["Assigned to me", "Unassigned", "Awaiting info"]),
        ("vera", ["All open", "Unassigned", "Awaiting info"]),
    ],
)
def test_staff_see_counts_that_lead_to_the_lists(request, look, paula, file, person, labels):
    file(paula), file(paula)
    page = look(request.getfixturevalue(person))
    found = re.findall(r'case-card__count" href="(/my-lists/\?tab=\w+)"><strong>([^<]+)</strong> ([^<]+)</a>', page)
    assert [label for _, _, label in found] == labels
    assert ("/my-lists/?tab=unassigned", "2", "Unassigned") in found
    assert "Your cases" not in page


def test_counts_of_an_agent_are_the_agents_own(look, paula, agnes, second_agent, file):
    services.take_case(by=agnes, case=file(paula))
    assert "<strong>1</strong> Assigned to me" in look(agnes)
    assert "<strong>0</strong> Assigned to me" in look(second_agent)


def test_staff_cost_one_statement_more_than_knowing_them(client_for, paula, agnes, file, statements):
    browser = client_for(agnes)
    few = statements(lambda: browser.get("/"))
    for _ in range(5):
        file(paula)
    assert statements(lambda: browser.get("/")) == few


# --- When to expect an answer -----------------------------------------------------------------


@pytest.fixture
def promise():
    """Return a function that changes what is said about the time of an answer."""

    def say(sentence: str) -> None:
        PhoneLine.objects.update(answer_time=sentence)
        forget_facts()

    yield say
    forget_facts()


def test_answer_time_stands_where_one_waits_for_it(client_for, paula, case, promise):
    promise("Answers take <two> days.")
    browser = client_for(paula)
    for address in ("/", "/cases/new/", f"/cases/{case.case_id}/", f"/cases/{case.case_id}/filed/"):
        assert "Answers take &lt;two&gt; days." in browser.get(address).content.decode(), address


def test_answer_time_is_not_said_where_nobody_waits(client_for, paula, case, agnes, ask):
    ask(case)
    assert "within one business day" not in client_for(paula).get(f"/cases/{case.case_id}/").content.decode()


def test_markup_in_a_request_type_is_text(client_for, paula, case):
    RequestType.objects.filter(pk=case.request_type_id).update(name="<i>" + "x" * 70)
    page = client_for(paula).get("/").content.decode()
    assert f"{case.case_id}: &lt;i&gt;xxx" in page
    assert "<i>" not in page
