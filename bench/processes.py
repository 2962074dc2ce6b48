"""Processes that are measured: started, waited for, their processor time read, ended."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Site:
    """A running web server."""

    name: str
    port: int
    process: subprocess.Popen
    environment: dict[str, str]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self) -> list[int]:
        return children_of(self.process.pid)

    def stop(self) -> None:
        end(self.process)


def end(process: subprocess.Popen) -> None:
    """Ask a process to end, and after 20 seconds make it; one that has ended already is no error."""
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def start_site(name: str, arguments: list[str], environment: dict[str, str], port: int, log: Path) -> Site:
    """Start gunicorn and wait until it answers anything at all.

    Raises:
        RuntimeError: it does not within 30 seconds.
    """
    with log.open("a") as out:
        process = subprocess.Popen(["gunicorn", *arguments], cwd=ROOT, env=environment, stdout=out, stderr=out)
    site = Site(name, port, process, environment, log)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{site.url}/health/live", timeout=2).close()
            return site
        except urllib.error.HTTPError:
            return site
        except OSError:
            time.sleep(0.1)
    site.stop()
    raise RuntimeError(f"{name} did not start:\n{log.read_text()[-2000:]}")


@dataclass
class Celery:
    """A running worker or beat."""

    process: subprocess.Popen

    def stop(self) -> None:
        end(self.process)


def start_celery(site: Site, part: str, **settings: str) -> Celery:
    """Start the worker or the beat of a portal with the command of the Procfile.

    Arguments:
        part: "worker" or "beat".
        settings: variables of the environment that it has beside the portal's.
    """
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    with site.log.with_name(f"{part}.log").open("a") as out:
        command = shlex.split(lines[part])
        return Celery(subprocess.Popen(command, cwd=ROOT, env=site.environment | settings, stdout=out, stderr=out))


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def processor_seconds(pids: Iterable[int]) -> float:
    """Return the processor time, user and system, that processes and their ended children have used."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / _TICK


def resident_megabytes(pids: Iterable[int]) -> float:
    """Return the memory of processes that is theirs alone: resident less shared."""
    total = 0
    for pid in pids:
        _size, resident, shared, *_rest = map(int, Path(f"/proc/{pid}/statm").read_text().split())
        total += resident - shared
    return total * _PAGE / 1e6


def whole_megabytes(pid: int) -> float:
    """Return the memory of a process, what it shares with others included."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6


def server_processes(cursor) -> list[int]:
    """Return the processes of the PostgreSQL server that answers this cursor."""
    cursor.execute("SHOW data_directory")
    postmaster = int(Path(cursor.fetchone()[0], "postmaster.pid").read_text().split()[0])
    return [postmaster, *children_of(postmaster)]
