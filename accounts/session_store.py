"""Sessions in the database that end: some time after the last activity, and in any case some time after the login."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.db.models import QuerySet
from django.utils import timezone

from desk.prepared import Prepared, Slot

_LOGGED_IN_AT = "_logged_in_at"
_IDLE_SECONDS = "_idle_seconds"


def grain(idle: timedelta) -> timedelta:
    """Return how exactly an idle limit is kept: within it, activity is not written again.

    A session ends between the limit and the limit and a grain after the last activity: never early.
    """
    return min(timedelta(minutes=5), idle / 6)


class Clock(NamedTuple):
    """When a session ends unless something happens.

    Arguments:
        is_final: it then ends whatever happens.
    """

    seconds_left: int
    idle: timedelta
    is_final: bool


class SessionStore(DatabaseSessionStore):
    """Keep both clocks of a session in the one column by which Django and `clearsessions` end it.

    `touch` alone moves the end: neither a look nor a save of the session does.
    """

    _ends_at: datetime | None = None

    def _validate_session_key(self, key: str | None) -> bool:
        """Take a cookie that Django cannot have set for no session: PostgreSQL raises on a NUL in it."""
        return bool(key) and re.fullmatch(r"[a-z0-9]{32}", key) is not None

    def load(self) -> dict:
        rows = _live.rows(key=self.session_key, now=timezone.now())
        if not rows:
            self._session_key = self._ends_at = None
            return {}
        data, self._ends_at = rows[0]
        return self.decode(data)

    def create_model_instance(self, data: dict):
        row = super().create_model_instance(data)
        if _LOGGED_IN_AT in data:
            row.expire_date = self._ends_at
        return row

    def get_expiry_age(self, **kwargs) -> int:
        """Return the age of the cookie: it outlives the idle limit, so that the portal can say what has ended."""
        if _LOGGED_IN_AT not in self:
            return super().get_expiry_age(**kwargs)
        return max(0, math.ceil((self._last_end - timezone.now()).total_seconds()))

    # --- the clocks ----------------------------------------------------------------------

    def start_clock(self, *, idle: timedelta) -> None:
        """Begin to count, at a login; SESSION_COOKIE_AGE is the absolute limit."""
        self[_LOGGED_IN_AT] = int(timezone.now().timestamp())
        self[_IDLE_SECONDS] = int(idle.total_seconds())
        self._ends_at = self._end_after_activity()

    def touch(self, *, at_once: bool = False) -> None:
        """Note that the person does something: one statement, and none within a grain of the last.

        Arguments:
            at_once: move the end within a grain too.
        """
        if _LOGGED_IN_AT not in self:
            return
        ends_at = self._end_after_activity()
        gained = ends_at - self._ends_at
        is_due = at_once or gained >= grain(self._idle) or ends_at == self._last_end
        if gained > timedelta(0) and is_due:
            rows = self.model.objects.filter(session_key=self.session_key, expire_date__gt=timezone.now())
            if rows.update(expire_date=ends_at):
                self._ends_at = ends_at

    @property
    def clock(self) -> Clock | None:
        """Return what is left of a session in which somebody is logged in."""
        if _LOGGED_IN_AT not in self:
            return None
        left = math.floor((self._ends_at - timezone.now()).total_seconds())
        return Clock(max(0, left), self._idle, is_final=self._ends_at >= self._last_end)

    @property
    def _idle(self) -> timedelta:
        return timedelta(seconds=self[_IDLE_SECONDS])

    @property
    def _last_end(self) -> datetime:
        logged_in_at = datetime.fromtimestamp(self[_LOGGED_IN_AT], tz=UTC)
        return logged_in_at + timedelta(seconds=settings.SESSION_COOKIE_AGE)

    def _end_after_activity(self) -> datetime:
        return min(timezone.now() + self._idle + grain(self._idle), self._last_end)


def _query_live() -> QuerySet:
    rows, fields = SessionStore.get_model_class().objects, SessionStore.get_model_class()._meta
    ends_at = fields.get_field("expire_date")
    live = rows.filter(session_key=Slot("key", fields.pk), expire_date__gt=Slot("now", ends_at))
    return live.values_list("session_data", "expire_date")


_live = Prepared(_query_live)
