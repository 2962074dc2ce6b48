"""One kind of request, sent by wrk: each answer is checked, and what it cost is counted."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Site

SCRIPT = Path(__file__).with_name("wrk.lua")
_RESULT = re.compile(r"^RESULT (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Request:
    """What is asked, and how a right answer is known.

    Arguments:
        cookies: the Cookie header.
        body: a form to post, `@KEY@` in it a fresh text each time; empty asks with GET.
        status: the answer's status.
        says: what stands in the answer, or for a redirect in its Location.
    """

    path: str
    cookies: str
    says: str
    status: int = 200
    body: str = ""


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw; times in milliseconds."""

    requests: int
    wrong: int
    seconds: float
    p50: float
    p99: float
    longest: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def run(site: Site, request: Request, *, connections: int, seconds: int) -> Load:
    """Send one kind of request to a site for some seconds.

    Raises:
        RuntimeError: wrk says nothing that can be read.
    """
    done = subprocess.run(
        [
            "wrk",
            "--threads=1",
            f"--connections={connections}",
            f"--duration={seconds}s",
            "--timeout=30s",
            f"--script={SCRIPT}",
            site.url + request.path,
            "--",
            str(request.status),
            request.says,
            request.cookies,
            request.body,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 60,
    )
    found = _RESULT.search(done.stdout)
    if not found:
        raise RuntimeError(f"wrk failed: {done.stdout[-1000:]} {done.stderr[-1000:]}")
    return Load(**json.loads(found[1]))
