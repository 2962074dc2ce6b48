"""Servers that the portal talks to, of the run's own: Redis and a mail server, healthy and not."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import ROOT, end

SLOW = 2.0


def wait_until_open(port: int, *, seconds: float = 20) -> None:
    """Return as soon as somebody listens on a port.

    Raises:
        RuntimeError: nobody does for so long.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"Nobody listens on port {port}.")


class _Server(ABC):
    process: subprocess.Popen | None

    @abstractmethod
    def start(self) -> None: ...

    def stop(self) -> None:
        end(self.process)

    @contextmanager
    def dead(self):
        self.stop()
        try:
            yield
        finally:
            self.start()


@dataclass
class Redis(_Server):
    """A Redis without a disk, on one port for the whole run."""

    port: int
    process: subprocess.Popen | None = None

    def start(self) -> None:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until_open(self.port)

    @contextmanager
    def silent(self):
        """Connections are accepted, by the system, and nobody reads from them."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@dataclass
class Relay(_Server):
    """A mail server that takes everything and notes it, on one port for the whole run."""

    port: int
    noted: Path
    process: subprocess.Popen | None = None

    def start(self, *, delay: float = 0.0) -> None:
        """Start it; it thinks for so many seconds about each mail."""
        command = [sys.executable, "-m", "bench.relay", str(self.port), str(self.noted), str(delay)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        wait_until_open(self.port)

    @contextmanager
    def slow(self):
        self.stop()
        self.start(delay=SLOW)
        try:
            yield
        finally:
            self.stop()
            self.start()

    def taken(self) -> list[tuple[float, str]]:
        """Return when each mail was taken, in seconds, and its Message-ID."""
        lines = self.noted.read_text().splitlines() if self.noted.exists() else []
        return [(float(at), message_id) for at, message_id in map(str.split, lines)]
