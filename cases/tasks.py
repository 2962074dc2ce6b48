"""What beat wakes. Thin: each calls one service."""

from celery import shared_task

from cases import services


@shared_task(name="cases.close_resolved")
def close_resolved() -> int:
    """Close what has been resolved long enough; return how many."""
    return services.close_resolved()


@shared_task(name="cases.send_digests")
def send_digests() -> int:
    """Owe the hourly digests; return how many."""
    return services.send_digests()
