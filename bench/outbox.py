"""The portal's database, looked at and filled from outside: what is owed to whom."""

from __future__ import annotations

import psycopg2

_EVENT = "(code, about_kind, about_id, refs, created_at, attempts, expanded_at, next_attempt_at, last_error)"
_MESSAGE = (
    "(event_id, kind, recipient_id, recipient_key, fixed_address, to_address, about_kind, about_id, state,"
    " hold_reason, attempts, next_attempt_at, last_error, nonce, message_id, created_at)"
)


class Outbox:
    """Arguments: the URL of a portal's PostgreSQL database."""

    def __init__(self, database: str):
        self._connection = psycopg2.connect(database)
        self._connection.autocommit = True

    def forget(self) -> None:
        """Let nothing be owed any more."""
        self._run(
            "UPDATE mail_outboxevent SET expanded_at = now(), next_attempt_at = NULL WHERE next_attempt_at IS NOT NULL"
        )
        self._run(
            "UPDATE mail_outboxmessage SET state = 'cancelled', next_attempt_at = NULL"
            " WHERE next_attempt_at IS NOT NULL"
        )
        self._tidy()

    def owe_events(self, count: int) -> None:
        """Let so many of the newest cases have been filed with nobody told yet, a hundred seconds apart.

        That is how fast a million cases come in three years, and what an outage of mail leaves.
        """
        self._run(
            f"INSERT INTO mail_outboxevent {_EVENT} SELECT 'case_filed', 'case', id,"
            " jsonb_build_object('by', provider_id), now() - row_number() OVER () * interval '100 s', 0,"
            " NULL, now(), '' FROM (SELECT id, provider_id FROM cases_case ORDER BY id DESC LIMIT %s) AS newest",
            count,
        )

    def owe_mails(self, count: int) -> None:
        """Let so many mails wait, each of an event of its own."""
        self._run(
            f"WITH told AS (INSERT INTO mail_outboxevent {_EVENT}"
            " SELECT 'case_filed', 'case', id, jsonb_build_object('by', provider_id), now(), 0, now(), NULL, ''"
            " FROM cases_case, generate_series(1, %s / (SELECT count(*) FROM cases_case) + 1) LIMIT %s"
            f" RETURNING id, about_id, refs) INSERT INTO mail_outboxmessage {_MESSAGE}"
            " SELECT id, 'case_filed', (refs->>'by')::int, 'user:' || (refs->>'by'), '', '', 'case', about_id,"
            " 'queued', '', 0, now(), '', '', '<bench.' || id || '@example.org>', now() FROM told",
            count,
            count,
        )
        self._tidy()

    def owe_again(self, after: int, until: int) -> None:
        """Let what the events between two numbers owed be owed once more."""
        self._run(
            "UPDATE mail_outboxmessage SET state = 'queued', next_attempt_at = now()"
            " WHERE event_id > %s AND event_id <= %s",
            after,
            until,
        )
        self._tidy()

    def cases(self) -> int:
        return self._run("SELECT count(*) FROM cases_case")[0][0]

    def owed(self) -> int:
        """Return how many events and mails a worker has still to do with."""
        return self._run(
            "SELECT (SELECT count(*) FROM mail_outboxevent WHERE next_attempt_at IS NOT NULL)"
            " + (SELECT count(*) FROM mail_outboxmessage WHERE next_attempt_at IS NOT NULL)"
        )[0][0]

    def newest_event(self) -> int:
        return self._run("SELECT COALESCE(MAX(id), 0) FROM mail_outboxevent")[0][0]

    def mails_after(self, event: int) -> dict[str, str]:
        """Return the Message-IDs of what later events owe, and how each mail stands."""
        return dict(self._run("SELECT message_id, state FROM mail_outboxmessage WHERE event_id > %s", event))

    def _tidy(self) -> None:
        """Do at once what the server would do while pages are measured."""
        for command in ("VACUUM ANALYZE mail_outboxevent", "VACUUM ANALYZE mail_outboxmessage", "CHECKPOINT"):
            self._run(command)

    def _run(self, query: str, *values) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []
