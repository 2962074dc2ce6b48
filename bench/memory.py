"""Whether a worker's memory grows with the requests that it has answered."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from bench import load
from bench.processes import Site, resident_megabytes
from bench.scenes import Scene

EARLY, LATE = 1_000, 10_000
_LONGEST = 180  # seconds


@dataclass(frozen=True)
class Memory:
    """Megabytes of a worker, early and late.

    Arguments:
        requests: how many were answered by then: 10,000, or what three minutes were enough for.
    """

    early: float
    late: float
    requests: int


def watch_memory(site: Site, scene: Scene) -> Memory:
    """Send a kind of request 10,000 times.

    Raises:
        RuntimeError: a wrong answer.
    """
    print(f"memory of {site.name}", file=sys.stderr)
    sent, early, start = 0, 0.0, time.monotonic()
    while sent < LATE and time.monotonic() < start + _LONGEST:
        seen = load.run(site, scene.request, connections=8, seconds=2)
        if seen.wrong:
            raise RuntimeError(f"{scene.name}: {seen.wrong} of {seen.requests} answers are wrong.")
        sent += seen.requests
        if not early and sent >= EARLY:
            early = _worker_megabytes(site)
    return Memory(early or _worker_megabytes(site), _worker_megabytes(site), sent)


def _worker_megabytes(site: Site) -> float:
    return resident_megabytes(site.workers) / len(site.workers)
