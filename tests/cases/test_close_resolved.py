"""cases.close_resolved: the task that beat wakes."""

import pytest
from django.conf import settings

from cases import services
from cases.tasks import close_resolved

pytestmark = pytest.mark.django_db


def test_beat_knows_the_task():
    planned = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert close_resolved.name in planned


def test_it_closes_what_is_due(case, agnes, monkeypatch):
    services.add_reply(by=agnes, case=case, body="Done.", set_status="resolved")
    assert close_resolved() == 0
    monkeypatch.setattr("cases.services.progress.CLOSE_AFTER", -services.progress.CLOSE_AFTER)
    assert close_resolved() == 1
    case.refresh_from_db()
    assert case.status == "closed"
