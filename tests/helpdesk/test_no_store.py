"""After LOGOUT the Back button shows nothing: personal answers are kept by nobody."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/my-lists/", "/cases/new/", "/resources/", "/account/", "/no-such-page"])
def test_signed_in_pages_are_not_kept(client_for, paula, address):
    assert client_for(paula).get(address)["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["/login/", "/register/", "/forgot/"])
def test_pages_with_forms_are_not_kept(client, address):
    assert client.get(address)["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["/terms/", "/resources/"])
def test_public_pages_may_be(client, address):
    assert "Cache-Control" not in client.get(address)


def test_answers_to_writes_are_not_kept(client):
    assert client.post("/logout/")["Cache-Control"] == "no-store"


def test_the_way_to_the_set_password_page_is_not_kept(client_for, nadia):
    response = client_for(nadia).get("/my-lists/")
    assert response.status_code == 302
    assert response["Cache-Control"] == "no-store"


def test_set_password_link_sends_no_referrer():
    response = Client(raise_request_exception=False).get("/set-password/MQ/c1abcd-0123456789abcdef/")
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"


def test_pages_ask_for_no_sensors(client):
    assert "camera=()" in client.get("/terms/")["Permissions-Policy"]
