"""How many rows lists have: counted no further than a person would read, all of a page in one statement."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property

from django.contrib.auth import get_user_model
from django.db.models import IntegerField, QuerySet, Subquery

from desk.prepared import Prepared, Slot

COUNT_CAP = 1000


class Count(int):
    """How many there are, counted up to one past the cap."""

    def __new__(cls, number: int, cap: int) -> Count:
        count = super().__new__(cls, number)
        count.cap = cap
        return count


class _Count(Subquery):
    """How many rows a sliced subquery has."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def _cap_of(rows: QuerySet) -> int:
    """Return how far these are counted: less far where each row costs more than an entry of an index."""
    return min(getattr(rows, "count_cap", None) or COUNT_CAP, COUNT_CAP)


def count_of(rows: QuerySet) -> Subquery:
    """Return how many rows there are, up to one past the cap, as a column of another query."""
    return _Count(rows.order_by().values("pk")[: _cap_of(rows) + 1])


def counts_query(user, rows: dict[str, QuerySet], **also: Subquery) -> QuerySet:
    """Return a query of one row: how many of each of these there are, up to one past the cap, and what else is asked.

    Arguments:
        user: anybody who has an account, or a Slot for their number.
    """
    counted = [count_of(some) for some in rows.values()]
    return get_user_model().objects.filter(pk=user).values_list(*counted, *also.values())


def capped_counts(user, rows: dict[str, QuerySet], **also: Subquery) -> dict:
    """Count each of these up to one past the cap, in one statement; an empty dictionary costs none.

    Arguments:
        also: what else the statement answers, under its name.
    """
    if not rows:
        return {}
    found = counts_query(user.pk, rows, **also).get()
    return _named((*rows, *also), [_cap_of(some) for some in rows.values()], found)


def _named(names: Collection[str], caps: list[int], found: tuple) -> dict:
    """Return what `counts_query` found by its names; the first of them are counts."""
    counts = [Count(number, cap) for number, cap in zip(found, caps, strict=False)]
    return dict(zip(names, (*counts, *found[len(counts) :]), strict=True))


class PreparedCounts:
    """Counts as `capped_counts` makes them, by SQL that is written once a process.

    Arguments:
        build: returns what is counted by its code, and what else the statement answers by its name. Both hold
            against a Slot what differs from time to time; one of them is `user`, the number of who asks.
    """

    def __init__(self, build: Callable[[Slot], tuple[dict[str, QuerySet], dict[str, Subquery]]]):
        self._build = build

    def of(self, **values) -> dict:
        names, caps, query = self._written
        (found,) = query.rows(**values)
        return _named(names, caps, found)

    @cached_property
    def _written(self) -> tuple[list[str], list[int], Prepared]:
        user = Slot("user", get_user_model()._meta.pk)
        rows, also = self._build(user)
        query = Prepared(lambda: counts_query(user, rows, **also))
        return [*rows, *also], [_cap_of(some) for some in rows.values()], query


def capped(count: int) -> str:
    """Write a count as people read it: "12", "1,000+"."""
    cap = getattr(count, "cap", COUNT_CAP)
    return f"{cap:,}+" if count > cap else f"{count:,}"
