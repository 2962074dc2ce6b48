"""A list of MY LISTS as a file for spreadsheets: names and dates, no word of what was asked."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import datetime
from io import StringIO

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import name_of
from cases import statuses
from cases.lists import Query, listed_cases, select_cases
from cases.models import Channel, Priority, Side, case_id_of

ROWS_AT_ONCE = 1000
_PIECE = 32 * 1024
# Excel takes a file without it for Windows-1252.
_BYTE_ORDER_MARK = "\ufeff"
_BREAKS = frozenset("\t\r\n")
_FORMULA_STARTS = frozenset("=+-@\N{MINUS SIGN}")
_FIELDS = (
    "pk",
    "request_type__name",
    "provider__first_name",
    "provider__last_name",
    "provider__username",
    "provider__email",
    "organization_name",
    "status",
    "priority",
    "queue__name",
    "assigned_agent__first_name",
    "assigned_agent__last_name",
    "assigned_agent__username",
    "channel",
    "filed_at",
    "updated_at",
    "waiting_since",
    "last_message_by",
)


def defused(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (OWASP, "CSV Injection").

    Full-width signs count as the signs that they stand for; blanks and invisible characters in
    front hide nothing.
    """
    first = text[:1]
    if first.isascii() and first.isalnum():
        return text
    if first in _BREAKS:
        return f"'{text}"
    plain = unicodedata.normalize("NFKC", text)
    first = next((char for char in plain if not char.isspace() and unicodedata.category(char) != "Cf"), "")
    return f"'{text}" if first in _FORMULA_STARTS else text


def _heading() -> list[str]:
    return [
        _("Case ID"),
        _("Request type"),
        _("Provider"),
        _("Help Desk User ID"),
        _("Business email"),
        _("Organization as filed"),
        _("Status"),
        _("Priority"),
        _("Queue"),
        _("Assigned agent"),
        _("Channel"),
        _("Filed"),
        _("Updated"),
        _("Waiting since"),
        _("Last message by"),
    ]


class _Words:
    """How codes and times are written; looked up once for a file, not once for a row."""

    def __init__(self):
        self.status = {code: str(label) for code, label in statuses.CHOICES}
        self.priority, self.channel, self.side = (
            {code: str(label) for code, label in choices}
            for choices in (Priority.choices, Channel.choices, Side.choices)
        )
        self._zone = timezone.get_current_timezone()

    def time(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).isoformat(timespec="seconds")


def _cells(row: tuple, words: _Words) -> list[str]:
    pk, request_type, first, last, username, email, organization, status, priority, queue, *rest = row
    agent_first, agent_last, agent_username, channel, filed, updated, waiting, side = rest
    return [
        case_id_of(pk),
        request_type,
        name_of(first, last, username),
        username,
        email,
        organization,
        words.status[status],
        words.priority[priority],
        queue,
        name_of(agent_first, agent_last, agent_username),
        words.channel[channel],
        words.time(filed),
        words.time(updated),
        words.time(waiting),
        words.side[side],
    ]


def export_cases(user, query: Query) -> Iterator[str]:
    """Yield all cases of a list, in its order, as pieces of a CSV file.

    Memory and statements are the same for few and many rows. The rows are those of one moment:
    what is changed meanwhile stands in the file once, as it was. Whoever stops half-way closes
    the iterator, and with it the cursor.
    """
    sign = "-" if query.sort.descending else ""
    cases = select_cases(listed_cases(user), query, user)
    cases = cases.order_by(f"{sign}{query.sort.field}", f"{sign}pk").values_list(*_FIELDS)
    buffer = StringIO()
    buffer.write(_BYTE_ORDER_MARK)
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    # Programs read the file too: its columns are the same whatever its reader's language.
    with translation.override(settings.LANGUAGE_CODE):
        writer.writerow(_heading())
        words = _Words()
    with _one_moment(), closing(cases.iterator(chunk_size=ROWS_AT_ONCE)) as rows:
        for row in rows:
            writer.writerow([defused(cell) for cell in _cells(row, words)])
            if buffer.tell() > _PIECE:
                yield _drained(buffer)
        yield _drained(buffer)


def _one_moment() -> AbstractContextManager:
    """Return a transaction where a cursor reads the rows: outside of one PostgreSQL reads all before it gives any.

    SQLite reads by one statement, and its transactions would keep everybody from writing until the file is sent.
    """
    return transaction.atomic() if connection.features.has_select_for_update else nullcontext()


def _drained(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
