"""A form without a valid token: a long form is kept for its owner, anything else gets plain words."""

import pytest
from django.http import HttpResponseRedirect
from django.test import Client


@pytest.fixture
def browser():
    return Client(enforce_csrf_checks=True)


def test_says_what_to_do(db, browser):
    response = browser.post("/login/", {"username": "jane", "password": "typed in vain"})
    page = response.content.decode()
    assert response.status_code == 403
    assert "Please send the form again" in page
    assert "typed in vain" not in page
    assert "jane" not in page


def test_a_rescued_form_leads_back_to_itself(db, browser, monkeypatch):
    monkeypatch.setattr(
        "accounts.middleware.rescued_response", lambda request: HttpResponseRedirect("/login/?next=/cases/new/")
    )
    assert browser.post("/login/", {}).url == "/login/?next=/cases/new/"
