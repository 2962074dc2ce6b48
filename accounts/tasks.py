"""Beat jobs that keep the account tables tidy."""

from celery import shared_task
from django.core.management import call_command

from accounts import drafts, services, throttles


@shared_task(name="accounts.clear_sessions")
def clear_sessions() -> None:
    """Delete expired sessions and throttle counters that nothing touches any more."""
    call_command("clearsessions")
    throttles.delete_old_counters()


@shared_task(name="accounts.delete_unused_registrations")
def delete_unused_registrations() -> None:
    """Delete accounts that never set a permanent password, after 30 days."""
    services.delete_unused_registrations()


@shared_task(name="accounts.delete_old_drafts")
def delete_old_drafts() -> None:
    """Throw away drafts older than seven days."""
    drafts.delete_old_drafts()
