"""How many rows lists have: counted no further than a person would read, all of a page in one statement."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from django.contrib.auth import get_user_model
from django.db.models import IntegerField, QuerySet, Subquery

from desk.prepared import Prepared, Slot

COUNT_CAP = 1000


class _Count(Subquery):
    """How many rows a sliced subquery has."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def count_of(rows: QuerySet) -> Subquery:
    """Return how many rows there are, up to one past the cap, as a column of another query."""
    return _Count(rows.order_by().values("pk")[: COUNT_CAP + 1])


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
    return dict(zip((*rows, *also), counts_query(user.pk, rows, **also).get(), strict=True))


class PreparedCounts:
    """Counts as `capped_counts` makes them, by SQL that is written once a process.

    Arguments:
        build: returns what is counted by its code, and what else the statement answers by its name. Both hold
            against a Slot what differs from time to time; one of them is `user`, the number of who asks.
    """

    def __init__(self, build: Callable[[Slot], tuple[dict[str, QuerySet], dict[str, Subquery]]]):
        self._build = build

    def of(self, **values) -> dict:
        names, query = self._written
        (found,) = query.rows(**values)
        return dict(zip(names, found, strict=True))

    @cached_property
    def _written(self) -> tuple[list[str], Prepared]:
        user = Slot("user", get_user_model()._meta.pk)
        rows, also = self._build(user)
        return [*rows, *also], Prepared(lambda: counts_query(user, rows, **also))


def capped(count: int) -> str:
    """Write a count as people read it: "12", "1,000+"."""
    return f"{COUNT_CAP:,}+" if count > COUNT_CAP else f"{count:,}"
