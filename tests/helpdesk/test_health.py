"""/health/live and /health/ready: for a proxy, without a session, and honest about mail."""

from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from mail.models import Heartbeat, OutboxEvent


@pytest.fixture
def beat(db):
    """Return a function that sets the last beat to so many seconds ago."""

    def ago(seconds):
        Heartbeat.objects.update_or_create(name="sweep", defaults={"at": timezone.now() - timedelta(seconds=seconds)})

    return ago


def owe_mail(*, minutes_ago):
    moment = timezone.now() - timedelta(minutes=minutes_ago)
    OutboxEvent.objects.create(
        code="case_filed", about_kind="case", about_id=1, created_at=moment, next_attempt_at=moment
    )


def test_alive_without_a_database(client, monkeypatch):
    def away(*args, **kwargs):
        raise AssertionError("the database was asked")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", away)
    response = client.get("/health/live")
    assert response.json() == {"status": "ok"}
    assert "no-store" in response["Cache-Control"]


def test_ready(client, beat):
    beat(5)
    response = client.get("/health/ready")
    assert response.status_code == 200
    report = response.json()
    assert report["status"] == "ok"
    assert report["database"] == "ok"
    assert 5 <= report["last_beat_seconds"] <= 7
    assert report["oldest_owed_mail_seconds"] is None
    assert report["problems"] == []
    assert not response.cookies


def test_inbox_that_is_not_read_is_said_and_closes_nothing(client, beat, settings):
    beat(5)
    settings.INBOX_URL = "imaps://desk:pw@imap.example.org/"
    assert client.get("/health/ready").json()["last_inbox_seconds"] is None
    Heartbeat.objects.create(name="inbox", at=timezone.now() - timedelta(hours=2))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["problems"]) == (200, [])
    assert 7200 <= answer.json()["last_inbox_seconds"] <= 7202
    settings.INBOX_URL = ""
    assert "last_inbox_seconds" not in client.get("/health/ready").json()


def test_mail_that_is_only_just_owed_is_no_problem(client, beat):
    beat(5)
    owe_mail(minutes_ago=14)
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert 14 * 60 <= response.json()["oldest_owed_mail_seconds"] <= 14 * 60 + 2


def test_mail_overdue_for_15_minutes_is(client, beat):
    beat(5)
    owe_mail(minutes_ago=16)
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["problems"] == ["mail is overdue"]


def test_mail_that_waits_for_its_next_attempt_is_no_problem(client, beat):
    beat(5)
    owe_mail(minutes_ago=60)
    OutboxEvent.objects.update(next_attempt_at=timezone.now() + timedelta(minutes=5))
    assert client.get("/health/ready").status_code == 200


@pytest.mark.parametrize("seconds", [61, 3600])
def test_silent_beat(client, beat, seconds):
    beat(seconds)
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["problems"] == ["beat is silent"]


def test_beat_that_never_was(client, db):
    Heartbeat.objects.all().delete()
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["last_beat_seconds"] is None


def test_database_away(client, db, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("could not connect to server: db.internal")

    monkeypatch.setattr("helpdesk.health._report", away)
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "database": "away"}


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_database_away_for_somebody_with_a_session(client_for, paula, monkeypatch, error):
    def away(*args, **kwargs):
        raise error("could not connect to server: db.internal")

    browser = client_for(paula, raise_request_exception=False)
    with monkeypatch.context() as patch:
        patch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", away)
        assert browser.get("/health/live").status_code == 200
        response = browser.get("/health/ready")
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "database": "away"}


@pytest.mark.parametrize("address", ["/health/live", "/health/ready"])
def test_reading_only(client, db, address):
    assert client.post(address).status_code == 405
