"""Django's PostgreSQL, with a look at a kept connection that sends no statement."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Tell by its socket whether a connection of an earlier request still stands.

    Between requests the server says nothing. A socket on which there is something to read has been
    closed from the other side, or holds a notice: only then is the server asked.
    """

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return super().is_usable() if poll.poll(0) else True
