"""Servers that the portal talks to, of the run's own."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass

from bench.processes import end


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


@dataclass
class Redis:
    """A Redis without a disk, on one port for the whole run; it can die, and fall silent."""

    port: int
    process: subprocess.Popen | None = None

    def start(self) -> None:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until_open(self.port)

    def stop(self) -> None:
        end(self.process)

    @contextmanager
    def dead(self):
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def silent(self):
        """The system goes on accepting connections, and nobody reads from them."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)
