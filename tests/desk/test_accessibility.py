"""/accessibility/: for everybody, with what was measured, and how to complain."""

import re
from html import unescape

import pytest

from desk import accessibility
from tests.browser.looks import CHECKS
from tests.browser.states import STATES


@pytest.fixture
def page(client_for, db):
    return unescape(client_for().get("/accessibility/").content.decode())


def test_everybody_may_read_it(client_for, nadia, agnes):
    for user in (None, agnes):
        assert client_for(user).get("/accessibility/").status_code == 200
    assert client_for(nadia).get("/accessibility/").status_code == 302


def test_it_claims_what_was_measured_and_says_when(page):
    assert "WCAG) 2.2, level AA" in page
    assert str(accessibility.report()["tested_on"].year) in page


def test_it_says_how_to_complain(page, settings):
    assert 'href="tel:+18778736247"' in page
    assert 'href="mailto:helpdesk@example.org"' in page


def test_it_has_a_line_for_each_state_of_the_table(page):
    rows = re.findall(r'<th scope="row" lang="en">([^<]+)</th>', page.partition("<details>")[2])
    assert rows == [state.name for state in STATES]


def test_every_state_passed_every_check():
    everything = list(range(1, len(accessibility.CHECKS) + 1))
    assert [state["name"] for state in accessibility.report()["states"] if state["passed"] != everything] == []


def test_checks_are_explained_in_the_order_of_their_numbers(page):
    assert tuple(CHECKS) == accessibility.CHECKS
    explained = page.partition('<ol class="steps">')[2].partition("</ol>")[0]
    assert explained.count("<li>") == len(CHECKS)


def test_foot_of_every_page_leads_here(client_for, db):
    for address in ("/", "/login/", "/no/such/page"):
        foot = client_for().get(address).content.decode().partition("<footer")[2]
        assert 'href="/accessibility/"' in foot


def test_it_asks_no_database(client_for, db, django_assert_num_queries):
    client_for().get("/accessibility/")
    with django_assert_num_queries(0):
        client_for().get("/accessibility/")
