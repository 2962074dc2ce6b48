"""What each process keeps of small tables for a minute, so that no page asks for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

COPY_SECONDS = 60
T = TypeVar("T")


class Copy(Generic[T]):
    """One process's copy of what the database says. Threads may load twice; they never wait for one another.

    Whoever changes what it holds calls `forget` once that is stored: it then shows at once in this
    process, and within a minute in all others.
    """

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._forgotten = 0
        # Of the value that is kept; what pages keep for themselves of it is kept under this number.
        self.number = 0
        self.forget()

    def forget(self) -> None:
        self._forgotten += 1
        # The value and the moment until which it is fresh, as one: another thread may put it away at any time.
        self._kept: tuple[T | None, float] = (None, 0.0)

    def known(self) -> T | None:
        """Return what was last loaded, however old; None before."""
        return self._kept[0]

    def fresh(self) -> T:
        """Return what is at most a minute old.

        Raises:
            DatabaseError: it must be loaded, and cannot.
        """
        value, expires = self._kept
        if value is None or time.monotonic() >= expires:
            forgotten = self._forgotten
            value = self._load()
            # What was read before somebody changed it is for this once.
            if forgotten == self._forgotten:
                self._kept = value, time.monotonic() + COPY_SECONDS
                self.number += 1
        return value

    def fresh_with(self, has: Callable[[T], bool]) -> T:
        """Return what is fresh, loaded once more where it has not what is asked for: another process may have made it.

        Raises:
            DatabaseError: as `fresh`.
        """
        value = self.fresh()
        if has(value):
            return value
        self.forget()
        return self.fresh()
