"""A whole portal in processes of its own, made ready once and copied for each who wants one.

The suite's own DATABASE_URL and CELERY_BROKER_URL decide what is started: with the embedded
default one process like `make run`; on PostgreSQL and Redis the three lines of the Procfile.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

import psycopg2
import redis
from aiosmtpd.controller import Controller

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ADMINISTRATOR = ("amy.admin", "copper window orchard 71")
START_TIMEOUT = 60
MAIL_TIMEOUT = 30


def chromium_path() -> str:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert executable, "No Chromium on PATH; `make test` says how to install it."
    return executable


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postbox:
    """What a mail server has taken, as its readers see it."""

    def __init__(self):
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (aiosmtpd's name)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def wait_for(self, address: str, subject: str, seconds: float = MAIL_TIMEOUT) -> str:
        """Return the text of the newest mail to an address whose subject contains the words."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for mail in reversed(self.mails):
                if address in mail["To"] and subject in mail["Subject"]:
                    return mail.get_body(("plain",)).get_content()
            time.sleep(0.1)
        arrived = [(mail["To"], mail["Subject"]) for mail in self.mails]
        raise AssertionError(f"No mail “{subject}” to {address} within {seconds} s: {arrived}")


class Gate:
    """A door in front of a real server on 127.0.0.1: open it, shut it, or let nothing come through.

    Shutting it looks to the portal as if the server went down: living connections break off, new
    ones are refused.
    """

    def __init__(self, target: int):
        self.target = target
        self.port = free_port()
        self._silent = False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._server: socket.socket | None = None
        self.open()

    def in_front_of(self, url: str) -> str:
        """Return the server's URL with this door's address in place of its own."""
        return re.sub(
            r"@?(127\.0\.0\.1|localhost)(:\d+)?/", lambda m: f"{'@' if '@' in m[0] else ''}127.0.0.1:{self.port}/", url
        )

    def open(self) -> None:
        self._silent = False
        if self._server is None:
            self._server = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
            threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def shut(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
        self._break_off()

    def silence(self) -> None:
        """Take connections and bytes, and answer nothing."""
        self._silent = True
        self._break_off()

    def _break_off(self) -> None:
        pairs, self._pairs = self._pairs, []
        for end in (end for pair in pairs for end in pair):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                near, _address = server.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self._pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self._silent:
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@dataclass
class Portal:
    """A running portal: its address, its mail, and the environment of its processes."""

    url: str
    postbox: Postbox
    environment: dict[str, str]
    log: Path
    gates: dict[str, Gate] = field(default_factory=dict)
    processes: list[subprocess.Popen] = field(default_factory=list)
    clerk: subprocess.Popen | None = None

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def session_of_new_provider(self, first_name: str) -> str:
        """Make a provider whose password is that of rows.py, and return a session: see clerk.py."""
        if self.clerk is None:
            self.clerk = subprocess.Popen(
                [sys.executable, "-m", "tests.browser.clerk"],
                cwd=ROOT,
                env=self.environment | {"DJANGO_SETTINGS_MODULE": "helpdesk.settings"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        self.clerk.stdin.write(f"{first_name}\n")
        self.clerk.stdin.flush()
        session = self.clerk.stdout.readline().strip()
        assert session, f"No provider {first_name} was made."
        return session

    def start(self, *command: str) -> None:
        environment = self.environment | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        with self.log.open("a") as log:
            self.processes.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/health/ready", timeout=2) as response:  # noqa: S310
                    if response.status == 200:
                        return
            except (URLError, OSError):
                time.sleep(0.2)
        raise AssertionError(f"The portal was not ready within {START_TIMEOUT} s:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> list[int]:
        """End every process as Ctrl-C does; return their exit codes."""
        if self.clerk is not None:
            self.clerk.stdin.close()
            self.clerk.wait(timeout=20)
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        codes = []
        for process in self.processes:
            try:
                codes.append(process.wait(timeout=20))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                codes.append(process.wait())
        return codes


def _new_database(url: str, *, copy_of: str = "template1") -> str:
    name = f"journey_{os.getpid()}_{free_port()}"
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {copy_of}")
    return re.sub(r"/[^/]*$", f"/{name}", url)


def _new_broker(url: str) -> str:
    """Return the URL of an empty Redis database that no other test process uses: queues are not shared."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 15 + 1
    own = re.sub(r"/[^/]*$", f"/{number}", url)
    with closing(redis.Redis.from_url(own)) as client:
        client.flushdb()
    return own


@dataclass(frozen=True)
class Prepared:
    """A portal that is ready to be started, for copying: its folder, its database if that is a server's."""

    folder: Path
    database: str = ""


def is_embedded() -> bool:
    return os.environ["CELERY_BROKER_URL"].startswith("memory:")


def _environment(folder: Path, *, database: str = "", broker: str = "") -> dict[str, str]:
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PORT": str(port),
        "DATA_DIR": str(folder / "data"),
        "SITE_URL": f"http://127.0.0.1:{port}",
    }
    if not database:
        return environment | {"DEMO": "1"}
    return environment | {
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": broker,
        "EMAIL_URL": "smtp://127.0.0.1:25",
        "SECRET_KEY": "a-key-for-journeys-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DEFAULT_FROM_EMAIL": "Provider Help Desk <helpdesk@example.org>",
        "REPLY_TO_EMAIL": "helpdesk@example.org",
    }


def prepare_portal(folder: Path) -> Prepared:
    """Collect static files, make tables, seed, and make an administrator."""
    if is_embedded():
        prepared = Prepared(folder / "data")
        portal = Portal("", Postbox(), _environment(folder), folder / "log")
        portal.manage("prepare_demo")
    else:
        prepared = Prepared(folder / "data", _new_database(os.environ["DATABASE_URL"]))
        environment = _environment(folder, database=prepared.database, broker=os.environ["CELERY_BROKER_URL"])
        portal = Portal("", Postbox(), environment, folder / "log")
        portal.manage("migrate", "--verbosity=0")
        portal.manage("collectstatic", "--noinput", "--verbosity=0")
    user_id, password = ADMINISTRATOR
    portal.environment |= {
        "DJANGO_SUPERUSER_USERNAME": user_id,
        "DJANGO_SUPERUSER_PASSWORD": password,
        "DJANGO_SUPERUSER_EMAIL": "amy@helpdesk.example.org",
        "DJANGO_SUPERUSER_FIRST_NAME": "Amy",
        "DJANGO_SUPERUSER_LAST_NAME": "Admin",
    }
    portal.manage("createsuperuser", "--noinput")
    return prepared


@contextmanager
def running_portal(folder: Path, prepared: Prepared, **extra: str) -> Iterator[Portal]:
    """Start a copy of a prepared portal with a mail server of its own; `extra` goes into its environment."""
    postbox = Postbox()
    smtp = Controller(postbox, hostname="127.0.0.1", port=free_port())
    smtp.start()
    gates = {"mail": Gate(smtp.port)}
    shutil.copytree(prepared.folder, folder / "data")
    if prepared.database:
        database = _new_database(os.environ["DATABASE_URL"], copy_of=urlsplit(prepared.database).path[1:])
        broker = _new_broker(os.environ["CELERY_BROKER_URL"])
        gates |= {"database": Gate(urlsplit(database).port or 5432), "broker": Gate(urlsplit(broker).port or 6379)}
        environment = _environment(
            folder, database=gates["database"].in_front_of(database), broker=gates["broker"].in_front_of(broker)
        )
    else:
        environment = _environment(folder)
    environment |= {"EMAIL_URL": f"smtp://127.0.0.1:{gates['mail'].port}", "EMAIL_TIMEOUT": "5"} | extra
    portal = Portal(environment["SITE_URL"], postbox, environment, folder / "log", gates)
    try:
        lines = (ROOT / "Procfile").read_text().splitlines()
        for line in lines if prepared.database else lines[:1]:
            portal.start(*shlex.split(line.partition(":")[2]))
        portal.wait_until_ready()
        yield portal
    finally:
        codes = portal.stop()
        for gate in gates.values():
            gate.shut()
        smtp.stop()
    assert all(code in (0, -signal.SIGTERM) for code in codes), (codes, portal.log.read_text()[-4000:])
