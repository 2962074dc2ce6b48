"""The figures as a table of ratios, in Markdown."""

from __future__ import annotations

from bench.measure import Figures
from bench.scenes import LIST, SUBMIT

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


def table(figures: list[Figures], *, size: int) -> str:
    """Return a table: the reference in milliseconds, the portal as multiples of it."""
    by_name = {each.name: each for each in figures}
    lines = [f"### {size:,} cases", "", _row(_HEAD), _row(["---"] * len(_HEAD))]
    lines += [_line(each, by_name.get(each.against)) for each in figures]
    return "\n".join([*lines, "", *_many_connections(by_name), *_log(by_name)])


def _line(each: Figures, base: Figures | None) -> str:
    def of(value: float, reference: float | None) -> str:
        return f"{value / reference:.2f} x" if reference else f"{value:.2f} ms"

    cells = [each.name, f"{each.goal:g} x" if each.goal else ""]
    for connections in (1, 8):
        cells.append(of(each.p50(connections), base.p50(connections) if base else None))
        cells.append(of(each.processor(connections), base.processor(connections) if base else None))
    cells += [
        f"{each.p99(8) / each.p50(8):.1f}" if each.p50(8) else "none answered",
        f"{each.statements:g}",
        f"{each.gzipped / 1000:.1f}",
        str(each.wrong),
    ]
    return _row(cells)


def _many_connections(by_name: dict[str, Figures]) -> list[str]:
    """Say what 32 connections at once get."""
    lines = []
    base = by_name[LIST]
    for each in by_name.values():
        if 32 in each.loads and each is not base:
            lines.append(
                f"- {each.name} at 32 connections: {each.rate(32) / base.rate(32):.2f} x the reference's"
                f" {base.rate(32):.0f} requests a second, p99/p50 {each.p99(32) / each.p50(32):.2f}"
                f" (reference {base.p99(32) / base.p50(32):.2f}), memory of a worker"
                f" {each.megabytes / base.megabytes:.2f} x {base.megabytes:.0f} MB"
            )
    return lines


def _log(by_name: dict[str, Figures]) -> list[str]:
    """Say what a submit writes."""
    base, submit = by_name[SUBMIT], by_name.get("submit")
    if submit is None:
        return []
    return [
        f"- submit, right after a checkpoint: {submit.log_bytes / base.log_bytes:.1f} x the reference's"
        f" {base.log_bytes:.0f} bytes of write-ahead log, {submit.full_pages:.1f} full-page images"
        f" (reference {base.full_pages:.1f}), {submit.flushes:.1f} flushes (reference {base.flushes:.1f})"
    ]


def _row(cells) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"
