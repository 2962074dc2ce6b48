"""What the beat does for the database."""

import pytest
from django.conf import settings
from django.db import connection

from desk.tasks import count_rows


def test_beat_knows_it():
    assert "desk.count_rows" in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL counts by itself")
def test_sqlite_knows_how_many_rows_its_indexes_have(paula):
    count_rows()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'accounts_user'")
        assert cursor.fetchone()[0] > 0
