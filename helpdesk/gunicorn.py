"""Configuration of the web server: `gunicorn -c helpdesk/gunicorn.py helpdesk.wsgi`."""

import logging
import logging.config
import os
import signal
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from gunicorn import glogging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
# libpq reads it: a request that waits for a lock in PostgreSQL gives its thread back. Statements of pages are short:
# to start a parallel worker, or to compile, takes longer than any of them. What is fetched bit by bit begins at once.
os.environ.setdefault(
    "PGOPTIONS",
    "-c statement_timeout=15s -c max_parallel_workers_per_gather=0 -c jit=off -c cursor_tuple_fraction=0.001",
)
try:
    settings.PORT  # noqa: B018 (the first look reads them)
except ImproperlyConfigured as error:
    sys.exit(f"The portal does not start: {error}")

from helpdesk.embedded import EmbeddedCelery, lock_data_dir  # noqa: E402 (needs the settings' name)


class PortalLogger(glogging.Logger):
    """gunicorn's own messages, among and like the portal's."""

    def setup(self, cfg):
        super().setup(cfg)
        logging.config.dictConfig(settings.LOGGING)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


bind = f"{'127.0.0.1' if settings.DEMO else '0.0.0.0'}:{settings.PORT}"  # noqa: S104 (behind a proxy)
worker_class = "gthread"
workers = 1 if settings.EMBEDDED_WORKER else settings.WEB_CONCURRENCY
threads = 8 if settings.EMBEDDED_WORKER else 4
# A connection that is kept stays with the process that took it, whatever the others have to do.
keepalive = 0
forwarded_allow_ips = ",".join(settings.TRUSTED_PROXIES)
control_socket_disable = True
graceful_timeout = 10 if settings.EMBEDDED_WORKER else 30
logger_class = PortalLogger  # accesslog stays off: the portal's middleware writes one line a request

_lock = None
_celery = None


def on_starting(server):
    """Refuse what the embedded worker cannot share: a second worker process, a second server on the same data."""
    global _lock
    if not settings.EMBEDDED_WORKER:
        return
    if server.cfg.workers != 1:
        sys.exit(
            f"The Celery worker runs inside the web process, of which there can be one, not {server.cfg.workers}."
            " For more, set DEMO=0 and CELERY_BROKER_URL to redis://host:6379/0, and start worker and beat apart."
        )
    try:
        _lock = lock_data_dir(settings.DATA_DIR)
    except BlockingIOError:
        sys.exit(
            f"Another web process is running on {settings.DATA_DIR}. Stop it first,"
            " or set another DATA_DIR and PORT for this one."
        )


def post_worker_init(worker):
    global _celery
    # Ctrl-C reaches the whole process group, and the master passes it on. A second signal in the middle of the
    # first one's shutdown waits for a lock that the first one holds.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # In maintenance nothing may touch the database: it is being moved, restored or migrated.
    if settings.EMBEDDED_WORKER and not settings.MAINTENANCE:
        _celery = EmbeddedCelery()
        _celery.start()


def worker_exit(server, worker):
    if _celery is not None and not _celery.stop():
        # A mail server that says nothing holds a thread, and Python would wait for it. The outbox has all it needs.
        logging.getLogger(__name__).warning("Ended in the middle of a delivery; its mail stays owed.")
        logging.shutdown()
        os._exit(0)
