"""`python -m bench --size N`: the portal beside the reference site, in turns, on one database server.

Writes a table of ratios. DATABASE_URL names a server of its own, where databases may be made and
dropped: `make bench` starts a throw-away one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path

import psycopg2

from bench import report
from bench.measure import Meter, measure
from bench.processes import ROOT, Site, free_port, start_site
from bench.scenes import Scene, agent_scenes, provider_scenes, reference_scenes

WORKERS = 2


def environment_for(database: str, port: int, folder: Path) -> dict[str, str]:
    """Return what both sites are started with: production, without a broker or relay that answers."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": os.environ.get("BENCH_BROKER_URL", "redis://127.0.0.1:6379/15"),
        "EMAIL_URL": "smtp://127.0.0.1:2525",
        "DEFAULT_FROM_EMAIL": "Provider Help Desk <helpdesk@example.org>",
        "REPLY_TO_EMAIL": "helpdesk@example.org",
        "SECRET_KEY": "a-key-for-the-benchmark-only-0123456789-abcdefghijklmnop",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "DATA_DIR": str(folder / "data"),
        "WEB_CONCURRENCY": str(WORKERS),
    }


def new_database(server: str, name: str) -> str:
    """Make an empty database in place of one of that name; return its URL."""
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name}")
    return server.rpartition("/")[0] + f"/{name}"


def run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def start_portal(server: str, size: int, folder: Path) -> tuple[Site, dict]:
    port = free_port()
    environment = environment_for(new_database(server, "bench_portal"), port, folder)
    run(environment, "manage.py", "migrate", "--verbosity=0")
    run(environment, "manage.py", "collectstatic", "--noinput", "--verbosity=0")
    facts = json.loads(run(environment, "-m", "bench.seed_portal", str(size)).splitlines()[-1])
    arguments = ["-c", "helpdesk/gunicorn.py", "helpdesk.wsgi"]
    return start_site("portal", arguments, environment, port, folder / "portal.log"), facts


def start_reference(server: str, size: int, folder: Path) -> tuple[Site, dict]:
    port = free_port()
    environment = environment_for(new_database(server, "bench_reference"), port, folder)
    environment["DJANGO_SETTINGS_MODULE"] = "bench.reference.settings"
    # Tables of apps without migrations come first, and name those of accounts.
    run(environment, "-m", "django", "migrate", "--verbosity=0")
    run(environment, "-m", "django", "migrate", "--run-syncdb", "--verbosity=0")
    facts = json.loads(run(environment, "-m", "bench.seed_reference", str(size)).splitlines()[-1])
    arguments = [f"--workers={WORKERS}", f"--bind=127.0.0.1:{port}", "bench.reference.wsgi"]
    return start_site("reference", arguments, environment, port, folder / "reference.log"), facts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1000, help="how many cases")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each kind of request, a round")
    parser.add_argument("--only", default="", help="kinds of request whose name contains this")
    parser.add_argument("--json", type=Path, help="write all figures there")
    options = parser.parse_args()
    server = os.environ["DATABASE_URL"]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        reference, reference_facts = start_reference(server, options.size, folder)
        stack.callback(reference.stop)
        portal, facts = start_portal(server, options.size, folder)
        stack.callback(portal.stop)
        scenes: list[tuple[Site, Scene]] = [
            *((reference, scene) for scene in reference_scenes(reference_facts["session"])),
            *((portal, scene) for scene in provider_scenes(facts["sessions"], facts)),
            *((portal, scene) for scene in agent_scenes(facts["sessions"], facts)),
        ]
        scenes = [pair for pair in scenes if not pair[1].against or options.only in pair[1].name]
        figures = measure(scenes, Meter(server), rounds=options.rounds, seconds=options.seconds)
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in figures], indent=1))
    print(report.table(figures, size=options.size))


if __name__ == "__main__":
    main()
