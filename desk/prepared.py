"""Queries that most pages send: Django writes their SQL once, later only their values are put in.

For a small query on an index, writing the SQL takes Django several times as long as the database needs to answer.
So does planning it take the database, which `helpdesk.postgresql` therefore does once too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Field, QuerySet, Value


class Slot(Value):
    """A place in a query for a value that is given when the query is sent.

    Arguments:
        name: by which it is given.
        field: of the column that it is held against, which says how a database takes it.
    """

    def __init__(self, name: str, field: Field):
        super().__init__(name, output_field=field)

    def as_sql(self, compiler, connection):
        return "%s", [self]

    def fill(self, values: dict[str, Any]):
        return self.output_field.get_db_prep_value(values[self.value], connection)


class Prepared:
    """A query that is written once a process.

    Arguments:
        build: returns it, by `values_list`, with a Slot for each value that differs from time to time.
            Whatever else it looks at, a clock or a language, is looked at once: it must not.
    """

    def __init__(self, build: Callable[[], QuerySet]):
        self._build = build

    def rows(self, **values: Any) -> list[tuple]:
        """Send it and return all rows.

        Raises:
            KeyError: a slot has no value.
        """
        sql, params, slots, converters = self._written
        filled = list(params)
        for at in slots:
            filled[at] = params[at].fill(values)
        with connection.cursor() as cursor:
            if hasattr(connection, "execute_planned"):
                connection.execute_planned(cursor, sql, filled, varying=slots)
            else:
                cursor.execute(sql, filled)
            rows = cursor.fetchall()
        return [self._converted(row, converters) for row in rows] if converters else rows

    def _converted(self, row: tuple, converters: dict) -> tuple:
        cells = list(row)
        for position, (functions, expression) in converters.items():
            for convert in functions:
                cells[position] = convert(cells[position], expression, connection)
        return tuple(cells)

    @cached_property
    def _written(self) -> tuple:
        compiler = self._build().query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        slots = [at for at, param in enumerate(params) if isinstance(param, Slot)]
        return sql, params, slots, compiler.get_converters([column for column, *_rest in compiler.select])
