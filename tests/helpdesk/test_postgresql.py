"""A kept connection is looked at before it is used again, at no statement, and plans some statements once."""

import time

import psycopg2
import pytest
from django.db import NotSupportedError, connection

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="asks a PostgreSQL server"),
]


@pytest.fixture
def other():
    """A connection of somebody else, who may end ours."""
    with connection.cursor():
        pass
    other = psycopg2.connect(**connection.get_connection_params())
    other.autocommit = True
    yield other
    other.close()


def last_statement(other, pid: int) -> str:
    with other.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid])
        return cursor.fetchone()[0]


def test_one_that_stands_is_asked_nothing(other):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'the last statement'")
    assert connection.is_usable()
    assert last_statement(other, connection.connection.info.backend_pid) == "SELECT 'the last statement'"


def test_one_that_the_server_has_closed_is_replaced(other):
    connection.health_check_enabled, connection.health_check_done = True, False
    ended = connection.connection.info.backend_pid
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [ended])
    deadline = time.monotonic() + 5
    while connection.is_usable() and time.monotonic() < deadline:
        time.sleep(0.01)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != ended


def test_one_with_a_notice_to_read_still_stands(other):
    with connection.cursor() as cursor:
        cursor.execute("LISTEN news")
    with other.cursor() as cursor:
        cursor.execute("NOTIFY news")
    time.sleep(0.1)
    assert connection.is_usable()


def planned() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
        return cursor.fetchall()


def ask(*params) -> tuple:
    with connection.cursor() as cursor:
        connection.execute_planned(cursor, "SELECT %s::int + 1, %s, '100 %%'", params, varying=[0])
        return cursor.fetchone()


def test_a_statement_is_planned_once_for_a_connection():
    connection.close()
    assert [ask(1, "a"), ask(41, "a")] == [(2, "a", "100 %"), (42, "a", "100 %")]
    assert planned() == [("PREPARE planned_0 AS SELECT $1::int + 1, 'a', '100 %'", 2)]
    connection.close()
    assert ask(1, "a") == (2, "a", "100 %")


def test_what_is_part_of_the_plan_must_not_differ():
    connection.close()
    ask(1, "a")
    assert ask(1, "b") == (2, "b", "100 %")


def test_plans_of_columns_that_have_changed_go_with_their_connection():
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE wide (name varchar(10))")
        connection.execute_planned(cursor, "SELECT name FROM wide WHERE name = %s", ["a"], varying=[0])
        cursor.execute("ALTER TABLE wide ALTER name TYPE varchar(20)")
        with pytest.raises(NotSupportedError):
            connection.execute_planned(cursor, "SELECT name FROM wide WHERE name = %s", ["a"], varying=[0])
    connection.close_if_unusable_or_obsolete()
    assert connection.connection is None
