"""The project. The Celery app is loaded with it, so that `mail.wake` finds the broker in every process."""

from helpdesk.celery import app as celery_app

__all__ = ["celery_app"]
