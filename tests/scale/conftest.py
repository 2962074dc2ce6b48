"""A portal with 100,000 cases, in a database of its own beside that of the other tests."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection

from bench.plan import END, Plan

CASES = 100_000


@pytest.fixture(scope="module")
def big_portal(django_db_setup, django_db_blocker):
    """Fill a copy of the empty test database, and let the module's tests work on it."""
    from tests.scale.rows import fill

    if connection.vendor != "postgresql":
        pytest.skip("plans are looked at on PostgreSQL")
    usual, plan = connection.settings_dict["NAME"], Plan(CASES)
    with django_db_blocker.unblock():
        connection.creation.clone_test_db("scale", autoclobber=True)
        connection.close()
        connection.settings_dict["NAME"] = connection.creation.get_test_db_clone_settings("scale")["NAME"]
        fill(plan)
    yield plan
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = usual
        connection.creation.destroy_test_db(suffix="scale")


@pytest.fixture(autouse=True)
def _on_the_last_day():
    with time_machine.travel(END, tick=True):
        yield
