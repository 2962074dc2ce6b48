"""Beat jobs that keep the database in shape."""

from celery import shared_task
from django.db import connection

# Rows that are looked at for an index: enough to tell few from many, and over in a moment.
_SAMPLE = 1000


@shared_task(name="desk.count_rows")
def count_rows() -> None:
    """Let SQLite know how many rows its indexes have, by which it chooses; PostgreSQL sees to that itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA analysis_limit = {_SAMPLE}")
            cursor.execute("ANALYZE")
