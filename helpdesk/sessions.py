"""Sessions in the database that look up well-formed keys only."""

import re

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore


class SessionStore(DatabaseSessionStore):
    """Take a cookie that Django cannot have set for no session: PostgreSQL raises on a NUL in it."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and re.fullmatch(r"[a-z0-9]{32}", key) is not None
