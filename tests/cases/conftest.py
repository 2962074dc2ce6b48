"""What the tests of cases share: a filed case, a clock, and forms filled out as a browser would."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import services
from cases.models import Queue, RequestType
from desk.services import help_desk_facts
from tests.cases.pages import hidden
from tests.conftest import make_person


@pytest.fixture
def request_type(db) -> RequestType:
    return RequestType.objects.get(name="Vaccine inventory")


@pytest.fixture
def queue(db) -> Queue:
    return Queue.objects.get(is_default=True)


@pytest.fixture
def file(request_type):
    """Return a function that files a case through the service."""

    def file_one(provider, *, key: str = "", description: str = "Two vials are missing.", **fields):
        names = {"organization_name": "Riverside Clinic", "primary_name": "Riverside Clinic"}
        filing = services.Filing(request_type=request_type, description=description, **(names | fields))
        return services.file_case(by=provider, filing=filing, key=key or secrets.token_urlsafe(16))

    return file_one


@pytest.fixture
def case(paula, file):
    """Paula's case, just filed."""
    return file(paula)


@pytest.fixture
def second_agent(db):
    return make_person("arthur.ash", group="Agents")


@pytest.fixture
def pass_time(monkeypatch):
    """Return a function that moves the clock on."""

    def move_on(**delta) -> None:
        now = timezone.now
        monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(**delta))

    return move_on


@pytest.fixture
def statements(db):
    """Return a function that counts the statements of a call, what the process keeps of the help desk aside."""

    def count(call) -> int:
        help_desk_facts()
        with CaptureQueriesContext(connection) as captured:
            call()
        return len(captured)

    return count


@pytest.fixture
def intake(request_type):
    """Return a function that opens the intake form and gives what its browser would post."""

    def fill_out(client, **typed) -> dict:
        html = client.get("/cases/new/").content.decode()
        names = ("key", "stamp", "drafts", "follow_up_to")
        return (
            {name: hidden(html, name) for name in names}
            | {
                "contact_phone": "919 555 0100",
                "primary_name": "Riverside Clinic",
                "organization_kind": "primary",
                "secondary_name": "",
                "request_type": str(request_type.pk),
                "description": "Two vials are missing.",
            }
            | typed
        )

    return fill_out
