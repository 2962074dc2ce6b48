"""What a submit takes while mail or the broker is slow, dead or silent, and whether its mails leave afterwards."""

from __future__ import annotations

import http.client
import statistics
import sys
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bench.outbox import Outbox
from bench.processes import Site, start_celery
from bench.scenes import Scene
from bench.servers import SLOW, Redis, Relay

SUBMITS = 30
# Seconds between two: the worker keeps up with their mail, so that in no state it takes the processor from the pages.
PACE = 0.15
HEALTHY = "healthy"
_LONGEST_WAIT = 120


@dataclass
class Troubles:
    """What was seen; times in milliseconds, a list a round, the first submit of each left out.

    Arguments:
        owed, sent, twice, lost: mails of all these submits: how many they are, and how many were taken by the mail
            server, taken more than once, and never.
        seconds: from the end of a round's last trouble to the last mail, at most.
    """

    times: dict[str, list[list[float]]] = field(default_factory=dict)
    owed: int = 0
    sent: int = 0
    twice: int = 0
    lost: int = 0
    seconds: float = 0

    def ratio(self, state: str) -> float:
        """Return p50 as a multiple of the healthy one in the same rounds."""
        pairs = zip(self.times[state], self.times[HEALTHY], strict=True)
        return statistics.median(statistics.median(own) / statistics.median(healthy) for own, healthy in pairs)

    def longest_over_p50(self, state: str) -> float:
        """Return by how much the slowest submit was slower than the healthy p50."""
        healthy = statistics.median(each for times in self.times[HEALTHY] for each in times)
        return max(each for times in self.times[state] for each in times) - healthy


@contextmanager
def working(site: Site):
    """Let a Celery worker and a beat work beside a portal, started as in production."""
    # A few people file hundreds of cases here within the hour: no cap may hold their mail.
    uncapped = {"MAIL_CAP_PER_CASE": "100000", "MAIL_CAP_PER_PERSON": "100000"}
    processes = [start_celery(site, "worker", **uncapped), start_celery(site, "beat")]
    try:
        yield
    finally:
        for process in processes:
            process.stop()


def measure_troubles(site: Site, submits: list[Scene], redis: Redis, relay: Relay, *, rounds: int) -> Troubles:
    """File cases in each state of mail and broker, in turns, then wait for all their mail.

    Arguments:
        submits: the same form, of several people.
    """
    states = {
        HEALTHY: nullcontext,
        f"SMTP taking {SLOW:g} s": relay.slow,
        "SMTP dead": relay.dead,
        "Redis dead": redis.dead,
        "Redis silent": redis.silent,
    }
    seen = Troubles({name: [] for name in states})
    outbox = Outbox(site.environment["DATABASE_URL"])
    outbox.forget()
    before = outbox.newest_event()
    with working(site):
        time.sleep(5)
        for number in range(rounds):
            print(f"troubles, round {number + 1} of {rounds}", file=sys.stderr)
            for name, state in states.items():
                with state():
                    times = [_file(site, submits, f"{name}{number}", each) for each in range(SUBMITS + 1)]
                seen.times[name].append(times[1:])
                time.sleep(2)
            start = time.monotonic()
            while outbox.owed() and time.monotonic() < start + _LONGEST_WAIT:
                time.sleep(0.5)
            seen.seconds = max(seen.seconds, time.monotonic() - start)
    mails = outbox.mails_after(before)
    taken = Counter(message_id for _at, message_id in relay.taken() if message_id in mails)
    seen.owed, seen.sent = len(mails), len(taken)
    seen.twice = sum(times > 1 for times in taken.values())
    seen.lost = len(mails) - len(taken)
    return seen


def _file(site: Site, submits: list[Scene], key: str, number: int) -> float:
    """File a case as one of several people, over a connection of its own; return how many milliseconds it took.

    Raises:
        RuntimeError: a wrong answer.
    """
    request = submits[number % len(submits)].request
    body = request.body.replace("@KEY@", f"{key.replace(' ', '')}x{number:08}x{time.time_ns()}")
    headers = {"Cookie": request.cookies, "Content-Type": "application/x-www-form-urlencoded"}
    start = time.perf_counter()
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=30)
    connection.request("POST", request.path, body, headers)
    answer = connection.getresponse()
    answer.read()
    took = 1000 * (time.perf_counter() - start)
    connection.close()
    time.sleep(PACE)
    if answer.status != request.status or request.says not in answer.headers.get("Location", ""):
        raise RuntimeError(f"{request.path} while {key}: {answer.status}")
    return took
