"""Ring for a worker, best effort: whatever this loses, the sweep finds within seconds."""

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial

from celery import current_app

logger = logging.getLogger(__name__)

DRAIN = "mail.drain"
SILENCE_AFTER_FAILURE = 30.0
PAUSE_BETWEEN_RINGS = 0.2


class Bell:
    """One daemon thread that tells the broker that work waits.

    The caller only sets a flag, so that a broker which hangs costs it nothing; a burst of calls becomes one or two
    tasks. After a failure the bell stays silent for a while: the sweep is on its way anyway.
    """

    def __init__(self, send: Callable[[], None]):
        self._send = send
        self._rung = threading.Event()
        self._silent_until = 0.0
        threading.Thread(target=self._run, name="mail-bell", daemon=True).start()

    def ring(self) -> None:
        if time.monotonic() >= self._silent_until:
            self._rung.set()

    def _run(self) -> None:
        while True:
            self._rung.wait()
            self._rung.clear()
            try:
                self._send()
            except Exception as error:  # whatever a broker's client raises
                self._silent_until = time.monotonic() + SILENCE_AFTER_FAILURE
                self._rung.clear()
                logger.warning("The broker did not take a ring; the sweep will find the work: %r", error)
            time.sleep(PAUSE_BETWEEN_RINGS)


_bells: dict[str, Bell] = {}
_lock = threading.Lock()


def ring(task: str = DRAIN) -> None:
    """Wake a worker for a task without arguments. Never waits for the broker; call it after the commit."""
    if task not in _bells:
        with _lock:
            if task not in _bells:
                _bells[task] = Bell(partial(send, task))
    _bells[task].ring()


def _forget_bells() -> None:
    global _bells, _lock
    _bells, _lock = {}, threading.Lock()


os.register_at_fork(after_in_child=_forget_bells)  # a forked process inherits the object without its thread


def send(task: str = DRAIN) -> None:
    """Put one task into the broker, now. Raises what the broker's client raises."""
    current_app.send_task(task, retry=False, ignore_result=True)
