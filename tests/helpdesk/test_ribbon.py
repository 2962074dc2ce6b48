"""The ribbon and the foot of every page, for each kind of visitor."""

import re

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def ribbon(response) -> str:
    return re.search(r'<nav class="ribbon".*?</nav>', response.content.decode(), re.DOTALL)[0]


def labels(response) -> list[str]:
    words = re.sub(r'<span class="visually-hidden">.*?</span>|<[^>]+>', "\n", ribbon(response))
    return [line.strip() for line in words.splitlines() if line.strip()]


def test_anonymous(client):
    assert labels(client.get("/")) == ["HOME", "MY LISTS", "RESOURCES", "REGISTER", "LOGIN"]


def test_provider(client_for, paula):
    assert labels(client_for(paula).get("/")) == ["HOME", "MY LISTS", "RESOURCES", paula.display_name, "LOGOUT"]


def test_agent_has_the_workspace(client_for, agnes):
    response = client_for(agnes).get("/")
    assert "AGENT WORKSPACE" in labels(response)
    assert 'href="/admin/"' in ribbon(response)


def test_viewer_has_not(client_for, vera):
    assert "AGENT WORKSPACE" not in labels(client_for(vera).get("/"))


def test_name_leads_to_the_account_and_logout_is_a_post(client_for, paula):
    shown = ribbon(client_for(paula).get("/"))
    assert f'href="{reverse("accounts:account")}"' in shown
    assert f'<form method="post" action="{reverse("accounts:logout")}">' in shown


@pytest.mark.parametrize(
    ("address", "label"), [("/", "HOME"), ("/my-lists/", "MY LISTS"), ("/resources/", "RESOURCES")]
)
def test_current_page_is_marked_once(client_for, paula, address, label):
    shown = ribbon(client_for(paula).get(address))
    assert re.findall(r'aria-current="page">([^<]+)<', shown) == [label]


def test_a_name_is_text(client_for, paula):
    paula.first_name = "<b>Paula"
    paula.save(update_fields=["first_name"])
    assert "&lt;b&gt;Paula" in ribbon(client_for(paula).get("/"))


@pytest.mark.parametrize("address", ["/", "/login/", "/terms/", "/my-lists/", "/no-such-page", "/cases/CS0000001/"])
def test_foot_of_every_page(client_for, paula, address):
    page = client_for(paula).get(address, follow=True).content.decode()
    foot = page[page.index("<footer") :]
    for words in (
        "Provider Help Desk Phone Line",
        '<a href="tel:+18778736247">1-877-873-6247</a>',
        "M-F: 7 am – 7 pm",
        "Sa-Su: 10 am – 6 pm",
        "Eastern Time",
    ):
        assert words in foot
    assert re.search(r"Open now, until|Closed now", foot)


@pytest.mark.parametrize("address", ["/", "/login/", "/terms/", "/resources/"])
def test_nothing_inline_and_nothing_from_elsewhere(client, address):
    page = client.get(address).content.decode()
    assert "style=" not in page
    assert "<style" not in page
    assert not re.search(r"\son[a-z]+=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert not re.search(r'(?:src|<link[^>]*href)="(?!/static/)', page)


def test_skip_link_leads_to_main(client):
    page = client.get("/").content.decode()
    assert page.index('href="#main"') < page.index("<header")
    assert '<main id="main"' in page


def test_title_says_that_there_is_an_error_before_anything_else(client):
    def title(response):
        return re.search(r"<title>(.*?)</title>", response.content.decode(), re.DOTALL)[1]

    fresh, refused = client.get("/register/"), client.post("/register/", {"first_name": ""})
    assert title(refused) == "Error: " + title(fresh)
