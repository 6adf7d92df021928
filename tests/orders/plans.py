"""What the database means to do for the statements that a piece of code runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import connection

from orders.models import Attempt, Order, Trigger

PARTIAL = frozenset(
    [index.name for model in (Order, Trigger) for index in model._meta.indexes if index.condition is not None]
    + ["attempt_one_open_an_order"]
)
_TABLES = ("orders_order", "orders_attempt", "orders_orderevent", "orders_trigger")
assert Attempt._meta.db_table in _TABLES


@dataclass(slots=True)
class Plans:
    """The statements that were run, the indexes that they use, and those that read a whole table."""

    statements: list[str] = field(default_factory=list)
    indexes: set[str] = field(default_factory=set)
    whole_tables: list[str] = field(default_factory=list)


@contextmanager
def explained() -> Iterator[Plans]:
    """Explain each statement with its own parameters, just before it runs."""
    plans = Plans()

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not many and any(f'"{table}"' in sql for table in _TABLES) and not sql.startswith("INSERT"):
            plans.statements.append(sql)
            read = _read_sqlite if connection.vendor == "sqlite" else _read_postgresql
            read(plans, sql, params)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


def _read_sqlite(plans: Plans, sql: str, params: Any) -> None:
    # Below Django's wrappers, so that the parameters stay parameters.
    connection.ensure_connection()
    cursor = connection.connection.cursor()
    rows = cursor.execute("EXPLAIN QUERY PLAN " + sql.replace("%s", "?"), params or ())
    for *_, step in rows.fetchall():
        used = re.search(r"USING (?:COVERING )?INDEX (\w+)", step)
        if used:
            plans.indexes.add(used[1])
        if step.startswith(tuple(f"SCAN {table}" for table in _TABLES)) and not (used and used[1] in PARTIAL):
            plans.whole_tables.append(f"{step}: {sql}")


def _read_postgresql(plans: Plans, sql: str, params: Any) -> None:
    # Django's way: parameters become literals before the server sees them.
    with psycopg.ClientCursor(connection.connection) as cursor:
        # A sequential scan is then what is left when no index fits.
        cursor.execute("SET enable_seqscan = off")
        try:
            cursor.execute("EXPLAIN (FORMAT JSON) " + sql, params)
            (answer,) = cursor.fetchone()
        finally:
            cursor.execute("SET enable_seqscan = on")
    plan = json.loads(answer) if isinstance(answer, str) else answer
    for node in _nodes(plan[0]["Plan"]):
        index = node.get("Index Name")
        if index:
            plans.indexes.add(index)
        unbound = index and "Index Cond" not in node and index not in PARTIAL
        is_ours = node.get("Relation Name") in _TABLES
        if is_ours and (node.get("Node Type") == "Seq Scan" or unbound):
            plans.whole_tables.append(f"{node}: {sql}")


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
