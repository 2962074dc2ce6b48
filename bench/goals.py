"""What the portal promises of its speed, held against what a run has seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.export import Export
from bench.measure import Figures
from bench.memory import EARLY, LATE, Memory
from bench.post import BACKLOG, Post
from bench.scenes import GROWTH, LIST, SUBMIT, at_size
from bench.trouble import HEALTHY, Troubles

# Five in its transaction; drafts that were kept meanwhile are thrown away after its commit.
MOST_WRITES = 5 + 1
# Memory is flat where it grows by no more than this: an allocator's noise.
FLAT = 1.02


@dataclass
class Results:
    """All that a run has seen; parts that were not run are None.

    Arguments:
        size, small: how many cases the portal has, and the small one beside it; 0 without one.
        memory: of the portal's and of the reference's workers.
        exported: how many lines the file must have.
    """

    size: int
    small: int
    figures: list[Figures]
    memory: tuple[Memory, Memory] | None = None
    troubles: Troubles | None = None
    post: Post | None = None
    export: Export | None = None
    exported: int = 0

    @property
    def by_name(self) -> dict[str, Figures]:
        return {each.name: each for each in self.figures}


@dataclass(frozen=True)
class Goal:
    """One promise, and what was seen of it."""

    number: int
    what: str
    promised: str
    seen: str
    met: bool


def goals(results: Results) -> Iterator[Goal]:
    """Yield each promise of which a run has seen anything."""
    by_name = results.by_name
    yield from _multiples(1, by_name, "MY LISTS", LIST, 1.6)
    for name, most in GROWTH.items():
        yield from _multiples(2, by_name, name, at_size(name, results.small), most)
    yield from _multiples(3, by_name, "MY LISTS, 10,000 cases", "MY LISTS", 1.1)
    yield from _multiples(3, by_name, "MY LISTS, page 200", "MY LISTS, 10,000 cases", 1.1)
    yield from _statements(results)
    yield from _multiples(5, by_name, "submit", SUBMIT, 2.2)
    yield from _log(by_name)
    if results.troubles:
        yield from _troubles(results.troubles)
    for name, figures in by_name.items():
        if figures.scene.against == LIST and figures.scene.goal and name != "MY LISTS":
            number = 8 if "search" in name else 7
            yield from _multiples(number, by_name, name, LIST, figures.scene.goal)
    yield from _many_connections(by_name)
    if results.memory:
        yield from _memory(*results.memory)
    if results.post:
        yield from _post(results.post)
    if results.export:
        yield from _export(results.export, results.exported)


def _multiples(number: int, by_name: dict[str, Figures], name: str, base_name: str, most: float) -> Iterator[Goal]:
    """Hold p50 and processor time against those of another kind of request."""
    if name not in by_name or base_name not in by_name:
        return
    figures, base = by_name[name], by_name[base_name]
    shared = [n for n in figures.loads if n in base.loads and n <= 8]
    if not shared:
        return
    p50 = [figures.p50_ratio(base, n) for n in shared]
    processor = [figures.processor_ratio(base, n) for n in shared]
    seen = f"p50 {_list(p50)} x; CPU {_list(processor)} x"
    met = max(p50 + processor) <= most and not figures.wrong and min(p50) > 0
    yield Goal(number, f"{name} / {base_name}", f"{most:g} x", seen, met)


def _statements(results: Results) -> Iterator[Goal]:
    by_name = results.by_name
    for name, figures in by_name.items():
        most, sent = figures.scene.statements, figures.sent
        if not most or not sent:
            continue
        twin = twin_of(name, results.small)
        yield Goal(4, f"statements of {name}", f"{most}", f"{sent}", sent <= most)
        if twin != name and twin in by_name:
            large = by_name[twin].sent
            yield Goal(4, f"statements of {twin} at both sizes", "the same", f"{sent} and {large}", sent == large)
        if name == "submit":
            yield Goal(
                4,
                "writes of a submit, one of them after its commit",
                f"{MOST_WRITES}",
                f"{figures.writes}",
                figures.writes <= MOST_WRITES,
            )


def twin_of(name: str, small: int) -> str:
    """Return the name of the same request to the large portal."""
    return name.removesuffix(at_size("", small))


def _log(by_name: dict[str, Figures]) -> Iterator[Goal]:
    base, submit = by_name.get(SUBMIT), by_name.get("submit")
    if not (base and submit and base.record_bytes and base.flushes):
        return
    records, flushes = submit.record_bytes / base.record_bytes, submit.flushes / base.flushes
    seen = f"{records:.2f} x {base.record_bytes:.0f}"
    yield Goal(5, "log bytes of a submit, without full-page images", "5 x", seen, records <= 5)
    seen = f"{flushes:.2f} x {base.flushes:.2f}"
    yield Goal(5, "flushes of the log a submit", "1.3 x", seen, flushes <= 1.3)


def _troubles(seen: Troubles) -> Iterator[Goal]:
    for state in seen.times:
        if state != HEALTHY:
            ratio, over = seen.ratio(state), seen.longest_over_p50(state)
            what = f"submit, {state} / {HEALTHY}: p50; the slowest"
            yield Goal(6, what, "1.1 x; +100 ms", f"{ratio:.2f} x; {over:+.0f} ms", ratio <= 1.1 and over <= 100)
    said = (
        f"{seen.sent} of {seen.owed} sent, {seen.twice} twice, the last at most {seen.seconds:.0f} s after the trouble"
    )
    yield Goal(6, "mails of these submits", "all sent", said, seen.owed > 0 and not seen.lost)


def _post(seen: Post) -> Iterator[Goal]:
    said = f"{seen.rate:.0f} a second of {seen.mails}, {seen.processor_ms:.1f} ms of the worker's processor each"
    yield Goal(10, "mails of one worker with 8 threads", "100 a second", said, seen.rate >= 100)
    for page in seen.without:
        ratio = seen.ratio(page)
        yield Goal(10, f"{page}, {BACKLOG:,} mails owed / none", "1.1 x", f"p50 {ratio:.2f} x", ratio <= 1.1)


def _export(seen: Export, lines: int) -> Iterator[Goal]:
    said = f"{seen.first_byte:.2f} s; the last after {seen.seconds:.1f} s"
    yield Goal(11, "first byte of the file of all cases", "1 s", said, seen.first_byte <= 1)
    said = f"{seen.most:.0f} MB, {seen.before:.0f} before"
    yield Goal(11, "memory of the worker meanwhile, resident", "150 MB", said, seen.most < 150)
    yield Goal(11, "lines", f"{lines:,}", f"{seen.lines:,}", seen.lines == lines)


def _many_connections(by_name: dict[str, Figures]) -> Iterator[Goal]:
    own, base = by_name.get("MY LISTS"), by_name.get(LIST)
    if not (own and base) or 32 not in own.loads or 32 not in base.loads:
        return
    rate, tail = own.rate(32) / base.rate(32), own.p99(32) / own.p50(32)
    yield Goal(9, "MY LISTS at 32 connections: rate", "0.75 x", f"{rate:.2f} x {base.rate(32):.0f}/s", rate >= 0.75)
    seen = f"{tail:.2f} (reference {base.p99(32) / base.p50(32):.2f})"
    yield Goal(9, "MY LISTS at 32 connections: p99/p50", "2", seen, tail <= 2)
    wrong = sum(each.wrong for each in own.loads[32])
    yield Goal(9, "MY LISTS at 32 connections: errors", "0", f"{wrong}", not wrong)


def _memory(own: Memory, base: Memory) -> Iterator[Goal]:
    ratio, growth = own.late / base.late, own.late / own.early
    yield Goal(9, "memory of a worker", "1.6 x", f"{ratio:.2f} x {base.late:.0f} MB", ratio <= 1.6)
    seen = f"{own.early:.1f}, then {own.late:.1f} MB"
    met = growth <= FLAT and own.requests >= LATE
    yield Goal(9, f"memory after {EARLY:,} and after {own.requests:,} requests", "flat", seen, met)


def _list(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
