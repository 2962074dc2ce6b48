"""What the database server counts by itself: statements, bytes and flushes of its log, its processes."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from dataclasses import dataclass

import psycopg2

from bench.processes import server_processes

# PostgreSQL's PGSTAT_IDLE_INTERVAL: an idle backend tells what it flushed after so many seconds.
_TOLD_AFTER = 10.5


@dataclass(frozen=True)
class LogPosition:
    """A place in the write-ahead log, and how often it had been flushed then."""

    lsn: str
    flushes: int


class Meter:
    """Reads the counters of a PostgreSQL server of one's own; `counts` is false where there is no server."""

    counts = True

    def __init__(self, server: str):
        self._connection = psycopg2.connect(server)
        self._connection.autocommit = True
        self._rows("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        self._rows("CREATE EXTENSION IF NOT EXISTS pg_walinspect")

    def statements(self) -> Counter[str]:
        """Return how often the sites have sent each statement: BEGIN and COMMIT too, PostgreSQL's own checks of
        foreign keys not."""
        query = (
            "SELECT query, SUM(calls)::int FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
            " WHERE d.datname LIKE 'bench_%' AND s.toplevel AND query NOT LIKE '% FROM ONLY % FOR KEY SHARE OF x'"
            " GROUP BY query"
        )
        return Counter(dict(self._rows(query)))

    def prepare_to_count(self) -> None:
        """Count statements, and let nothing but requests write."""
        self._set(("pg_stat_statements.track", "top"), ("autovacuum", "off"))
        self._rows("SELECT pg_stat_statements_reset()")

    def prepare_to_load(self) -> None:
        """Count no statements: each savepoint has a name of its own, and a load would fill the table."""
        self._set(("pg_stat_statements.track", "none"), ("autovacuum", "on"))

    def _set(self, *settings: tuple[str, str]) -> None:
        for name, value in settings:
            self._rows(f"ALTER SYSTEM SET {name} = {value}")
        self._rows("SELECT pg_reload_conf()")
        time.sleep(0.5)

    def log_position(self) -> LogPosition:
        """Wait until every backend has told its flushes, and return where the log ends."""
        time.sleep(_TOLD_AFTER)
        return LogPosition(*self._rows("SELECT pg_current_wal_flush_lsn()::text, wal_sync FROM pg_stat_wal")[0])

    def log_bytes(self, start: LogPosition, end: LogPosition) -> tuple[int, int]:
        """Return how many bytes of records, and of full-page images beside them, stand between two places."""
        query = "SELECT SUM(record_size)::bigint, SUM(fpi_size)::bigint FROM pg_get_wal_stats(%s, %s)"
        return self._rows(query, start.lsn, end.lsn)[0]

    def checkpoint(self) -> None:
        self._rows("CHECKPOINT")

    def processes(self) -> list[int]:
        with self._connection.cursor() as cursor:
            return server_processes(cursor)

    def version(self) -> str:
        return "PostgreSQL " + self._rows("SHOW server_version")[0][0].split()[0]

    def _rows(self, query: str, *values) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []


class NoMeter:
    """SQLite: the database is a part of the web workers and counts nothing."""

    counts = False

    def processes(self) -> list[int]:
        return []

    def prepare_to_count(self) -> None:
        pass

    def prepare_to_load(self) -> None:
        pass

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"
