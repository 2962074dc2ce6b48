"""Who else has a case open: on the page, and asked again while it is looked at."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cases import services
from cases.models import CaseLook
from tests.cases.agent_page import page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(case) -> str:
    return f"/admin/cases/case/{case.pk}/presence/"


@pytest.fixture
def newest(case):
    return lambda: case.events.order_by("-pk").first().pk


def test_page_says_who_else_has_the_case_open(client_for, agnes, second_agent, sven, case):
    client = client_for(agnes)
    assert "open too" not in client.get(page_of(case)).text
    client_for(second_agent).get(page_of(case))
    assert f"{second_agent.display_name} has this case open too." in client.get(page_of(case)).text
    client_for(sven).get(page_of(case))
    assert f"{second_agent.display_name} and {sven.display_name} have this case open too." in (
        client.get(page_of(case)).text
    )


def test_who_has_left_is_not_named(client_for, agnes, second_agent, case, pass_time):
    client_for(second_agent).get(page_of(case))
    pass_time(seconds=44)
    assert "open too" in client_for(agnes).get(page_of(case)).text
    pass_time(seconds=2)
    assert "open too" not in client_for(agnes).get(page_of(case)).text


def test_polling_keeps_a_page_open_and_is_no_new_look(client_for, agnes, second_agent, case, url, pass_time):
    client_for(second_agent).get(page_of(case))
    looked_at = CaseLook.objects.get().looked_at
    pass_time(seconds=60)
    response = client_for(second_agent).post(url, {"seen": "0"})
    assert response.json()["others"] == []
    look = CaseLook.objects.get()
    assert look.looked_at == looked_at
    assert look.open_at - looked_at > timedelta(seconds=59)
    assert client_for(agnes).post(url).json()["others"] == [second_agent.display_name]


def test_poll_tells_whether_something_happened_since(client_for, agnes, sven, case, url, newest):
    client, seen = client_for(agnes), newest()
    assert client.post(url, {"seen": seen}).json() == {"others": [], "text": "", "changed": False}
    services.add_note(by=sven, case=case, body="Mine.")
    assert client.post(url, {"seen": seen}).json()["changed"] is True
    assert client.post(url, {"seen": newest()}).json()["changed"] is False


@pytest.mark.parametrize("seen", [None, "", "junk", "-1", "\0", "9" * 40, "٣"])
def test_junk_counts_as_nothing_seen(client_for, agnes, case, url, seen):
    response = client_for(agnes).post(url, {} if seen is None else {"seen": seen})
    assert response.json()["changed"] is True


def test_anonymous_and_nadia_are_led_to_their_door(client_for, nadia, url):
    assert client_for().post(url)["Location"].startswith("/login/")
    assert client_for(nadia).post(url)["Location"].startswith("/set-password/")


@pytest.mark.parametrize("who", ["paula", "quinn", "rosa", "vera"])
def test_nobody_else_looks_or_learns_names(client_for, request, agnes, case, url, who):
    client_for(agnes).get(page_of(case))
    response = client_for(request.getfixturevalue(who)).post(url)
    assert response.status_code in (302, 404)
    assert agnes.display_name not in response.text
    assert CaseLook.objects.get().agent == agnes


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30])
def test_unknown_case_is_404(client_for, agnes, number):
    assert client_for(agnes).post(f"/admin/cases/case/{number}/presence/").status_code == 404


def test_only_a_post_writes(client_for, agnes, case, url):
    assert client_for(agnes).get(url).status_code == 405
    assert not CaseLook.objects.exists()


def test_a_post_without_its_token_is_refused(client_for, agnes, case, url):
    assert client_for(agnes, enforce_csrf_checks=True).post(url).status_code == 403
    assert not CaseLook.objects.exists()


def test_page_tells_its_script_where_to_ask(client_for, agnes, case, url):
    html = client_for(agnes).get(page_of(case)).text
    region = html.split('id="presence"')[1].split(">")[0]
    assert f'data-presence-url="{url}"' in region
    assert 'role="status"' in region
    assert "/js/workspace.js" in html


def test_services_refuse_who_is_no_agent(paula, vera, case):
    for person in (paula, vera):
        with pytest.raises(services.NotAllowed):
            services.note_look(by=person, case=case, at=case.filed_at)
        with pytest.raises(services.NotAllowed):
            services.still_open(by=person, case=case)
