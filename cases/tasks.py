"""What beat wakes. Thin: each calls one service."""

from celery import shared_task
from django.db import connection

from cases import services
from mail import wake


@shared_task(name="cases.close_resolved")
def close_resolved() -> int:
    """Close what has been resolved long enough; return how many."""
    return services.close_resolved()


@shared_task(name="cases.send_digests")
def send_digests() -> int:
    """Owe the hourly digests; return how many."""
    return services.send_digests()


@shared_task(name="cases.scan_files", ignore_result=True)
def scan_files() -> None:
    """Have the virus scanner look at what waits; when the time ends first, the next free worker goes on."""
    if services.scan_files():
        wake.send("cases.scan_files")


@shared_task(name="cases.delete_loose_files")
def delete_loose_files() -> int:
    """Delete what a crash has left in the storage of files; return how many."""
    return services.delete_loose_files()


@shared_task(name="cases.analyze_sqlite")
def analyze_sqlite() -> None:
    """Let SQLite look how many rows its indexes have, by which it chooses among them; PostgreSQL does so by itself.

    It looks at a thousand rows of each: enough to tell few from many, and over in a moment.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit = 1000")
            cursor.execute("ANALYZE")
