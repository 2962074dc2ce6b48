"""Take turns: in each round every kind of request once at each number of connections."""

from __future__ import annotations

import gzip
import statistics
import sys
import time
import urllib.request
from contextlib import closing
from dataclasses import dataclass, field

import psycopg2

from bench import load
from bench.load import Load, Request
from bench.processes import Site, processor_seconds, resident_megabytes, server_processes
from bench.scenes import Scene

COUNTED = 5


@dataclass
class Figures:
    """All that was seen of one kind of request; lists hold a value a round."""

    name: str
    against: str
    goal: float
    loads: dict[int, list[Load]] = field(default_factory=dict)
    processor_ms: dict[int, list[float]] = field(default_factory=dict)
    statements: float = 0
    log_bytes: float = 0
    full_pages: float = 0
    flushes: float = 0
    gzipped: int = 0
    megabytes: float = 0

    def p50(self, connections: int) -> float:
        return statistics.median(each.p50 for each in self.loads[connections])

    def p99(self, connections: int) -> float:
        return statistics.median(each.p99 for each in self.loads[connections])

    def rate(self, connections: int) -> float:
        return statistics.median(each.rate for each in self.loads[connections])

    def processor(self, connections: int) -> float:
        return statistics.median(self.processor_ms[connections])

    @property
    def wrong(self) -> int:
        return sum(each.wrong for loads in self.loads.values() for each in loads)


class Meter:
    """Reads the database server's own counters."""

    def __init__(self, server: str):
        self._connection = psycopg2.connect(server)
        self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

    def statements(self) -> int:
        """Return how many statements both sites have sent: BEGIN and COMMIT are statements too."""
        return self._number(
            "SELECT COALESCE(SUM(calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
            " WHERE d.datname LIKE 'bench_%' AND s.toplevel"
        )

    def log(self) -> tuple[int, int, int]:
        """Return bytes, full-page images and flushes of the write-ahead log."""
        # A backend tells what it wrote when it has been idle for a second.
        time.sleep(1.5)
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT wal_bytes, wal_fpi, wal_sync FROM pg_stat_wal")
            return tuple(map(int, cursor.fetchone()))

    def checkpoint(self) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")

    def processes(self) -> list[int]:
        with self._connection.cursor() as cursor:
            return server_processes(cursor)

    def _number(self, query: str) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return int(cursor.fetchone()[0])


class _Stay(urllib.request.HTTPRedirectHandler):
    """Show a redirect as the answer that it is."""

    def redirect_request(self, *args):
        return None


def ask(site: Site, request: Request, key: str) -> bytes:
    """Send a request once and return its body, compressed as the portal would send it.

    Raises:
        RuntimeError: a wrong answer.
    """
    wanted = urllib.request.Request(
        site.url + request.path,
        data=request.body.replace("@KEY@", key).encode() if request.body else None,
        headers={"Cookie": request.cookies},
    )
    try:
        answer = urllib.request.build_opener(_Stay).open(wanted, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with closing(answer):
        body = answer.read()
        seen = answer.headers.get("Location", "") if request.status // 100 == 3 else body.decode()
        if answer.status != request.status or request.says not in seen:
            raise RuntimeError(f"{site.name} {request.path}: {answer.status} {seen[:2000]}")
    return gzip.compress(body)


def measure(scenes: list[tuple[Site, Scene]], meter: Meter, *, rounds: int, seconds: int) -> list[Figures]:
    """Measure all scenes in turns; one round warms up and is not counted.

    Arguments:
        seconds: how long each kind of request is sent at each number of connections, a round.
    """
    everything = [Figures(scene.name, scene.against, scene.goal) for _site, scene in scenes]
    for (site, scene), figures in zip(scenes, everything, strict=True):
        _count(site, scene, meter, figures)
    for number in range(rounds + 1):
        print(f"round {number} of {rounds}", file=sys.stderr)
        for (site, scene), figures in zip(scenes, everything, strict=True):
            for connections in scene.connections:
                _load(site, scene, meter, figures, connections, seconds=seconds, counts=number > 0)
    return everything


def _count(site: Site, scene: Scene, meter: Meter, figures: Figures) -> None:
    """Count what one steady request costs, alone."""
    for warm in range(4):
        figures.gzipped = len(ask(site, scene.request, f"warm{warm:02}{id(figures):016x}"))
    meter.checkpoint()
    before, log = meter.statements(), meter.log()
    for each in range(COUNTED):
        ask(site, scene.request, f"count{each:02}{id(figures):016x}")
    figures.statements = (meter.statements() - before) / COUNTED
    figures.log_bytes, figures.full_pages, figures.flushes = (
        (now - then) / COUNTED for now, then in zip(meter.log(), log, strict=True)
    )


def _load(site, scene, meter, figures, connections: int, *, seconds: int, counts: bool) -> None:
    pids = [*site.workers, *meter.processes()]
    before = processor_seconds(pids)
    # Connections of the portal stay open from round to round, so the processes are the same ones.
    seen = load.run(site, scene.request, connections=connections, seconds=seconds if counts else 1)
    used = processor_seconds({*pids, *site.workers, *meter.processes()}) - before
    if not counts:
        return
    figures.loads.setdefault(connections, []).append(seen)
    figures.processor_ms.setdefault(connections, []).append(1000 * used / max(seen.requests, 1))
    figures.megabytes = max(figures.megabytes, resident_megabytes(site.workers) / len(site.workers))
