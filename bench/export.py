"""The list of all cases as one CSV file: when it begins, how long it takes, what memory."""

from __future__ import annotations

import http.client
import sys
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.processes import Site, whole_megabytes
from bench.scenes import Scene

_PIECE = 1 << 16


@dataclass
class Export:
    """What was seen.

    Arguments:
        first_byte, seconds: until the first byte of the body, and until the last.
        before, most: megabytes resident of the largest worker, before and at most.
    """

    lines: int
    first_byte: float
    seconds: float
    before: float
    most: float


def measure_export(site: Site, scene: Scene) -> Export:
    """Fetch a file of all cases once.

    Raises:
        RuntimeError: a wrong answer.
    """
    print("export", file=sys.stderr)
    before = most = _largest(site)
    ended = threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.1):
            most = max(most, _largest(site))

    watcher = threading.Thread(target=watch)
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)
    watcher.start()
    try:
        start = time.perf_counter()
        connection.request("GET", scene.request.path, headers={"Cookie": scene.request.cookies})
        answer = connection.getresponse()
        piece = answer.read(1)
        first_byte, lines = time.perf_counter() - start, 0
        if answer.status != scene.request.status:
            raise RuntimeError(f"{scene.name}: {answer.status}")
        while piece:
            lines += piece.count(b"\n")
            piece = answer.read(_PIECE)
        seconds = time.perf_counter() - start
    finally:
        ended.set()
        watcher.join()
        connection.close()
    return Export(lines, first_byte, seconds, before, most)


def _largest(site: Site) -> float:
    return max(whole_megabytes(pid) for pid in site.workers)
