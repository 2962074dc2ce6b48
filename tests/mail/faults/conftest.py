"""Real processes that fail: how they are started, and the mail server that they find."""

import os
import shutil

import pytest
from django.db import transaction

from mail.services import owe
from tests.mail.process import BIN, Process, Redis, database_url, free_port
from tests.mail.smtp_server import SMTPServer


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
