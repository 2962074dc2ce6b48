"""An address that takes no such request has a page: people get there by a bookmark or a reload."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("person", "address"), [("", "/logout/"), ("paula", "/logout/"), ("agnes", "/admin/logout/")])
def test_says_what_to_do(request, client_for, person, address):
    browser = client_for(request.getfixturevalue(person) if person else None)
    response = browser.get(address)
    page = response.content.decode()
    assert response.status_code == 405
    assert response["Allow"] == "POST, OPTIONS"
    assert "<title>This address opens no page – Provider Help Desk Portal</title>" in page
    assert "Nothing was changed." in page
    assert "1-877-873-6247" in page
    assert response["X-Request-Reference"] in page
    assert response["Cache-Control"] == "no-store"
    assert ("LOGOUT" in page) is bool(person)


def test_a_page_that_is_only_read(client):
    response = client.put("/terms/")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert "This address opens no page" in response.content.decode()


def test_health_checks_stay_short(client):
    response = client.post("/health/live")
    assert response.status_code == 405
    assert response.content == b""
