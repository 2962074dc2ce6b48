"""The Celery app: `celery -A helpdesk worker` and `celery -A helpdesk beat`, or both inside the web process."""

import os
from typing import NoReturn

from celery import Celery, signals
from celery.loaders.app import AppLoader
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")


class SettingsLoader(AppLoader):
    """Read the settings, and say in one sentence which one is missing."""

    def config_from_object(self, obj, silent=False):
        try:
            return super().config_from_object(obj, silent)
        except ImproperlyConfigured as error:
            raise SystemExit(f"The portal does not start: {error}") from None


class HelpDeskCelery(Celery):
    """Celery that refuses to work apart from a broker which lives inside the web process."""

    @property
    def Worker(self):  # noqa: N802 (Celery's own name)
        self._refuse_memory_broker("worker")
        # libpq reads it: longer than a request may wait, for what deletes many rows.
        os.environ.setdefault("PGOPTIONS", "-c statement_timeout=60s")
        return self.subclass_with_self("celery.apps.worker:Worker")

    @property
    def Beat(self):  # noqa: N802 (Celery's own name)
        self._refuse_memory_broker("beat")
        return self.subclass_with_self("celery.apps.beat:Beat")

    def _refuse_memory_broker(self, part: str) -> NoReturn | None:
        if self.conf.broker_url.startswith("memory:"):
            raise SystemExit(
                f"CELERY_BROKER_URL is memory://, which ends at the web process, and that one runs its own {part}."
                f" To run a separate {part}, set CELERY_BROKER_URL to redis://host:6379/0 for web, worker and beat."
            )


app = HelpDeskCelery("helpdesk", loader="helpdesk.celery:SettingsLoader")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def keep_django_logging(**kwargs) -> None:
    """Being connected is enough: Celery then leaves settings.LOGGING alone."""


@signals.worker_ready.connect
def sweep_at_once(sender, **kwargs) -> None:
    """Take up what an earlier worker left, without waiting for the beat."""
    sender.app.send_task("mail.sweep", retry=False, ignore_result=True)
