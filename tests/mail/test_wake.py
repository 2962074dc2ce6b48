import itertools
import os
import threading
import time

import pytest

from mail import wake
from mail.wake import (
    Bell,
    ring,  # taken before the autouse fixture silences it
)
from tests.mail.process import wait_until


class Broker:
    """A broker that notes each ring; `error` makes it fail, a cleared `gate` makes it hang."""

    def __init__(self):
        self.called_at: list[float] = []
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def send(self) -> None:
        self.called_at.append(time.monotonic())
        self.gate.wait(5)
        if self.error:
            raise self.error

    def shortest_gap(self) -> float:
        return min(later - earlier for earlier, later in itertools.pairwise(self.called_at))


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def bell(broker):
    return Bell(broker.send)


def ring_until(bell, condition) -> bool:
    return wait_until(lambda: bell.ring() or condition(), 5)


def test_a_ring_puts_one_drain_into_the_broker(monkeypatch):
    sent = []
    monkeypatch.setattr(wake.current_app, "send_task", lambda *args, **options: sent.append((args, options)))
    monkeypatch.setattr(wake, "_bells", {})
    ring()
    assert wait_until(lambda: sent, 2)
    assert sent == [(("mail.drain",), {"retry": False, "ignore_result": True})]


def test_each_task_has_a_bell_of_its_own(monkeypatch):
    sent = []
    monkeypatch.setattr(wake.current_app, "send_task", lambda *args, **options: sent.append(args))
    monkeypatch.setattr(wake, "_bells", {})
    ring("cases.scan_files")
    ring()
    assert wait_until(lambda: len(sent) == 2, 2)
    assert set(sent) == {("cases.scan_files",), ("mail.drain",)}


def test_a_burst_collapses_and_its_last_ring_is_not_lost(bell, broker, monkeypatch):
    monkeypatch.setattr(wake, "PAUSE_BETWEEN_RINGS", 0.01)
    broker.gate.clear()
    bell.ring()
    assert wait_until(lambda: broker.called_at, 2)
    started = time.monotonic()
    for _ in range(1000):
        bell.ring()
    assert time.monotonic() - started < 0.1, "a hanging broker costs the caller nothing"
    broker.gate.set()
    assert wait_until(lambda: len(broker.called_at) == 2, 2)
    assert not bell._rung.is_set(), "there is nothing more to come"


def test_a_busy_process_rings_a_few_times_a_second(bell, broker, monkeypatch):
    monkeypatch.setattr(wake, "PAUSE_BETWEEN_RINGS", 0.1)
    assert ring_until(bell, lambda: len(broker.called_at) == 3)
    assert broker.shortest_gap() >= 0.1


def test_after_a_failure_the_bell_is_silent_for_a_while(bell, broker, monkeypatch, caplog):
    monkeypatch.setattr(wake, "PAUSE_BETWEEN_RINGS", 0)
    monkeypatch.setattr(wake, "SILENCE_AFTER_FAILURE", 0.3)
    broker.error = ConnectionRefusedError("nobody listens")
    bell.ring()
    assert wait_until(lambda: "nobody listens" in caplog.text, 2)
    broker.error = None
    assert ring_until(bell, lambda: len(broker.called_at) == 2), "the thread has survived"
    assert broker.shortest_gap() >= 0.3


def test_a_forked_process_has_a_bell_of_its_own(broker, monkeypatch):
    monkeypatch.setattr(wake, "send", lambda task: broker.send())
    monkeypatch.setattr(wake, "_bells", {})
    ring()
    assert wait_until(lambda: len(broker.called_at) == 1, 2)
    pid = os.fork()
    if pid == 0:
        ring()
        os._exit(0 if wait_until(lambda: len(broker.called_at) == 2, 2) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
