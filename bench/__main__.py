"""`python -m bench --size N`: the portal beside the reference site, in turns, on one database server.

Writes which goals are met, and a table of ratios. DATABASE_URL names a PostgreSQL server of its own, where databases
may be made and dropped and settings changed: `make bench` starts a throw-away one.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.check import complaints
from bench.export import measure_export
from bench.goals import Results
from bench.measure import measure
from bench.memory import watch_memory
from bench.meter import Meter, NoMeter
from bench.outbox import Outbox
from bench.post import measure_post
from bench.processes import Site, free_port
from bench.report import report
from bench.scenes import (
    Scene,
    agent_scenes,
    at_size,
    export_scene,
    growth_scenes,
    provider_scenes,
    reference_scenes,
    submit_scenes,
)
from bench.servers import Redis, Relay
from bench.sites import SQLITE, Surroundings, start_portal, start_reference
from bench.trouble import measure_troubles

RESULTS = Path(__file__).with_name("RESULTS.md")
RESULTS_ON_SQLITE = Path(__file__).with_name("RESULTS-sqlite.md")
# What is written down: the size that the goals are for, and the largest for which SQLite is meant.
LARGE, LARGE_ON_SQLITE = 1_000_000, 100_000
PARTS = ("pages", "memory", "export", "troubles", "mail")
PARTS_ON_SQLITE = ("pages", "memory")
# What a backlog of mail may not slow.
WITH_BACKLOG = ("MY LISTS", "submit", "agents' start page", "agents' list")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1000, help="how many cases")
    parser.add_argument("--small", type=int, default=1000, help="how many cases a small portal beside it has")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite: pages alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each kind of request, a round")
    parser.add_argument("--only", default="", help="kinds of request whose name contains this")
    parser.add_argument("--parts", help=f"which of {','.join(PARTS)}")
    parser.add_argument(
        "--quick", action="store_true", help="count statements; a second of load where they are bounded"
    )
    parser.add_argument("--check", action="store_true", help="fail on too many statements and on wrong answers")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument(
        "--out", type=Path, help=f"write the report there; by itself {RESULTS.name} at a million cases"
    )
    given = parser.parse_args()
    given.parts = given.parts.split(",") if given.parts else ["pages"] if given.quick else list(PARTS)
    if given.sqlite:
        given.parts = [part for part in given.parts if part in PARTS_ON_SQLITE]
    if given.out is None and given.size >= (LARGE_ON_SQLITE if given.sqlite else LARGE):
        given.out = RESULTS_ON_SQLITE if given.sqlite else RESULTS
    return given


@dataclass
class Stage:
    """Everything that runs while it is measured."""

    redis: Redis
    relay: Relay
    meter: Meter | NoMeter
    reference: Site
    reference_scenes: list[Scene]
    portal: Site
    scenes: list[Scene]
    facts: dict
    small: Site | None = None
    small_scenes: tuple[Scene, ...] = ()

    def in_turns(self, given: argparse.Namespace) -> list[tuple[Site, Scene]]:
        """Return all requests in the order in which they are sent: what is compared follows one another."""
        twins = {scene.name: (self.small, scene) for scene in self.small_scenes}
        order = [(self.reference, scene) for scene in self.reference_scenes]
        for scene in self.scenes:
            if given.only in scene.name:
                order.append((self.portal, scene))
                order += [twins[name]] if (name := at_size(scene.name, given.small)) in twins else []
        return [(site, _quick(scene)) for site, scene in order] if given.quick else order


def _quick(scene: Scene) -> Scene:
    return replace(scene, connections=(8,) if scene.statements else (), logs=False)


def set_up(given: argparse.Namespace, stack: ExitStack) -> Stage:
    """Start servers and sites; the stack ends them."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
    redis, relay = Redis(free_port()), Relay(free_port(), folder / "taken")
    for server in (redis, relay):
        server.start()
        stack.callback(server.stop)
    database = SQLITE if given.sqlite else os.environ["DATABASE_URL"]
    around = Surroundings(database, broker=redis.port, relay=relay.port, folder=folder)
    reference, reference_facts = start_reference(around, given.size)
    stack.callback(reference.stop)
    portal, facts = start_portal(around, given.size)
    stack.callback(portal.stop)
    stage = Stage(
        redis,
        relay,
        NoMeter() if given.sqlite else Meter(database),
        reference,
        reference_scenes(reference_facts["session"]),
        portal,
        [*provider_scenes(facts["sessions"], facts), *agent_scenes(facts["sessions"], facts)],
        facts,
    )
    if given.small < given.size:
        stage.small, small_facts = start_portal(around, given.small, name="small")
        stack.callback(stage.small.stop)
        stage.small_scenes = tuple(growth_scenes(small_facts["sessions"], small_facts, given.small))
    return stage


def measure_all(given: argparse.Namespace, stage: Stage) -> Results:
    """Measure the parts that are asked for; those that fill the outbox come last."""
    results = Results(given.size, given.small if stage.small else 0, [])
    sessions = stage.facts["sessions"]
    if "pages" in given.parts:
        rounds = 0 if given.quick else given.rounds
        results.figures = measure(stage.in_turns(given), stage.meter, rounds=rounds, seconds=given.seconds)
    if "memory" in given.parts:
        own = watch_memory(stage.portal, stage.scenes[0])
        results.memory = own, watch_memory(stage.reference, stage.reference_scenes[0])
    if "export" in given.parts:
        results.exported = 1 + Outbox(stage.portal.environment["DATABASE_URL"]).cases()
        results.export = measure_export(stage.portal, export_scene(sessions))
    if "troubles" in given.parts:
        submits = submit_scenes(sessions, stage.facts)
        results.troubles = measure_troubles(stage.portal, submits, stage.redis, stage.relay, rounds=given.rounds)
    if "mail" in given.parts:
        pages = [scene for scene in stage.scenes if scene.name in WITH_BACKLOG]
        results.post = measure_post(stage.portal, pages, stage.redis, stage.relay, rounds=given.rounds)
    return results


def main() -> None:
    given = options()
    # Ended from outside, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit("Ended from outside."))
    with ExitStack() as stack:
        stage = set_up(given, stack)
        results = measure_all(given, stage)
        database = stage.meter.version()
    command = f"make bench SIZE={given.size}{' SQLITE=1' * given.sqlite}"
    text = report(results, database=database, command=command, with_goals=not (given.sqlite or given.quick))
    if given.json:
        given.json.write_text(json.dumps(asdict(results), indent=1))
    if given.out:
        given.out.write_text(text)
    print(text)
    if given.check and (wrong := complaints(results)):
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
