"""Doors for the worker. Each leaves the work to a service, and no argument carries anything."""

import logging

from celery import shared_task
from celery.signals import worker_shutting_down

from mail import delivery, inbox, services, wake
from mail.inbox import imap

logger = logging.getLogger(__name__)


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


@shared_task(name="mail.poll_inbox", ignore_result=True)
def poll_inbox() -> None:
    """Fetch what waits in the IMAP folder; the next poll comes anyway."""
    try:
        imap.poll()
    except imap.ServerTrouble as error:
        logger.warning("%s", error)


@shared_task(name="mail.process_inbox", ignore_result=True)
def process_inbox() -> None:
    """Deal with mails that were stored and then left."""
    inbox.process_waiting()


@shared_task(name="mail.delete_old_raw", ignore_result=True)
def delete_old_raw() -> None:
    """Delete the bytes of mails whose time is over."""
    inbox.delete_old_raw()


@worker_shutting_down.connect
def end_drains(**kwargs) -> None:
    """Leave after the mail in hand, so that a stop takes seconds."""
    delivery.stop()
