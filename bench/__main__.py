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
from dataclasses import asdict
from pathlib import Path

from bench.export import measure_export
from bench.goals import Results
from bench.measure import measure
from bench.memory import watch_memory
from bench.meter import Meter
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
from bench.sites import Surroundings, start_portal, start_reference
from bench.trouble import measure_troubles

RESULTS = Path(__file__).with_name("RESULTS.md")
WORTH_KEEPING = 1_000_000
PARTS = ("pages", "memory", "troubles", "mail", "export")
# What a backlog of mail may not slow.
WITH_BACKLOG = ("MY LISTS", "submit", "agents' start page", "agents' list")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1000, help="how many cases")
    parser.add_argument("--small", type=int, default=1000, help="how many cases a small portal beside it has")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each kind of request, a round")
    parser.add_argument("--only", default="", help="kinds of request whose name contains this")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"which of {', '.join(PARTS)}")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--out", type=Path, help=f"write the report there too; from a million cases on {RESULTS.name}")
    return parser.parse_args()


def in_turns(
    reference: list[tuple[Site, Scene]], portal: list[tuple[Site, Scene]], small: list[tuple[Site, Scene]], size: int
) -> list[tuple[Site, Scene]]:
    """Return all requests in the order in which they are sent: what is compared follows one another."""
    twins = {scene.name: (site, scene) for site, scene in small}
    scenes = list(reference)
    for site, scene in portal:
        scenes.append((site, scene))
        scenes += [twins[name]] if (name := at_size(scene.name, size)) in twins else []
    return scenes


def main() -> None:
    given = options()
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit("Ended from outside."))
    parts = given.parts.split(",")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        redis = Redis(free_port())
        redis.start()
        stack.callback(redis.stop)
        relay = Relay(free_port(), folder / "taken")
        relay.start()
        stack.callback(relay.stop)
        around = Surroundings(os.environ["DATABASE_URL"], broker=redis.port, relay=relay.port, folder=folder)
        meter = Meter(around.server)
        reference, reference_facts = start_reference(around, given.size)
        stack.callback(reference.stop)
        portal, facts = start_portal(around, given.size)
        stack.callback(portal.stop)
        twins = []
        if given.small < given.size:
            small, small_facts = start_portal(around, given.small, name="small")
            stack.callback(small.stop)
            twins = [(small, scene) for scene in growth_scenes(small_facts["sessions"], small_facts, given.small)]
        references = [(reference, scene) for scene in reference_scenes(reference_facts["session"])]
        scenes = [*provider_scenes(facts["sessions"], facts), *agent_scenes(facts["sessions"], facts)]
        own = [(portal, scene) for scene in scenes if given.only in scene.name]
        results = Results(given.size, given.small if twins else 0, [])
        if "pages" in parts:
            order = in_turns(references, own, twins, given.small)
            results.figures = measure(order, meter, rounds=given.rounds, seconds=given.seconds, with_log=True)
        if "memory" in parts:
            results.memory = watch_memory(portal, scenes[0]), watch_memory(reference, references[0][1])
        if "export" in parts:
            results.exported = 1 + Outbox(portal.environment["DATABASE_URL"]).cases()
            results.export = measure_export(portal, export_scene(facts["sessions"]))
        if "troubles" in parts:
            submits = submit_scenes(facts["sessions"], facts)
            results.troubles = measure_troubles(portal, submits, redis, relay, rounds=given.rounds)
        if "mail" in parts:
            pages = [scene for scene in scenes if scene.name in WITH_BACKLOG]
            results.post = measure_post(portal, pages, redis, relay, rounds=given.rounds)
        text = report(results, database=meter.version(), command=f"make bench SIZE={given.size}")
    if given.json:
        given.json.write_text(json.dumps(asdict(results), indent=1))
    if out := given.out or (RESULTS if given.size >= WORTH_KEEPING else None):
        out.write_text(text)
    print(text)


if __name__ == "__main__":
    sys.exit(main())
