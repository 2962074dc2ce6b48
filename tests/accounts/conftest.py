"""Tools of the accounts' tests: browsers that log in, statements, and the whole database as text."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from desk.services import help_desk_facts
from tests.conftest import PASSWORD


@pytest.fixture
def log_in(db):
    """Return a function that sends the login form and returns the answer."""

    def send(username: str, password: str = PASSWORD, *, browser=None, address="203.0.113.5", forwarded="", **data):
        form = {"username": username, "password": password, **data}
        return (browser or Client()).post(
            "/login/", form, REMOTE_ADDR=address, headers={"x-forwarded-for": forwarded} if forwarded else None
        )

    return send


@pytest.fixture
def statements():
    """Return a function that runs another and returns the SQL that it caused, without its values.

    What the process keeps of the help desk is not among it.
    """

    def run(act) -> list[str]:
        help_desk_facts()
        with CaptureQueriesContext(connection) as captured:
            act()
        return [re.sub(r"'(?:[^']|'')*'|\bs\d+_x\d+\b|\b\d+\b|NULL", "?", query["sql"]) for query in captured]

    return run


@pytest.fixture
def everything_stored(db):
    """Return a function that gives every text in every row of every table, in lower case."""

    def read() -> str:
        texts = []
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
                texts += [f"{table}: {row!r}" for row in cursor.fetchall()]
        return "\n".join(texts).lower()

    return read
