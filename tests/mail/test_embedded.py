"""The embedded worker and beat, apart from gunicorn. Real processes are in faults/."""

import threading

import pytest

from helpdesk import embedded
from helpdesk.embedded import EmbeddedCelery, lock_data_dir
from tests.mail.process import wait_until


@pytest.fixture
def celery(monkeypatch):
    """An embedded Celery whose worker and beat are two functions that the test gives."""
    monkeypatch.setattr(embedded, "RESTART_DELAY", 0.05)
    monkeypatch.setattr(embedded, "STOP_TIMEOUT", 0.3)
    monkeypatch.setattr(embedded.signals.worker_shutting_down, "send", lambda **kwargs: None)
    monkeypatch.setattr(embedded.worker_state, "should_stop", None)
    monkeypatch.setattr(EmbeddedCelery, "_new_worker", lambda self: None)

    def make(worker, beat=lambda: None) -> EmbeddedCelery:
        monkeypatch.setattr(EmbeddedCelery, "_run_worker", lambda self: worker())
        monkeypatch.setattr(EmbeddedCelery, "_run_beat", lambda self: beat())
        return EmbeddedCelery()

    return make


@pytest.mark.parametrize("error", [None, RuntimeError("broken")])
def test_a_worker_that_ends_by_itself_is_logged_and_started_again(celery, caplog, error):
    runs = []

    def worker():
        runs.append(1)
        if error:
            raise error

    running = celery(worker)
    running.start()
    assert wait_until(lambda: len(runs) >= 3, 5)
    assert running.stop()
    assert "celery-worker ended by itself" in caplog.text


def test_a_stop_does_not_wait_for_ever(celery):
    release = threading.Event()
    running = celery(release.wait, release.wait)
    running.start()
    assert running.stop() is False
    release.set()


def test_a_data_directory_takes_one_web_process(tmp_path):
    lock = lock_data_dir(tmp_path / "data")
    with pytest.raises(BlockingIOError):
        lock_data_dir(tmp_path / "data")
    lock.close()
    lock_data_dir(tmp_path / "data").close()
