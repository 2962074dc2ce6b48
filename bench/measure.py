"""Take turns: in each round every kind of request once at each number of connections."""

from __future__ import annotations

import gzip
import re
import statistics
import sys
import urllib.request
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field

from bench import load
from bench.load import Load, Request
from bench.meter import Meter, NoMeter
from bench.processes import Site, processor_seconds, resident_megabytes
from bench.scenes import Scene

WARM, COUNTED, LOGGED = 8, 5, 20
# Of what is planned once for a connection, the server names the preparation.
_WRITES = re.compile(r"\s*(PREPARE \w+ AS )?(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)


@dataclass
class Figures:
    """All that was seen of one kind of request; lists hold a value a round.

    Arguments:
        statements: those of a typical request, and how often it sends each.
        record_bytes, page_bytes, flushes: of the write-ahead log, a request.
    """

    scene: Scene
    loads: dict[int, list[Load]] = field(default_factory=dict)
    processor_ms: dict[int, list[float]] = field(default_factory=dict)
    statements: dict[str, int] = field(default_factory=dict)
    record_bytes: float = 0
    page_bytes: float = 0
    flushes: float = 0
    gzipped: int = 0
    megabytes: float = 0

    @property
    def name(self) -> str:
        return self.scene.name

    def p50(self, connections: int) -> float:
        return statistics.median(each.p50 for each in self.loads[connections])

    def p99(self, connections: int) -> float:
        return statistics.median(each.p99 for each in self.loads[connections])

    def rate(self, connections: int) -> float:
        return statistics.median(each.rate for each in self.loads[connections])

    def processor(self, connections: int) -> float:
        return statistics.median(self.processor_ms[connections])

    def p50_ratio(self, base: Figures, connections: int) -> float:
        """Return p50 as a multiple of another's in the same rounds."""
        pairs = zip(self.loads[connections], base.loads[connections], strict=True)
        return statistics.median(own.p50 / other.p50 if other.p50 else 0 for own, other in pairs)

    def processor_ratio(self, base: Figures, connections: int) -> float:
        """Return processor time a request as a multiple of another's in the same rounds."""
        pairs = zip(self.processor_ms[connections], base.processor_ms[connections], strict=True)
        return statistics.median(own / other if other else 0 for own, other in pairs)

    @property
    def sent(self) -> int:
        return sum(self.statements.values())

    @property
    def writes(self) -> int:
        return sum(calls for text, calls in self.statements.items() if _WRITES.match(text))

    @property
    def wrong(self) -> int:
        return sum(each.wrong for loads in self.loads.values() for each in loads)


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


def measure(scenes: list[tuple[Site, Scene]], meter: Meter | NoMeter, *, rounds: int, seconds: int) -> list[Figures]:
    """Measure all scenes in turns; a round of seconds warms up before, and counts where it is the only one.

    Arguments:
        seconds: how long each kind of request is sent at each number of connections, a round.
    """
    everything = [Figures(scene) for _site, scene in scenes]
    meter.prepare_to_count()
    for (site, scene), figures in zip(scenes, everything, strict=True):
        _count(site, scene, meter, figures)
        if scene.request.body and scene.logs and meter.counts:
            _read_log(site, scene, meter, figures)
    meter.prepare_to_load()
    for number in range(rounds + 1):
        print(f"round {number} of {rounds}", file=sys.stderr)
        for (site, scene), figures in zip(scenes, everything, strict=True):
            for connections in scene.connections:
                _load(
                    site,
                    scene,
                    meter,
                    figures,
                    connections,
                    seconds=seconds if number else 1,
                    counts=number > 0 or not rounds,
                )
    return everything


def _count(site: Site, scene: Scene, meter: Meter | NoMeter, figures: Figures) -> None:
    """Count what one steady request sends to the database, alone."""
    for warm in range(WARM):
        figures.gzipped = len(ask(site, scene.request, f"warm{warm:02}{id(figures):016x}"))
    if not meter.counts:
        return
    seen = []
    for each in range(COUNTED):
        before = meter.statements()
        ask(site, scene.request, f"count{each:02}{id(figures):016x}")
        seen.append(meter.statements() - before)
    # Once a minute, or on a new connection, there is more: the typical request counts.
    figures.statements = dict(sorted(seen, key=Counter.total)[COUNTED // 2])


def _read_log(site: Site, scene: Scene, meter: Meter, figures: Figures) -> None:
    """Read what a steady request leaves in the write-ahead log after a checkpoint."""
    meter.checkpoint()
    start = meter.log_position()
    for each in range(LOGGED):
        ask(site, scene.request, f"log{each:02}{id(figures):016x}")
    end = meter.log_position()
    figures.record_bytes, figures.page_bytes = (total / LOGGED for total in meter.log_bytes(start, end))
    figures.flushes = (end.flushes - start.flushes) / LOGGED


def _load(site, scene, meter, figures, connections: int, *, seconds: int, counts: bool) -> None:
    pids = [*site.workers, *meter.processes()]
    before = processor_seconds(pids)
    # Connections of the portal stay open from round to round, so the processes are the same ones.
    seen = load.run(site, scene.request, connections=connections, seconds=seconds)
    used = processor_seconds({*pids, *site.workers, *meter.processes()}) - before
    if not counts:
        return
    figures.loads.setdefault(connections, []).append(seen)
    figures.processor_ms.setdefault(connections, []).append(1000 * used / max(seen.requests, 1))
    figures.megabytes = max(figures.megabytes, resident_megabytes(site.workers) / len(site.workers))
