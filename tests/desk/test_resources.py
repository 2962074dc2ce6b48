"""RESOURCES: the guide's words, open to everybody, and never a dead link."""

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


def test_inactive_is_not_shown_and_order_is_the_supervisors(db, page):
    Resource.objects.filter(title="COVID-19 Resource Page").update(is_active=False)
    Resource.objects.filter(title="Training repository for Providers").update(position=1)
    shown = page()
    assert "COVID-19 Resource Page" not in shown
    assert shown.index("Training repository") < shown.index("Upcoming training schedule")


def test_none_at_all_says_what_to_do(db, page):
    Resource.objects.all().delete()
    assert "No resources are listed at the moment" in page()


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
