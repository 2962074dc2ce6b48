"""Django's PostgreSQL, with kept connections: looked at without a statement, some statements planned once for each."""

from __future__ import annotations

import select
from collections.abc import Collection, Sequence

from django.db import NotSupportedError
from django.db.backends.postgresql import base
from psycopg2.extensions import AsIs


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params):
        connection = super().get_new_connection(conn_params)
        # Names of what this connection's server process has planned, by statement.
        self._planned: dict[tuple, str] = {}
        return connection

    def execute_planned(self, cursor, sql: str, params: Sequence, *, varying: Collection[int]) -> None:
        """Send a statement that the server plans once for this connection, not each time.

        For a small query on an index the server takes ten times as long to plan as to answer.

        Arguments:
            sql: with a %s for each of its parameters.
            varying: positions of the parameters that differ from time to time; the others are part of the plan.
        """
        statement = (sql, *(param for at, param in enumerate(params) if at not in varying))
        if statement not in self._planned:
            name = f"planned_{len(self._planned)}"
            numbers = iter(range(1, len(varying) + 1))
            written = [AsIs(f"${next(numbers)}") if at in varying else param for at, param in enumerate(params)]
            cursor.execute(f"PREPARE {name} AS {sql}", written)
            self._planned[statement] = name
        places = ", ".join(["%s"] * len(varying))
        try:
            cursor.execute(f"EXECUTE {self._planned[statement]} ({places})", [params[at] for at in varying])
        except NotSupportedError:
            # A migration has changed a column's type: this connection's plans are of no more use.
            self.close_at = 0
            raise

    def is_usable(self) -> bool:
        """Tell by its socket whether a connection of an earlier request still stands.

        Between requests the server says nothing. A socket on which there is something to read has been
        closed from the other side, or holds a notice: only then is the server asked.
        """
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return super().is_usable() if poll.poll(0) else True
