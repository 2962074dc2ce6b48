import time

import pytest

from helpdesk.celery import HelpDeskCelery
from mail import wake
from mail.wake import ring  # taken before the autouse fixture silences it
from tests.mail.process import free_port, wait_until
from tests.mail.smtp_server import SMTPServer

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.mark.parametrize("broker", ["closed", "silent"])
def test_a_broken_broker_costs_the_request_nothing(broker, greet, monkeypatch):
    """A broker that accepts and says nothing is the worst: its client waits for the whole timeout."""
    silent = SMTPServer(HELLO=SMTPServer.SILENCE)
    port = silent.port if broker == "silent" else free_port()
    monkeypatch.setenv("CELERY_BROKER_URL", f"redis://127.0.0.1:{port}/0")  # Celery prefers it to any argument
    app = HelpDeskCelery("test", set_as_current=False)
    app.conf.broker_transport_options = {"max_retries": 0, "socket_connect_timeout": 1, "socket_timeout": 2}
    monkeypatch.setattr(wake, "current_app", app)
    monkeypatch.setattr(wake, "ring", ring)
    monkeypatch.setattr(wake, "_bells", {})
    slowest = 0.0
    for _ in range(20):
        started = time.monotonic()
        greet()
        slowest = max(slowest, time.monotonic() - started)
        time.sleep(0.02)
    assert slowest < 0.1
    bell = wake._bells[wake.DRAIN]
    assert wait_until(lambda: bell._silent_until > time.monotonic(), 10), "the bell found out, and is silent"
    if broker == "silent":
        assert silent.connections >= 1
    greet()
    assert not bell._rung.is_set(), "nobody asks the broker for a while"
    silent.close()
