"""Queries that most pages send: Django writes their SQL once, later only their values are put in.

For a small query on an index, writing the SQL takes Django several times as long as the database needs to answer.
So does planning it take the database, which `helpdesk.postgresql` therefore does once too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache, cached_property
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model, QuerySet, Value

T = TypeVar("T", bound=Model)


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
        lock: the end of a SELECT that locks rows on PostgreSQL in a way that Django has no word for.
            On SQLite the transaction itself, begun IMMEDIATE, is the lock.
        is_planned: False where the best plan differs with the values, as for a page of somebody's few rows, which
            may as well be sorted, and of somebody's many.
    """

    def __init__(self, build: Callable[[], QuerySet], *, lock: str = "", is_planned: bool = True):
        self._build, self._lock, self._is_planned = build, lock, is_planned

    def rows(self, **values: Any) -> list[tuple]:
        """Send it and return all rows.

        Raises:
            KeyError: a slot has no value.
        """
        sql, params, slots, converters = self._written
        filled = list(params)
        for at in slots:
            filled[at] = params[at].fill(values)
        rows = _sent(sql, filled, varying=slots if self._is_planned else ())
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
        if self._lock and connection.features.has_select_for_update:
            sql = f"{sql} {self._lock}"
        slots = [at for at, param in enumerate(params) if isinstance(param, Slot)]
        return sql, params, slots, compiler.get_converters([column for column, *_rest in compiler.select])


@cache
def columns_of(model: type[Model]) -> list[str]:
    """Return what `values_list` is asked for where whole rows are wanted."""
    return [field.attname for field in model._meta.concrete_fields]


def row_of(model: type[T], columns: Sequence) -> T:
    """Return a row from the values of its `columns_of`."""
    return model.from_db(connection.alias, columns_of(model), columns)


class PreparedInsert:
    """The INSERT of a row of a model, written once a process: what `save` of a new row comes to.

    Models whose signals somebody listens to are saved by `save`.
    """

    def __init__(self, model: type[Model]):
        self._model = model

    def insert(self, row: T) -> T:
        """Store a new row and give it its number.

        Raises:
            IntegrityError: a constraint refuses it.
        """
        sql, fields = self._written
        params = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
        ((row.pk,),) = _sent(sql, params, varying=range(len(params)))
        row._state.adding, row._state.db = False, connection.alias
        return row

    @cached_property
    def _written(self) -> tuple[str, list[Field]]:
        meta, quoted = self._model._meta, connection.ops.quote_name
        fields = [field for field in meta.concrete_fields if field is not meta.pk]
        columns = ", ".join(quoted(field.column) for field in fields)
        places = ", ".join(["%s"] * len(fields))
        table, key = quoted(meta.db_table), quoted(meta.pk.column)
        return f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING {key}", fields  # noqa: S608 (names of ours)


def _sent(sql: str, params: list, *, varying: Collection[int]) -> list[tuple]:
    with connection.cursor() as cursor:
        if varying and hasattr(connection, "execute_planned"):
            connection.execute_planned(cursor, sql, params, varying=varying)
        else:
            cursor.execute(sql, params)
        return cursor.fetchall()
