"""Find people and organizations by words that begin as typed.

On PostgreSQL an index of words answers, made by a migration: `HasWords` is written as it is there. SQLite looks
through the accounts, of which a desk of its size has few, and finds words by what they contain too.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import BooleanField, Func, Q, QuerySet

from accounts.models import Organization, User
from desk.text import query_words

_PIECE = re.compile(r"[^\W_]+")
_FIELDS = {User: ("username", "email", "first_name", "last_name"), Organization: ("name",)}


class HasWords(Func):
    """Whether the text of these columns has what is asked for."""

    arg_joiner = " || ' ' || "
    template = "to_tsvector('simple', translate(%(expressions)s, '@.-_''’+/', '        '))"
    output_field = BooleanField()

    def __init__(self, *fields: str, query: str):
        super().__init__(*fields)
        self.query = query

    def as_sql(self, compiler, connection, **extra):
        document, params = super().as_sql(compiler, connection, **extra)
        return f"({document} @@ to_tsquery('simple', %s))", [*params, self.query]


def find_people(people: QuerySet[User], text: str) -> QuerySet[User]:
    """Keep those whose name, User ID or email address has words with all of these beginnings; no words keep all."""
    return _find(people, text)


def find_organizations(organizations: QuerySet[Organization], text: str) -> QuerySet[Organization]:
    """Keep those whose name has words with all of these beginnings; no words keep all."""
    return _find(organizations, text)


def _find(rows: QuerySet, text: str) -> QuerySet:
    words, fields = query_words(text), _FIELDS[rows.model]
    if not words:
        return rows
    if connection.vendor == "postgresql":
        query = _query(words)
        return rows.filter(HasWords(*fields, query=query)) if query else rows.none()
    for word in words:
        rows = rows.filter(reduce(or_, (Q(**{f"{name}__icontains": word}) for name in fields)))
    return rows


def _query(words: list[str]) -> str:
    """Return words as to_tsquery reads them: the pieces of one, as of an address, have to stand side by side."""
    phrases = [pieces for word in words if (pieces := _PIECE.findall(word))]
    return " & ".join("({}:*)".format(" <-> ".join(pieces)) for pieces in phrases)
