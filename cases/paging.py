"""Pages by key: page 200 costs what page 1 costs, and no total is counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Model, Q, QuerySet, Subquery

PAGE_SIZE = 25
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,18})")


@dataclass(frozen=True)
class Page:
    """One page of rows; `previous` and `next` are cursors, empty at the ends."""

    rows: list
    previous: str = ""
    next: str = ""


def cursor(row, field: str) -> str:
    """Return the position of a row in the order (field, id)."""
    return f"{(getattr(row, field) - _EPOCH) // timedelta(microseconds=1)}-{row.pk}"


def read_cursor(text: str) -> tuple[datetime, int] | None:
    """Return the position that a cursor stands for, None for junk."""
    found = _CURSOR.fullmatch(text)
    if not found:
        return None
    return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])


def _beyond(field: str, position: tuple[datetime, int], *, descending: bool) -> Q:
    """Return what comes after a position; the first bound alone lets an index seek."""
    at, pk = position
    step = "lt" if descending else "gt"
    return Q(**{f"{field}__{step}e": at}) & (Q(**{f"{field}__{step}": at}) | Q(**{f"pk__{step}": pk}))


def beside(queryset: QuerySet, *, field: str, descending: bool, at: str) -> tuple[Model | None, Model | None]:
    """Return the row before a cursor and the one after it, in one statement.

    Arguments:
        field: a datetime column that is never null; of the rows nothing else is read.
        at: a cursor of an earlier page.
    """
    position = read_cursor(at)

    def nearest(sign: str, *, below: bool) -> Subquery:
        rows = queryset.filter(_beyond(field, position, descending=below)).order_by(f"{sign}{field}", f"{sign}pk")
        return Subquery(rows.values("pk")[:1])

    both = Q(pk=nearest("-", below=True)) | Q(pk=nearest("", below=False))
    found = {(getattr(row, field), row.pk) < position: row for row in queryset.model.objects.filter(both).only(field)}
    below, above = found.get(True), found.get(False)
    return (above, below) if descending else (below, above)


@dataclass(frozen=True)
class Turn:
    """Which page an address asks for.

    Arguments:
        position: of the row that it begins behind; None is the first page.
        is_backwards: it ends before that row.
    """

    position: tuple[datetime, int] | None = None
    is_backwards: bool = False


def read_turn(*, after: str = "", before: str = "") -> Turn:
    """Return what cursors of an earlier page ask for; junk means the first page."""
    if after or read_cursor(before) is None:
        return Turn(read_cursor(after))
    return Turn(read_cursor(before), is_backwards=True)


def rows_from(queryset: QuerySet, turn: Turn, *, field: str, descending: bool, size: int = PAGE_SIZE) -> QuerySet:
    """Return the rows of a page in the order (field, id) and one more, from its row next to the position on.

    Arguments:
        field: a datetime column that is never null.
    """
    toward_end = descending != turn.is_backwards
    sign = "-" if toward_end else ""
    rows = queryset.order_by(f"{sign}{field}", f"{sign}pk")
    if turn.position:
        rows = rows.filter(_beyond(field, turn.position, descending=toward_end))
    return rows[: size + 1]


def rows_of_each(
    parts: Sequence[QuerySet], turn: Turn, *, field: str, descending: bool, size: int = PAGE_SIZE
) -> QuerySet:
    """Return what `rows_from` does of several querysets together, reading no more than a page of each.

    Arguments:
        parts: of one model, one or more, without a row in common; an index orders the rows of each.
    """
    every = parts[0].model.objects

    def page(part: QuerySet) -> QuerySet:
        rows = rows_from(part, turn, field=field, descending=descending, size=size)
        # SQLite takes no LIMIT in a part of a union, but takes it below one.
        return every.filter(pk__in=rows.values("pk")).values("pk")

    first, *others = map(page, parts)
    found = every.filter(pk__in=first.union(*others, all=True))
    return rows_from(found, Turn(is_backwards=turn.is_backwards), field=field, descending=descending, size=size)


def page_of(rows: list, turn: Turn, *, field: str, size: int = PAGE_SIZE) -> Page:
    """Return the page whose rows, and one more, `rows_from` gave."""
    more, rows = len(rows) > size, rows[:size]
    if turn.is_backwards:
        rows.reverse()
    if not rows:
        return Page([])
    has_previous = more if turn.is_backwards else turn.position is not None
    return Page(
        rows,
        previous=cursor(rows[0], field) if has_previous else "",
        next=cursor(rows[-1], field) if turn.is_backwards or more else "",
    )
