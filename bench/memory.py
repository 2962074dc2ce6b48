"""Whether a worker's memory grows with the requests that it has answered."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from bench import load
from bench.processes import Site, resident_megabytes
from bench.scenes import Scene

EARLY, LATE = 1_000, 10_000


@dataclass(frozen=True)
class Memory:
    """Megabytes of a worker after so many requests of one kind."""

    early: float
    late: float


def watch_memory(site: Site, scene: Scene) -> Memory:
    """Send a kind of request 10,000 times.

    Raises:
        RuntimeError: a wrong answer.
    """
    print(f"memory of {site.name}", file=sys.stderr)
    sent, early = 0, 0.0
    while sent < LATE:
        seen = load.run(site, scene.request, connections=8, seconds=1 if sent < EARLY else 4)
        if seen.wrong or not seen.requests:
            raise RuntimeError(f"{scene.name}: {seen.wrong} of {seen.requests} answers are wrong.")
        sent += seen.requests
        if not early and sent >= EARLY:
            early = _worker_megabytes(site)
    return Memory(early, _worker_megabytes(site))


def _worker_megabytes(site: Site) -> float:
    return resident_megabytes(site.workers) / len(site.workers)
