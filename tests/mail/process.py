"""The portal's processes as production runs them, on the test database, for tests that hurt them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from django.db import connection

from mail.models import OutboxMessage, State

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until(condition, seconds: float = 20) -> bool:
    """Ask until the condition holds or the time is over; return the last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(answer)


def listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def all_sent(count: int) -> bool:
    return OutboxMessage.objects.filter(state=State.SENT).count() == count


def database_url() -> str:
    """Return the URL of the test database: other processes must see what the test has committed."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    login = f"{database['USER']}:{database['PASSWORD']}@" if database["USER"] else ""
    return f"postgres://{login}{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}/{database['NAME']}"


class Process:
    """A process group with its log. `kill` is -9; `stop` is what a terminal or a service manager does."""

    def __init__(self, *command: str, log: Path, env: dict[str, str] | None = None):
        self.log = log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **(env or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self, text: str) -> bool:
        return text in self.log.read_text(errors="replace")

    def wait_for(self, text: str, seconds: float = 20) -> None:
        assert wait_until(lambda: self.said(text), seconds), self.log.read_text(errors="replace")[-4000:]

    def stop(self, number: int = signal.SIGTERM, seconds: float = 15) -> float:
        """Send a signal to the leader and return how long everything took to end."""
        started = time.monotonic()
        self._popen.send_signal(number)
        self._popen.wait(seconds)
        assert wait_until(self.is_gone, 3), "children were left behind"
        return time.monotonic() - started

    def kill(self) -> None:
        if not self.is_gone():
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait(10)

    def wait(self, seconds: float = 20) -> int:
        return self._popen.wait(seconds)

    def is_gone(self) -> bool:
        self._popen.poll()
        try:
            os.killpg(self._popen.pid, 0)
        except ProcessLookupError:
            return True
        return False


class Redis(Process):
    """A redis-server of the test's own."""

    def __init__(self, directory: Path, port: int):
        self.port = port
        self.url = f"redis://127.0.0.1:{port}/0"
        options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        super().__init__(shutil.which("redis-server"), *options, "--dir", str(directory), log=directory / "redis.log")
        assert wait_until(lambda: listens(port)), self.log.read_text()
