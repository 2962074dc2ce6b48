"""Parts of the portal are killed, silenced and taken away; every mail owed arrives when they are back."""

import os
import shutil
import signal
import time
from collections import Counter

import pytest
from django.db import transaction

from helpdesk.celery import HelpDeskCelery
from mail import wake
from mail.models import OutboxMessage, State
from mail.services import owe
from mail.wake import ring  # taken before the autouse fixture silences it
from tests.mail.process import BIN, Process, Redis, database_url, free_port, listens, wait_until
from tests.mail.smtp_server import SMTPServer

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def processes():
    """Return a list of processes that are killed after the test."""
    started = []
    yield started
    for process in reversed(started):
        process.kill()


@pytest.fixture
def redis(processes, tmp_path):
    """Return a function that starts a redis-server, on the same port each time."""
    if not shutil.which("redis-server"):
        reason = "redis-server is not installed: what Redis does to mail was not tested."
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    port = free_port()

    def start() -> Redis:
        processes.append(Redis(tmp_path, port))
        return processes[-1]

    return start


@pytest.fixture
def smtp():
    with SMTPServer() as server:
        yield server


@pytest.fixture
def environment(smtp, tmp_path):
    return {
        "DJANGO_SETTINGS_MODULE": "tests.mail.fault_settings",
        "DATABASE_URL": database_url(),
        "CELERY_BROKER_URL": "memory://",
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp.port}",
        "EMAIL_TIMEOUT": "1",
        "DATA_DIR": str(tmp_path / "data"),
        "PORT": str(free_port()),
        "LOG_LEVEL": "INFO",
    }


@pytest.fixture
def start(processes, environment, tmp_path):
    """Return a function that starts one of the Procfile's processes."""

    def run(name: str, **env: str) -> Process:
        commands = {
            "web": [BIN / "gunicorn", "-c", "helpdesk/gunicorn.py", "helpdesk.wsgi"],
            "worker": [BIN / "celery", "-A", "helpdesk", "worker", "--pool", "threads", "--concurrency", "4"],
            "beat": [BIN / "celery", "-A", "helpdesk", "beat"],
        }
        command = map(str, commands[name])
        log = tmp_path / f"{name}-{len(processes)}.log"
        processes.append(Process(*command, log=log, env=environment | env))
        return processes[-1]

    return run


@pytest.fixture
def greet(greeting, paula):
    """Return a function that owes Paula a mail, as a request would."""
    greeting()

    def owe_greeting(count: int = 1) -> None:
        for _ in range(count):
            with transaction.atomic():
                owe("greeted", about=("case", 7), user=paula.pk)

    return owe_greeting


def all_sent(count: int) -> bool:
    return OutboxMessage.objects.filter(state=State.SENT).count() == count


def test_worker_killed_in_mid_delivery_loses_nothing(start, redis, environment, greet, smtp):
    environment["CELERY_BROKER_URL"] = redis().url
    smtp.replies["END"] = SMTPServer.SILENCE
    environment["EMAIL_TIMEOUT"] = "2"
    greet(3)
    worker = start("worker")
    assert len(smtp.wait_for(1)) == 1
    assert OutboxMessage.objects.filter(state=State.SENDING).count() == 1
    worker.kill()

    smtp.replies.clear()
    start("worker")
    start("beat")
    assert wait_until(lambda: all_sent(3), 60)
    times = Counter(mail["Message-ID"] for mail in smtp.mails)
    assert set(times) == set(OutboxMessage.objects.values_list("message_id", flat=True))
    assert sorted(times.values()) == [1, 1, 2], "only the mail in hand went out twice"


def test_redis_goes_and_comes_back(start, redis, environment, greet, smtp):
    server = redis()
    environment["CELERY_BROKER_URL"] = server.url
    worker = start("worker")
    start("beat")
    worker.wait_for("Connected to redis")
    greet()
    assert len(smtp.wait_for(1)) == 1, "the sweep finds it"

    server.kill()
    greet(3)
    assert len(smtp.wait_for(2, seconds=3)) == 1
    redis()
    assert wait_until(lambda: all_sent(4), 60)
    assert len(smtp.mails) == 4


def test_mail_server_goes_and_comes_back(start, redis, environment, greet, smtp):
    environment["CELERY_BROKER_URL"] = redis().url
    smtp.close()
    start("worker")
    start("beat")
    greet(5)
    assert wait_until(lambda: OutboxMessage.objects.filter(state=State.RETRYING).exists())
    with SMTPServer(port=smtp.port) as back:
        assert len(back.wait_for(5, seconds=60)) == 5
        assert wait_until(lambda: all_sent(5))


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
    monkeypatch.setattr(wake, "_bell", None)
    slowest = 0.0
    for _ in range(20):
        started = time.monotonic()
        greet()
        slowest = max(slowest, time.monotonic() - started)
        time.sleep(0.02)
    assert slowest < 0.1
    assert wait_until(lambda: wake._bell._silent_until > time.monotonic(), 10), "the bell found out, and is silent"
    if broker == "silent":
        assert silent.connections >= 1
        connections = silent.connections
        greet()
        time.sleep(0.5)
        assert silent.connections == connections
    silent.close()


class TestEmbedded:
    """One web process that is everything, on memory://."""

    def test_mail_leaves_and_a_stop_leaves_nothing_behind(self, start, environment, greet, smtp):
        greet(2)
        web = start("web")
        assert len(smtp.wait_for(2)) == 2, web.log.read_text()
        assert web.stop(signal.SIGTERM) < 8
        assert not listens(int(environment["PORT"]))

    def test_ctrl_c_ends_it_even_while_the_mail_server_is_silent(self, start, greet, smtp):
        smtp.replies["END"] = SMTPServer.SILENCE
        greet(2)
        web = start("web", EMAIL_TIMEOUT="30")
        smtp.wait_for(1)
        assert web.stop(signal.SIGINT) < 8
        assert OutboxMessage.objects.owed().count() == 2

    def test_killed_in_mid_delivery_it_loses_nothing(self, start, greet, smtp):
        smtp.replies["END"] = SMTPServer.SILENCE
        greet(2)
        web = start("web")
        smtp.wait_for(1)
        web.kill()
        smtp.replies.clear()
        start("web")
        assert wait_until(lambda: all_sent(2), 60)
        assert {mail["Message-ID"] for mail in smtp.mails} == set(
            OutboxMessage.objects.values_list("message_id", flat=True)
        )

    def test_a_second_web_process_on_the_same_data_is_refused(self, start, environment):
        start("web").wait_for("Booting worker")
        second = start("web", PORT=str(free_port()))
        assert second.wait() != 0
        assert second.said(f"Another web process is running on {environment['DATA_DIR']}")

    def test_several_worker_processes_are_refused(self, start):
        web = start("web", GUNICORN_CMD_ARGS="--workers 2")
        assert web.wait() != 0
        assert web.said("of which there can be one, not 2")

    @pytest.mark.parametrize("part", ["worker", "beat"])
    def test_a_separate_part_is_refused(self, start, part):
        process = start(part)
        assert process.wait() != 0
        assert process.said(f"To run a separate {part}, set CELERY_BROKER_URL")
