"""What a new database holds: request types, a queue, and groups with what they may do."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from cases.models import Queue, RequestType

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def permissions(group: str) -> set[str]:
    rows = Group.objects.get(name=group).permissions.values_list("content_type__app_label", "codename")
    return {".".join(row) for row in rows}


def test_request_types_in_the_order_of_the_design():
    assert list(RequestType.objects.offered().values_list("name", flat=True)) == [
        "Account or login help",
        "Provider enrollment",
        "Vaccine inventory",
        "Vaccine shipment or transfer",
        "Storage or temperature excursion",
        "Vaccine wastage or expiry",
        "Recipient record correction",
        "Dose administration record",
        "Scheduling or location listing",
        "Reports and data",
        "Training",
        "Other",
    ]
    assert Queue.objects.get().is_default


def test_viewers_have_no_permission_at_all():
    assert permissions("Viewers") == set()


def test_agents_work_cases_and_supervisors_more():
    assert "cases.change_case" in permissions("Agents")
    assert "mail.change_outboxmessage" in permissions("Agents")
    assert "cases.reassign_case" not in permissions("Agents")
    assert "cases.change_requesttype" not in permissions("Agents")
    assert permissions("Agents") < permissions("Supervisors")
    assert {"cases.reassign_case", "cases.change_queue", "desk.change_resource"} <= permissions("Supervisors")


@pytest.mark.parametrize("group", ["Agents", "Supervisors"])
def test_nobody_deletes_or_adds_cases_messages_and_events(group):
    for model in ("case", "message", "caseevent", "submission"):
        assert not permissions(group) & {f"cases.add_{model}", f"cases.delete_{model}"}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL changes a table where it is")
def test_a_portal_on_sqlite_can_be_upgraded(tmp_path):
    """Django makes tables anew there, while the search index has triggers on them."""
    environment = {"PATH": os.environ["PATH"], "DEMO": "1", "DATA_DIR": str(tmp_path), "LANG": "C.UTF-8"}
    for target in (["cases", "0015"], []):
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0", *target]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    with closing(sqlite3.connect(tmp_path / "helpdesk.sqlite3")) as database:
        triggers = database.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()
    assert triggers == (6,)
