"""Rows that are worked on one after the other, and what the apps look up for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

R = TypeVar("R")
T = TypeVar("T")


class Batch(Generic[R]):
    """Outbox events or messages that were read together. Each knows it by its `batch`; alone it is a batch of one."""

    def __init__(self, rows: Sequence[R]):
        self._rows = rows
        self._found: dict[Callable, object] = {}
        for row in rows:
            row.batch = self

    def once(self, look_up: Callable[[Sequence[R]], T]) -> T:
        """Return what `look_up` finds for all rows; it is called when the first of them asks."""
        if look_up not in self._found:
            self._found[look_up] = look_up(self._rows)
        return self._found[look_up]
