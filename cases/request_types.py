"""The request types, from a copy that each process keeps for a minute."""

from __future__ import annotations

from cases.models import RequestType
from desk.copies import Copy


def _load() -> dict[int, RequestType]:
    return {each.pk: each for each in RequestType.objects.order_by("position", "name")}


_copy = Copy(_load)


def request_types(*, known: int | None = None) -> dict[int, RequestType]:
    """Return all request types by their numbers, in the order of the form, those no longer offered too.

    They are shared by all threads: nobody changes one.

    Arguments:
        known: number of one that is among them, if there is any such, also where it is younger than the copy.
    """
    return _copy.fresh_with(lambda types: known is None or known in types)


def request_type(pk: int) -> RequestType:
    """Return one that there is."""
    return request_types(known=pk)[pk]


def forget_request_types() -> None:
    """Drop this process's copy, so that a change shows at once."""
    _copy.forget()
