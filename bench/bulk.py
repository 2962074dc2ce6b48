"""Many rows into one table: COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from django.db import connection, models, transaction

BATCH = 20_000


def write(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Store rows; what they leave out gets the default of the model's field.

    Arguments:
        columns: names of database columns.
        rows: a value a column; datetimes are aware.
    """
    given = set(columns)
    rest = [field for field in model._meta.concrete_fields if field.column not in given and not field.primary_key]
    filled = [*columns, *(field.column for field in rest)]
    defaults = [field.get_db_prep_save(field.get_default(), connection) for field in rest]
    store = _copy if connection.vendor == "postgresql" else _insert
    source = iter((*row, *defaults) for row in rows)
    with transaction.atomic():
        while batch := list(islice(source, BATCH)):
            store(model._meta.db_table, filled, batch)
    _continue_numbers(model)


def _copy(table: str, columns: Sequence[str], rows: list[Sequence]) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f'COPY "{table}" ({names}) FROM STDIN', _Lines(map(_line, rows)))


def _insert(table: str, columns: Sequence[str], rows: list[Sequence]) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    places = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f'INSERT INTO "{table}" ({names}) VALUES ({places})',
            [
                [connection.ops.adapt_datetimefield_value(v) if isinstance(v, datetime) else v for v in row]
                for row in rows
            ],
        )


def _continue_numbers(model: type[models.Model]) -> None:
    """Let the next row get the number after the last."""
    if connection.vendor != "postgresql":
        return
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('\"{table}\"', '{key}'),"
            f' (SELECT COALESCE(MAX("{key}"), 1) FROM "{table}"))'
        )


def _line(row: Sequence) -> str:
    return "\t".join(map(_field, row)) + "\n"


def _field(value) -> str:
    if value is None:
        return r"\N"
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return value.replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r")
    return str(value)


class _Lines:
    """A file as psycopg2 reads it."""

    def __init__(self, lines: Iterator[str]):
        self._lines = lines
        self._rest = ""

    def read(self, size: int) -> str:
        parts, length = [self._rest], len(self._rest)
        while length < size:
            line = next(self._lines, None)
            if line is None:
                break
            parts.append(line)
            length += len(line)
        text = "".join(parts)
        self._rest = text[size:]
        return text[:size]
