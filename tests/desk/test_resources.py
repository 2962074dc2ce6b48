"""RESOURCES: the guide's words, open to everybody, and never a dead link."""

import re

import pytest

from desk.models import Resource


@pytest.fixture
def page(client_for):
    return lambda: client_for().get("/resources/").content.decode()


@pytest.mark.parametrize(
    "words",
    [
        "COVID-19 Resource Page",
        "Upcoming training schedule",
        "CVMS Provider Portal 202 is recommended for training on CVMS vaccine administration",
        "Training repository for Providers",
        "User Guides, Job Aids and Training Recordings",
        "To speak to a live agent",
        "Provider Help Desk Phone Line",
        "1-877-873-6247",
        "M-F: 7 am – 7 pm",
        "Sa-Su: 10 am – 6 pm",
        "Eastern Time",
    ],
)
def test_guides_words_are_there(db, page, words):
    assert words in page()


def test_without_an_address_it_is_text(db, page):
    assert 'href="#"' not in page()
    assert "<a" not in page().partition("COVID-19 Resource Page")[0].rpartition("<h3")[2]


def test_with_an_address_it_is_a_link(db, page):
    Resource.objects.filter(title="COVID-19 Resource Page").update(url="https://covid19.example.org/")
    assert '<a href="https://covid19.example.org/" rel="noopener">COVID-19 Resource Page</a>' in page()


def test_a_link_says_whose_site_it_opens(db, page):
    Resource.objects.filter(title="COVID-19 Resource Page").update(url="https://covid19.example.org:8443/page?a=1")
    part = page().partition("COVID-19 Resource Page")[2].partition("</li>")[0]
    assert re.search(r'<p class="hint">\s*Opens covid19.example.org\s*</p>', part)


def test_without_an_address_it_says_what_it_is_for_and_whom_to_ask(db, page):
    for title, purpose in (
        ("COVID-19 Resource Page", "Use it to read news and rules about vaccines and the COVID-19 response."),
        ("Upcoming training schedule", "Use it to find a training and its date."),
        ("Training repository for Providers", "Use it to learn a task step by step, or to watch a training again."),
    ):
        part = page().partition(title)[2].partition("</li>")[0]
        assert purpose in part
        assert 'Call <a href="tel:+18778736247">1-877-873-6247</a> and ask for it.' in part


def test_a_section_stands_there_once(db, page):
    Resource.objects.create(section="For additional information", title="Late guide", position=99)
    shown = page()
    assert shown.count("<h2>For additional information</h2>") == 1
    assert shown.index("Late guide") < shown.index("<h2>Key resources</h2>")


def test_inactive_is_not_shown_and_order_is_the_supervisors(db, page):
    Resource.objects.filter(title="COVID-19 Resource Page").update(is_active=False)
    Resource.objects.filter(title="Training repository for Providers").update(position=1)
    shown = page()
    assert "COVID-19 Resource Page" not in shown
    assert shown.index("Training repository") < shown.index("Upcoming training schedule")


def test_none_at_all_says_what_to_do(db, page):
    Resource.objects.all().delete()
    assert "No resources are listed right now" in page()


def test_markup_in_a_title_is_text(db, page):
    Resource.objects.create(title="<script>alert(1)</script>")
    assert "&lt;script&gt;alert(1)" in page()


def test_same_statements_for_one_and_for_many(db, client_for, django_assert_num_queries):
    client_for().get("/resources/")
    Resource.objects.exclude(title="COVID-19 Resource Page").delete()
    with django_assert_num_queries(1):
        client_for().get("/resources/")
    for number in range(20):
        Resource.objects.create(section=f"Section {number % 3}", title=f"Guide {number}")
    with django_assert_num_queries(1):
        client_for().get("/resources/")


@pytest.mark.parametrize("address", ["/resources/", "/terms/"])
def test_reading_only(db, client_for, address):
    assert client_for().post(address).status_code in {403, 405}
    assert client_for(enforce_csrf_checks=False).put(address).status_code == 405
