"""The sites that are measured: their databases made and filled, their web servers started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from bench.processes import ROOT, Site, free_port, start_site

WORKERS = 2
SQLITE = "sqlite"


@dataclass(frozen=True)
class Surroundings:
    """What the sites stand in.

    Arguments:
        server: URL of a PostgreSQL server where databases may be made and dropped, or SQLITE.
        broker, relay: ports of Redis and of the mail server.
        folder: where files of the run are kept.
    """

    server: str
    broker: int
    relay: int
    folder: Path

    def new_database(self, name: str) -> str:
        """Make an empty database in place of one of that name; return its URL."""
        if self.server == SQLITE:
            return f"sqlite:///{self.folder / name}.sqlite3"
        with closing(psycopg2.connect(self.server)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                cursor.execute(f"CREATE DATABASE {name}")
        return self.server.rpartition("/")[0] + f"/{name}"

    def environment(self, database: str, port: int) -> dict[str, str]:
        """Return what a site is started with: production."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": f"redis://127.0.0.1:{self.broker}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.relay}",
            "DEFAULT_FROM_EMAIL": "Provider Help Desk <helpdesk@example.org>",
            "REPLY_TO_EMAIL": "helpdesk@example.org",
            "SECRET_KEY": "a-key-for-the-benchmark-only-0123456789-abcdefghijklmnop",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SITE_URL": f"http://127.0.0.1:{port}",
            "PORT": str(port),
            "DATA_DIR": str(self.folder / "data"),
            "WEB_CONCURRENCY": str(WORKERS),
            # A run is longer than half an hour without a click.
            "SESSION_IDLE_MINUTES": "240",
        }


def run(environment: dict[str, str], *arguments: str) -> str:
    """Run Python in a site's environment and return what it prints; end the whole run when it fails."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def start_portal(around: Surroundings, size: int, *, name: str = "portal") -> tuple[Site, dict]:
    """Fill a portal with so many cases and start it; return it and what the load asks for."""
    port = free_port()
    environment = around.environment(around.new_database(f"bench_{name}"), port)
    run(environment, "manage.py", "migrate", "--verbosity=0")
    if not Path(environment["DATA_DIR"]).exists():
        run(environment, "manage.py", "collectstatic", "--noinput", "--verbosity=0")
    facts = json.loads(run(environment, "-m", "bench.seed_portal", str(size)).splitlines()[-1])
    arguments = ["-c", "helpdesk/gunicorn.py", "helpdesk.wsgi"]
    return start_site(name, arguments, environment, port, around.folder / f"{name}.log"), facts


def start_reference(around: Surroundings, size: int) -> tuple[Site, dict]:
    """Fill the reference site with as many rows and start it; return it and what the load asks for."""
    port = free_port()
    environment = around.environment(around.new_database("bench_reference"), port)
    environment["DJANGO_SETTINGS_MODULE"] = "bench.reference.settings"
    # Tables of apps without migrations come first, and name those of accounts.
    run(environment, "-m", "django", "migrate", "--verbosity=0")
    run(environment, "-m", "django", "migrate", "--run-syncdb", "--verbosity=0")
    facts = json.loads(run(environment, "-m", "bench.seed_reference", str(size)).splitlines()[-1])
    arguments = [f"--workers={WORKERS}", f"--bind=127.0.0.1:{port}", "bench.reference.wsgi"]
    return start_site("reference", arguments, environment, port, around.folder / "reference.log"), facts
