"""Doors for the worker. Each leaves the work to a service, and no argument carries anything."""

from celery import shared_task
from celery.signals import worker_shutting_down

from mail import delivery, services, wake


@shared_task(name="mail.drain", ignore_result=True)
def drain() -> None:
    """Send what is due; when the time ends before the mail does, the next free worker goes on."""
    if services.drain():
        wake.send()


@shared_task(name="mail.sweep", ignore_result=True)
def sweep() -> None:
    """Find what no ring told of: wake as many drains as the backlog is worth."""
    for _ in range(services.sweep()):
        wake.send()


@worker_shutting_down.connect
def end_drains(**kwargs) -> None:
    """Leave after the mail in hand, so that a stop takes seconds."""
    delivery.stop()
