import os
import threading
import time

import pytest

from mail import wake
from mail.wake import ring  # taken before the autouse fixture silences it
from tests.mail.process import wait_until


@pytest.fixture
def broker(monkeypatch):
    """A broker that notes each ring; `broker.error` makes it fail, `broker.gate` makes it hang."""

    class Broker:
        rings = 0
        error = None
        gate = threading.Event()

        def send_task(self, name, **options):
            assert name == "mail.drain"
            assert options == {"retry": False, "ignore_result": True}
            self.gate.wait(5)
            self.rings += 1
            if self.error:
                raise self.error

    broker = Broker()
    broker.gate.set()
    monkeypatch.setattr(wake, "current_app", broker)
    monkeypatch.setattr(wake, "_bell", None)
    yield broker
    wait_until(lambda: not wake._bell._rung.is_set(), 2)
    time.sleep(0.05)  # the bell's thread outlives the test: its last ring must not reach the next test's broker


def test_a_ring_reaches_the_broker(broker):
    ring()
    assert wait_until(lambda: broker.rings == 1, 2)


def test_a_burst_collapses_and_its_last_ring_is_not_lost(broker, monkeypatch):
    monkeypatch.setattr(wake, "PAUSE_BETWEEN_RINGS", 0.05)
    broker.gate.clear()
    ring()
    time.sleep(0.05)
    started = time.monotonic()
    for _ in range(1000):
        ring()
    assert time.monotonic() - started < 0.1, "a hanging broker costs the caller nothing"
    broker.gate.set()
    assert wait_until(lambda: broker.rings == 2, 2)
    time.sleep(0.2)
    assert broker.rings == 2


def test_a_busy_process_rings_a_few_times_a_second(broker, monkeypatch):
    monkeypatch.setattr(wake, "PAUSE_BETWEEN_RINGS", 0.1)
    for _ in range(60):
        ring()
        time.sleep(0.005)
    assert 2 <= broker.rings <= 5


def test_after_a_failure_the_bell_is_silent_for_a_while(broker, monkeypatch, caplog):
    monkeypatch.setattr(wake, "PAUSE_BETWEEN_RINGS", 0)
    monkeypatch.setattr(wake, "SILENCE_AFTER_FAILURE", 0.5)
    broker.error = ConnectionRefusedError("nobody listens")
    ring()
    assert wait_until(lambda: broker.rings == 1, 2)
    time.sleep(0.05)
    ring()
    time.sleep(0.1)
    assert broker.rings == 1
    assert "nobody listens" in caplog.text
    broker.error = None
    time.sleep(0.5)
    ring()
    assert wait_until(lambda: broker.rings == 2, 2), "the thread has survived"


def test_a_forked_process_has_a_bell_of_its_own(broker):
    ring()
    assert wait_until(lambda: broker.rings == 1, 2)
    time.sleep(wake.PAUSE_BETWEEN_RINGS)
    pid = os.fork()
    if pid == 0:
        ring()
        os._exit(0 if wait_until(lambda: broker.rings == 2, 2) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
