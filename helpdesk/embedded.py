"""Celery's worker and beat as threads of the one web process (demo mode and the small desk)."""

import fcntl
import logging
import os
import threading
import time
from pathlib import Path
from typing import TextIO

from celery import signals
from celery.beat import Service
from celery.worker import WorkController
from celery.worker import state as worker_state

from helpdesk.celery import app

logger = logging.getLogger(__name__)

WORKER_THREADS = 4
RESTART_DELAY = 5.0
STOP_TIMEOUT = 4.0


class EmbeddedCelery:
    """Run a worker and a beat until `stop`. One that ends by itself is logged and started again."""

    def __init__(self):
        self._stopping = threading.Event()
        self._beat: Service | None = None
        # Made here and not in its thread: it loads the tasks and sets Django up once more.
        self._worker: WorkController | None = self._new_worker()
        self._threads = [
            threading.Thread(target=self._keep_running, args=(run,), name=name, daemon=True)
            for name, run in (("celery-worker", self._run_worker), ("celery-beat", self._run_beat))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> bool:
        """End both within a few seconds; return whether every thread is done. What is left undone stays owed."""
        self._stopping.set()
        signals.worker_shutting_down.send(sender=None, sig="TERM", how="Warm", exitcode=0)
        worker_state.should_stop = os.EX_OK
        if self._beat is not None:
            self._beat.stop()
        deadline = time.monotonic() + STOP_TIMEOUT
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _keep_running(self, run) -> None:
        while not self._stopping.is_set():
            try:
                run()
            except Exception:  # whatever ended it, mail must go on
                logger.exception("The embedded Celery thread broke.")
            if not self._stopping.is_set():
                name = threading.current_thread().name
                logger.critical("%s ended by itself; it starts again in %s s.", name, RESTART_DELAY)
                self._stopping.wait(RESTART_DELAY)

    def _new_worker(self) -> WorkController:
        return app.WorkController(
            pool="threads",
            concurrency=WORKER_THREADS,
            hostname="embedded@localhost",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            ready_callback=lambda consumer: signals.worker_ready.send(sender=consumer),
        )

    def _run_worker(self) -> None:
        worker, self._worker = self._worker or self._new_worker(), None
        worker.start()

    def _run_beat(self) -> None:
        # A short interval lets it notice `stop`; this scheduler keeps no file.
        self._beat = Service(app, max_interval=1, scheduler_cls="celery.beat:Scheduler", remote_control=False)
        self._beat.start()


def lock_data_dir(data_dir: Path) -> TextIO:
    """Hold the data directory for this web process and its children; raise BlockingIOError when another holds it.

    The lock belongs to the open file that is returned, and ends with the last process that has it, however it ends.
    It cannot see a portal with another DATA_DIR on the same database. No mail is lost or doubled by such a pair, since
    the outbox is made for any number of workers; but each has a beat of its own, and a mailbox in demo mode.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    file = (data_dir / "web.lock").open("a")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file
