"""What a run has seen, in Markdown: the goals, then each kind of request."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from bench.goals import Goal, Results, goals
from bench.measure import Figures

_HEAD = (
    "request",
    "goal",
    "p50 at 1",
    "CPU at 1",
    "p50 at 8",
    "CPU at 8",
    "p99/p50 at 8",
    "statements",
    "KB gzip",
    "wrong",
)


_SAYS = """
Ratios are medians of what was seen in the same rounds, in the order: 1 connection, 8 connections. In the second table
the reference stands in milliseconds, the portal as multiples of it; CPU is the processor time of web workers and
database.
"""


def report(results: Results, *, database: str, command: str, with_goals: bool) -> str:
    """Return the tables of a run.

    Arguments:
        database: name and version of the database server.
        with_goals: whether it is the database that the goals are for, and a run long enough.
    """
    return "\n".join(
        [
            f"# The portal beside the reference site, {results.size:,} cases",
            "",
            _circumstances(database, command),
            _SAYS,
            *(_goals(list(goals(results))) if with_goals else []),
            *([""] if with_goals else []),
            *(_requests(results) if results.figures else []),
            "",
        ]
    )


def _circumstances(database: str, command: str) -> str:
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    gigabytes = int(memory.split()[1]) / 1e6
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, `{command}`: {os.cpu_count()} processors, {gigabytes:.0f} GB of memory,"
        f" Python {platform.python_version()}, {database}. Load, sites and database share the machine."
    )


def _goals(seen: list[Goal]) -> list[str]:
    lines = [_row(("#", "what", "goal", "seen", "met")), _row(["---"] * 5)]
    lines += [
        _row((each.number, each.what, each.promised, each.seen, "yes" if each.met else "**no**")) for each in seen
    ]
    return lines


def _requests(results: Results) -> list[str]:
    """Return a table: the reference in milliseconds, the portal as multiples of it."""
    by_name = results.by_name
    lines = [_row(_HEAD), _row(["---"] * len(_HEAD))]
    return lines + [_line(each, by_name.get(each.scene.against)) for each in results.figures]


def _line(each: Figures, base: Figures | None) -> str:
    cells = [each.name, f"{each.scene.goal:g} x" if each.scene.goal else ""]
    for connections in (1, 8):
        if connections not in each.loads:
            cells += ["", ""]
        elif base and connections in base.loads:
            cells += [f"{each.p50_ratio(base, connections):.2f} x", f"{each.processor_ratio(base, connections):.2f} x"]
        else:
            cells += [f"{each.p50(connections):.2f} ms", f"{each.processor(connections):.2f} ms"]
    tail = ""
    if 8 in each.loads:
        tail = f"{each.p99(8) / each.p50(8):.1f}" if each.p50(8) else "none answered"
    sent = f"{each.sent}" + (f" of {each.scene.statements}" if each.scene.statements else "")
    cells += [tail, sent if each.statements else "", f"{each.gzipped / 1000:.1f}", str(each.wrong)]
    return _row(cells)


def _row(cells) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"
