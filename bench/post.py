"""How fast the worker sends mail, and what a backlog of it costs the pages."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass, field

from bench import load
from bench.outbox import Outbox
from bench.processes import Site, processor_seconds, start_celery
from bench.scenes import Scene
from bench.servers import Redis, Relay

EVENTS, BACKLOG = 1_000, 100_000
SECONDS = 2
_LONGEST_WAIT = 180


@dataclass
class Post:
    """What was seen.

    Arguments:
        mails, seconds: how many mails were sent, and from the first to the last.
        processor_ms: of the worker, a mail.
        with_backlog, without: p50 of pages in milliseconds, a value a round.
    """

    mails: int = 0
    seconds: float = 0
    processor_ms: float = 0
    with_backlog: dict[str, list[float]] = field(default_factory=dict)
    without: dict[str, list[float]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.mails / self.seconds if self.seconds else 0

    def ratio(self, page: str) -> float:
        """Return p50 with a backlog as a multiple of p50 without, in the same rounds."""
        pairs = zip(self.with_backlog[page], self.without[page], strict=True)
        return statistics.median(own / other for own, other in pairs)


def measure_post(site: Site, pages: list[Scene], redis: Redis, relay: Relay, *, rounds: int) -> Post:
    """Let one worker send what 1,000 filed cases owe, then load pages with a backlog and without, in turns."""
    seen = Post()
    outbox = Outbox(site.environment["DATABASE_URL"])
    _send(site, outbox, redis, relay, seen)
    before = outbox.newest_event()
    outbox.owe_mails(BACKLOG)
    newest = outbox.newest_event()
    for number in range(rounds + 1):
        print(f"pages with {BACKLOG:,} mails owed and with none, round {number} of {rounds}", file=sys.stderr)
        _load(site, pages, seen.with_backlog, counts=number > 0)
        outbox.forget()
        _load(site, pages, seen.without, counts=number > 0)
        if number < rounds:
            outbox.owe_again(before, newest)
    return seen


def _load(site: Site, pages: list[Scene], into: dict[str, list[float]], *, counts: bool) -> None:
    """Send each page's request for a while; the first round warms up.

    Raises:
        RuntimeError: a wrong answer.
    """
    for page in pages:
        took = load.run(site, page.request, connections=1, seconds=SECONDS if counts else 1)
        if took.wrong:
            raise RuntimeError(f"{page.name}: {took.wrong} of {took.requests} answers are wrong.")
        if counts:
            into.setdefault(page.name, []).append(took.p50)


def _send(site: Site, outbox: Outbox, redis: Redis, relay: Relay, seen: Post) -> None:
    print("mails", file=sys.stderr)
    outbox.forget()
    redis.stop()  # what was rung for before is forgotten with it
    redis.start()
    before = outbox.newest_event()
    outbox.owe_events(EVENTS)
    worker = start_celery(site, "worker")
    try:
        deadline = time.monotonic() + _LONGEST_WAIT
        while outbox.owed() and time.monotonic() < deadline:
            time.sleep(0.2)
        used = processor_seconds([worker.process.pid])
    finally:
        worker.stop()
    mails = outbox.mails_after(before)
    times = [at for at, message_id in relay.taken() if message_id in mails]
    seen.mails, seen.seconds = len(times), max(times) - min(times)
    seen.processor_ms = 1000 * used / len(times)
