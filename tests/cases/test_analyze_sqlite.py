"""SQLite knows what its indexes hold."""

import pytest
from django.conf import settings
from django.db import connection

from cases.tasks import analyze_sqlite


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL looks by itself")
def test_it_knows_after_each_hour(case):
    assert "cases.analyze_sqlite" in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    analyze_sqlite()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'cases_case'")
        assert cursor.fetchone()[0] > 0
