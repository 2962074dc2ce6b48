"""The search index: one document a case, kept by triggers of the database.

So each door keeps it, bulk statements too, in the transaction of the write itself. Everything in it
is derived: `migrate` makes what is missing and fills it from the rows.

A document has four parts, since not everybody may find a case by everything: `text` (what the
provider may read), `people` (the provider's name), `contact` (User ID and email address) and
`internal` (internal notes).
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL

TABLE = "cases_search"
PARTS = ("text", "people", "contact", "internal")
# tsvector labels a word with one of four letters; FTS5 has a column for each part.
_WEIGHTS = dict(zip(PARTS, "ABCD", strict=True))

# Of a part, at most this much is indexed, the newest first: a tsvector holds one megabyte.
_LIMIT = 150_000
FEW = 1000

_BODIES = """(SELECT {aggregate} FROM (SELECT body FROM cases_message m
    WHERE m.case_id = c.id AND m.kind {kinds} ORDER BY m.id DESC LIMIT 1000) AS newest)"""
_PUBLIC = _BODIES.format(aggregate="{aggregate}", kinds="<> 'internal'")
_INTERNAL = _BODIES.format(aggregate="{aggregate}", kinds="= 'internal'")
_FROM = """FROM cases_case c
    JOIN cases_requesttype t ON t.id = c.request_type_id
    JOIN accounts_user u ON u.id = c.provider_id"""


def _postgresql() -> list[str]:
    public, internal = (bodies.format(aggregate="string_agg(body, ' ')") for bodies in (_PUBLIC, _INTERNAL))

    def part(name: str, *texts: str) -> str:
        joined = f"left(concat_ws(' ', {', '.join(texts)}), {_LIMIT})"
        return f"setweight(to_tsvector('simple', {joined}), '{_WEIGHTS[name]}')"

    document = " || ".join(
        [
            part("text", "t.name", "t.name_es", "c.organization_name", "c.description", public),
            part("people", "u.first_name", "u.last_name"),
            part("contact", "u.username", "replace(u.username, '.', ' ')", "u.email"),
            part("internal", internal),
        ]
    )
    statements = [
        f"CREATE TABLE IF NOT EXISTS {TABLE} (case_id bigint PRIMARY KEY, document tsvector NOT NULL)",
        f"CREATE INDEX IF NOT EXISTS {TABLE}_document ON {TABLE} USING gin (document)",
        # A function in SQL would be planned at each call; this one is planned once for a connection.
        f"""CREATE OR REPLACE FUNCTION {TABLE}_put(number bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO {TABLE} SELECT c.id, {document} {_FROM} WHERE c.id = number
            ON CONFLICT (case_id) DO UPDATE SET document = EXCLUDED.document; END $$""",
    ]
    for name, timing, table, action in (
        ("case_new", "AFTER INSERT", "cases_case", f"PERFORM {TABLE}_put(NEW.id);"),
        (
            "case_text",
            "AFTER UPDATE OF description, organization_name, request_type_id, provider_id",
            "cases_case",
            f"PERFORM {TABLE}_put(NEW.id);",
        ),
        ("case_gone", "AFTER DELETE", "cases_case", f"DELETE FROM {TABLE} WHERE case_id = OLD.id;"),
        ("message_new", "AFTER INSERT", "cases_message", f"PERFORM {TABLE}_put(NEW.case_id);"),
        (
            "message_text",
            "AFTER UPDATE OF body, case_id, kind",
            "cases_message",
            f"PERFORM {TABLE}_put(NEW.case_id);"
            f" IF NEW.case_id <> OLD.case_id THEN PERFORM {TABLE}_put(OLD.case_id); END IF;",
        ),
        (
            "person",
            "AFTER UPDATE OF first_name, last_name, username, email",
            "accounts_user",
            "IF (NEW.first_name, NEW.last_name, NEW.username, NEW.email) IS DISTINCT FROM"
            " (OLD.first_name, OLD.last_name, OLD.username, OLD.email) THEN"
            f" PERFORM {TABLE}_put(id) FROM cases_case WHERE provider_id = NEW.id; END IF;",
        ),
    ):
        function = f"{TABLE}_{name}"
        statements += [
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN {action} RETURN NULL; END $$",
            f"CREATE OR REPLACE TRIGGER {function} {timing} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
        ]
    # Emptying a table of a test database fires no trigger of a row.
    statements += [
        f"CREATE OR REPLACE FUNCTION {TABLE}_all_gone() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN TRUNCATE {TABLE}; RETURN NULL; END $$",
        f"CREATE OR REPLACE TRIGGER {TABLE}_all_gone AFTER TRUNCATE ON cases_case"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_all_gone()",
    ]
    return statements


def _sqlite_triggers() -> dict[str, str]:
    """Return when each trigger fires, and what it does, by its name."""
    public, internal = (bodies.format(aggregate="group_concat(body, ' ')") for bodies in (_PUBLIC, _INTERNAL))

    def put(where: str) -> str:
        return f"""BEGIN INSERT OR REPLACE INTO {TABLE} (rowid, {", ".join(PARTS)})
            SELECT c.id,
                t.name || ' ' || t.name_es || ' ' || c.organization_name || ' ' || c.description || ' '
                    || coalesce({public}, ''),
                u.first_name || ' ' || u.last_name,
                u.username || ' ' || u.email,
                coalesce({internal}, '')
            {_FROM} WHERE {where}; END"""

    names = ("first_name", "last_name", "username", "email")
    renamed = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in names)
    changed = "description, organization_name, request_type_id, provider_id"
    return {
        f"{TABLE}_case_new": f"AFTER INSERT ON cases_case {put('c.id = NEW.id')}",
        f"{TABLE}_case_text": f"AFTER UPDATE OF {changed} ON cases_case {put('c.id = NEW.id')}",
        f"{TABLE}_case_gone": f"AFTER DELETE ON cases_case BEGIN DELETE FROM {TABLE} WHERE rowid = OLD.id; END",
        f"{TABLE}_message_new": f"AFTER INSERT ON cases_message {put('c.id = NEW.case_id')}",
        f"{TABLE}_message_text": "AFTER UPDATE OF body, case_id, kind ON cases_message "
        + put("c.id IN (NEW.case_id, OLD.case_id)"),
        f"{TABLE}_person": f"AFTER UPDATE OF {', '.join(names)} ON accounts_user WHEN {renamed} "
        + put("c.provider_id = NEW.id"),
    }


_SQLITE_TRIGGERS = _sqlite_triggers()


def _sqlite() -> list[str]:
    return [
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING fts5"
        f"({', '.join(PARTS)}, tokenize = 'unicode61 remove_diacritics 2')",
        *(f"CREATE TRIGGER {name} {action}" for name, action in _SQLITE_TRIGGERS.items()),
    ]


def make_index(using: BaseDatabaseWrapper) -> None:
    """Make what is missing of the index, all or nothing; fill it when it is made, or was left without its triggers."""
    with transaction.atomic(using=using.alias), using.cursor() as cursor:
        is_behind = TABLE not in using.introspection.table_names(cursor)
        if using.vendor == "sqlite":
            is_behind |= drop_triggers(using) < len(_SQLITE_TRIGGERS)
        for statement in _postgresql() if using.vendor == "postgresql" else _sqlite():
            cursor.execute(statement)
        if is_behind:
            fill(cursor, using.vendor)


def drop_triggers(using: BaseDatabaseWrapper) -> int:
    """Take away SQLite's triggers and return how many there were; `make_index` makes them anew and fills the index.

    To change a table Django makes it anew, and SQLite renames none while a trigger speaks of one that is away.
    """
    with using.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, %s) = %s",
            [len(TABLE) + 1, f"{TABLE}_"],
        )
        names = [name for (name,) in cursor.fetchall()]
        for name in names:
            cursor.execute(f"DROP TRIGGER {name}")
    return len(names)


def fill(cursor, vendor: str) -> None:
    """Write the document of every case anew."""
    if vendor == "postgresql":
        cursor.execute(f"SELECT count({TABLE}_put(id)::text) FROM cases_case")
    else:
        cursor.execute("UPDATE cases_case SET description = description")


def found(words: Sequence[str], *, parts: Sequence[str], number: int | None = None) -> list[int] | RawSQL:
    """Return the numbers of the cases whose documents have words with all of these beginnings.

    Up to FEW they are looked up, in one statement. Where there are more it is a subquery: a planner takes no
    beginning of a word for rare, and would walk along all cases to find the one page that there is.

    Arguments:
        parts: where to look, of PARTS.
        number: a case that is found too, whatever it says; a merged one means the case that it is part of.
    """
    sql, params = _select(words, parts, number)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({sql}) AS found LIMIT {FEW + 1}", params)
        few = [number for (number,) in cursor.fetchall()]
    return few if len(few) <= FEW else RawSQL(sql, params)


def _select(words: Sequence[str], parts: Sequence[str], number: int | None) -> tuple[str, list]:
    if connection.vendor == "postgresql":
        letters = "".join(_WEIGHTS[part] for part in parts) if len(parts) < len(PARTS) else ""
        query = " & ".join(f"{_quoted(word)}:*{letters}" for word in words)
        sql = f"SELECT case_id FROM {TABLE} WHERE document @@ to_tsquery('simple', %s)"
    else:
        phrases = ('"{}" *'.format(word.replace('"', '""')) for word in words)
        query = "{{{}}} : ({})".format(" ".join(parts), " AND ".join(phrases))
        sql = f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s"
    if number is None:
        return sql, [query]
    return f"{sql} UNION ALL SELECT coalesce(merged_into_id, id) FROM cases_case WHERE id = %s", [query, number]


def _quoted(word: str) -> str:
    """Quote a word as to_tsquery reads it."""
    doubled = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
