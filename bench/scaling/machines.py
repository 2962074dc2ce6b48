"""The processes of README, Scaling: two web processes behind nginx, workers, beat, and what they share."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import boto3

from bench.processes import ROOT, Site, end, free_port, start_site
from bench.servers import Redis, Relay, wait_until_open
from bench.sites import Surroundings, run

# Seconds that a mail is in the sender's hands: without it hardly a kill would hit one.
RELAY_TAKES = 0.05
# What a killed worker was sending is anybody's again after twelve times this.
EMAIL_TIMEOUT = 3
BUCKET = "helpdesk-files"
KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
_START = 30
_README_NGINX = re.compile(r"```nginx\n(.*?)```", re.DOTALL)
_OF_TLS = re.compile(r"^ *ssl_certificate.*\n", re.MULTILINE)


def kill_at_once(pids: Iterable[int]) -> None:
    """Kill processes and return when they are dead: their lines live as long as they do."""
    pids = list(pids)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while any(_lives(pid) for pid in pids):
        time.sleep(0.001)


def _lives(pid: int) -> bool:
    """Tell whether a process has a thread that has not ended; one that has is a zombie until somebody asks for it."""
    with suppress(FileNotFoundError, ProcessLookupError):
        states = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat")]
        return any(state not in "XZ" for state in states)
    return False


def of_procfile(part: str) -> list[str]:
    """Return the command of a line of the Procfile."""
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    return shlex.split(lines[part])


@dataclass
class Program:
    """A process that can be killed and started again.

    Arguments:
        port: it is up when somebody listens there.
        says: or when its log says this.
    """

    command: list[str]
    environment: dict[str, str]
    log: Path
    port: int = 0
    says: str = ""
    process: subprocess.Popen | None = None

    def start(self) -> None:
        was = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("a") as out:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdout=out, stderr=out)
        if self.port:
            wait_until_open(self.port)
        deadline = time.monotonic() + _START
        while self.says not in self.log.read_text()[was:]:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"{self.command[0]} did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        kill_at_once([self.process.pid])
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)


@dataclass
class Web:
    """One web process: a gunicorn master with its workers."""

    name: str
    port: int
    environment: dict[str, str]
    log: Path
    site: Site | None = None

    def start(self) -> None:
        self.site = start_site(self.name, of_procfile("web")[1:], self.environment, self.port, self.log)

    def kill(self) -> None:
        kill_at_once([self.site.process.pid, *self.site.workers])
        self.site.process.wait()

    def kill_a_worker(self) -> None:
        kill_at_once(self.site.workers[:1])

    def stop(self) -> None:
        if self.site is not None:
            self.site.stop()


def nginx(folder: Path, *, port: int, backends: list[int]) -> Program:
    """Return nginx with the very lines of the README, but for addresses and TLS."""
    lines = _README_NGINX.search((ROOT / "README.md").read_text())[1]
    for place, backend in enumerate(backends, start=1):
        lines = lines.replace(f"10.0.0.1{place}:8000", f"127.0.0.1:{backend}")
    lines = _OF_TLS.sub("", lines.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};"))
    temporary = "\n".join(
        f"  {name}_temp_path {folder}/nginx-{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"{user}daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\nevents {{}}\n"
        f"http {{\n  access_log off;\n{temporary}\n{lines}}}\n"
    )
    command = ["nginx", "-e", str(folder / "nginx.log"), "-p", str(folder), "-c", str(configuration)]
    path = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"
    return Program(command, {"PATH": path}, folder / "nginx.out", port=port)


class Desk:
    """All that runs, by name; what the web processes share is no file of theirs."""

    def __init__(self, server: str, folder: Path, stack: ExitStack) -> None:
        around = Surroundings(server, broker=free_port(), relay=free_port(), folder=folder)
        self.redis = Redis(around.broker)
        self.relay = Relay(around.relay, folder / "relay.txt")
        self._folder, self._stack, self.port = folder, stack, free_port()
        bucket = free_port()
        self.environment = around.environment(around.new_database("bench_scaling"), self.port) | {
            "EMAIL_TIMEOUT": str(EMAIL_TIMEOUT),
            # An agent hears of every case, and this many an hour no desk has.
            "MAIL_CAP_PER_PERSON": "100000",
            "FILES_URL": f"s3://key:secret@{BUCKET}/cases?endpoint=http://127.0.0.1:{bucket}&region=us-east-1",
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        self.redis.start()
        stack.callback(self.redis.stop)
        self.relay.start(delay=RELAY_TAKES)
        stack.callback(self.relay.stop)
        self._program("bucket", ["moto_server", "-H", "127.0.0.1", "-p", str(bucket)], port=bucket).start()
        boto3.client("s3", endpoint_url=f"http://127.0.0.1:{bucket}", **KEYS).create_bucket(Bucket=BUCKET)
        run(self.environment, "manage.py", "migrate", "--verbosity=0")
        self.webs = [self._web(place) for place in (1, 2)]
        self.workers = [
            self._program(f"worker{n}", [*of_procfile("worker"), "--hostname", f"worker{n}@%h"], says=" ready.")
            for n in (1, 2)
        ]
        self.beats = [self._program(f"beat{n}", of_procfile("beat")) for n in (1, 2)]
        self.nginx = nginx(folder, port=self.port, backends=[web.port for web in self.webs])
        stack.callback(self.nginx.stop)

    def _program(self, name: str, command: list[str], **is_up) -> Program:
        program = Program(command, self.environment, self._folder / f"{name}.log", **is_up)
        self._stack.callback(program.stop)
        return program

    def _web(self, place: int) -> Web:
        port = free_port()
        environment = self.environment | {"PORT": str(port), "DATA_DIR": str(self._folder / f"machine{place}")}
        run(environment, "manage.py", "collectstatic", "--noinput", "--verbosity=0")
        web = Web(f"web {place}", port, environment, self._folder / f"web{place}.log")
        self._stack.callback(web.stop)
        return web

    def start(self) -> None:
        for part in (*self.webs, *self.workers, self.beats[0], self.nginx):
            part.start()

    def kill_redis(self) -> None:
        kill_at_once([self.redis.process.pid])
        self.redis.process.wait()

    def mails_taken(self) -> Counter[str]:
        """Return how often the relay took each Message-ID."""
        return Counter(message_id for _at, message_id in self.relay.taken())
