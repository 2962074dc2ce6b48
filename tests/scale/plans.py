"""What PostgreSQL does for a page: the plan of each statement, and how much of the tables it read for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection

# A table of more rows is never to be read from end to end...
BIG = 2000
# ...nor further than the lists of the admin count, nor for the sake of few of its rows.
COUNTED, FEW = 5001, 100
_READS = frozenset({"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Bitmap Index Scan", "Tid Scan"})


@dataclass(frozen=True)
class Statement:
    """A statement as it was sent.

    Arguments:
        is_cursor: its rows are fetched as they are wanted.
    """

    sql: str
    params: tuple | None
    is_cursor: bool = False


@dataclass
class Cost:
    """What statements did; `rows` are those that were looked at, kept or not, `buffers` pages of 8 kB."""

    rows: int = 0
    buffers: int = 0
    scanned: list[str] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        """Return the plans, the costliest first."""
        return "\n".join(self.plans)

    def add(self, other: Cost) -> None:
        self.rows += other.rows
        self.buffers += other.buffers
        self.scanned += other.scanned
        self.plans += other.plans


@contextmanager
def captured() -> Iterator[list[Statement]]:
    """Collect what is sent to the database, to be explained afterwards."""
    statements: list[Statement] = []

    def note(execute, sql, params, many, context):
        is_cursor = bool(getattr(context["cursor"].cursor, "name", None))
        statements.append(Statement(sql, params, is_cursor))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements


def big_tables() -> frozenset[str]:
    """Return the tables with more than BIG rows, as the planner knows them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [BIG])
        return frozenset(name for (name,) in cursor.fetchall())


def cost_of(statements: Iterable[Statement], big: frozenset[str]) -> Cost:
    """Explain each statement; reads run once more, what writes is planned alone."""
    cost = Cost()
    for statement in statements:
        cost.add(_cost(statement, big))
    return cost


def _cost(statement: Statement, big: frozenset[str]) -> Cost:
    verb = _verb(statement.sql)
    if verb not in ("SELECT", "UPDATE", "DELETE"):
        return Cost()
    if statement.is_cursor:
        options, sql = "FORMAT JSON", f"DECLARE explained CURSOR FOR {statement.sql}"
    elif verb == "SELECT":
        options, sql = "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON", statement.sql
    else:
        options, sql = "FORMAT JSON", statement.sql
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({options}) {sql}", statement.params)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    root = plan[0]["Plan"]
    nodes = list(_nodes(root))
    return Cost(
        rows=sum(map(_rows_read, nodes)),
        buffers=root.get("Shared Hit Blocks", 0) + root.get("Shared Read Blocks", 0),
        scanned=[
            f"{node['Relation Name']} {node.get('Filter', '')}"
            for node in nodes
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in big and not _stops_early(node)
        ],
        plans=[f"{statement.sql}\n{_drawn(root)}"],
    )


def _verb(sql: str) -> str:
    """Return what a statement does, also one that is prepared."""
    first, _blank, rest = sql.lstrip("( ").partition(" ")
    if first.upper() != "EXECUTE":
        return first.upper()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE name = %s", [rest.partition(" ")[0]])
        ((prepared,),) = cursor.fetchall()
    return _verb(prepared.partition(" AS ")[2])


def _nodes(node: dict) -> Iterator[dict]:
    yield node
    for part in node.get("Plans", ()):
        yield from _nodes(part)


def _rows_read(node: dict) -> int:
    if node["Node Type"] not in _READS:
        return 0
    each = sum(
        node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    )
    return each * node.get("Actual Loops", 0)


def _stops_early(node: dict) -> bool:
    """Tell whether a scan ended as soon as enough was found, which most rows count for."""
    kept, thrown = node.get("Actual Rows", 0), node.get("Rows Removed by Filter", 0)
    loops, read = node.get("Actual Loops"), kept + thrown
    return loops == 0 or (loops == 1 and (read < FEW or (thrown <= kept and read < COUNTED)))


def _drawn(node: dict, depth: int = 0) -> str:
    """Draw a plan, a node a line."""
    place = node.get("Index Name") or node.get("Relation Name", "")
    buffers = node.get("Shared Hit Blocks", 0) + node.get("Shared Read Blocks", 0)
    condition = node.get("Index Cond") or node.get("Filter", "")
    line = f"{'  ' * depth}{node['Node Type']} {place} rows {_rows_read(node)} buffers {buffers} {condition}\n"
    return line + "".join(_drawn(part, depth + 1) for part in node.get("Plans", ()))
