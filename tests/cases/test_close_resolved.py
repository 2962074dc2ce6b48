"""cases.close_resolved: the task that beat wakes."""

import pytest
from django.conf import settings

from cases import services
from cases.tasks import close_resolved

pytestmark = pytest.mark.django_db


def test_beat_knows_the_task():
    planned = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert close_resolved.name in planned


def test_resolved_case_closes_when_its_14_days_are_over(case, agnes, pass_time):
    services.add_reply(by=agnes, case=case, body="Done.", changes=services.Changes(status="resolved"))
    pass_time(days=13, hours=23)
    assert close_resolved() == 0
    pass_time(hours=1)
    assert close_resolved() == 1
    case.refresh_from_db()
    assert case.status == "closed"


def test_case_opened_again_in_time_stays_open(case, agnes, paula, pass_time):
    services.add_reply(by=agnes, case=case, body="Done.", changes=services.Changes(status="resolved"))
    pass_time(days=13)
    services.add_information(by=paula, case=case, body="It is not.")
    pass_time(days=2)
    assert close_resolved() == 0
    case.refresh_from_db()
    assert case.status == "open"
