"""The engine's books, read from its tables over a connection of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import environ
import psycopg

from orders.lifecycle import GroupRole, Status


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as the table has it; amounts in base units, fees in lamports."""

    order_id: UUID
    status: str
    version: int
    token_in: str
    token_out: str
    amount_in: int
    executed_in: int | None
    executed_out: int | None
    fees: int | None
    signature: str
    error_code: str
    client_order_id: str | None
    type: str = "market"
    floor_out: int | None = None
    group_id: UUID | str | None = None
    group_role: str = ""

    @property
    def is_swap(self) -> bool:
        """Whether it swaps itself, not by orders of its own as a schedule and a budget do."""
        return self.group_role not in (GroupRole.SCHEDULE, GroupRole.BUDGET)

    @property
    def wants_swap(self) -> bool:
        """Whether there must be a swap of it on the chain."""
        return self.status == Status.CONFIRMED and self.is_swap


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One signed transaction of an order; ``fees``, tip and rent in lamports, None while it is open."""

    order_id: UUID
    number: int
    signature: str
    state: str
    sends: int
    created_at: datetime
    fees: int | None
    tip: int | None
    rent: int | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One step of an order."""

    order_id: UUID
    sequence: int
    status: str
    at: datetime


class EngineBooks:
    """Reads the database at a URL; raises the driver's error when it is away."""

    def __init__(self, database_url: str) -> None:
        self._config = environ.Env.db_url_config(database_url)

    def orders(self) -> dict[UUID, OrderRow]:
        """Every order by its id."""
        rows = self._rows(
            "SELECT id, status, version, token_in, token_out, amount_in, executed_amount_in, "
            "executed_amount_out, network_fee + priority_fee, signature, error_code, client_order_id, "
            "type, floor_amount_out, group_id, group_role FROM orders_order"
        )
        found = [OrderRow(_uuid(first), *others) for first, *others in rows]
        return {order.order_id: order for order in found}

    def count(self, status: Status) -> int:
        """How many orders are at a status."""
        return int(self._rows(f"SELECT COUNT(*) FROM orders_order WHERE status = '{status.value}'")[0][0])  # noqa: S608

    def tells_new_pools(self) -> bool:
        """Whether all pools have been listed once: what comes up from then on is known to be new."""
        rows = self._rows("SELECT listed_venues FROM orders_launchwatch")
        # SQLite keeps JSON as text.
        return any(listed not in ([], "[]") for (listed,) in rows)

    def attempts(self) -> Mapping[UUID, list[AttemptRow]]:
        """The attempts of every order that has any, in their order."""
        rows = self._rows(
            "SELECT order_id, number, signature, state, sends, created_at, network_fee + priority_fee, tip, "
            "rent FROM orders_attempt ORDER BY order_id, number"
        )
        found: dict[UUID, list[AttemptRow]] = {}
        for order_id, number, signature, state, sends, created_at, *cost in rows:
            attempt = AttemptRow(_uuid(order_id), number, signature, state, sends, _moment(created_at), *cost)
            found.setdefault(attempt.order_id, []).append(attempt)
        return found

    def events(self) -> Mapping[UUID, list[EventRow]]:
        """The journal of every order, in its order."""
        rows = self._rows(
            "SELECT order_id, sequence, status, at FROM orders_orderevent ORDER BY order_id, sequence"
        )
        found: dict[UUID, list[EventRow]] = {}
        for order_id, sequence, status, at in rows:
            event = EventRow(_uuid(order_id), sequence, status, _moment(at))
            found.setdefault(event.order_id, []).append(event)
        return found

    def launches(self) -> set[str]:
        """The new pools that have been seen, by address."""
        return {row[0] for row in self._rows("SELECT pool FROM orders_launch")}

    def is_being_sent(self, order_id: UUID) -> bool:
        """Whether a worker holds the order's lease with an open attempt committed."""
        rows = self._rows(
            "SELECT o.id FROM orders_order o JOIN orders_attempt a ON a.order_id = o.id "
            "WHERE o.status = 'building' AND o.lease_token IS NOT NULL AND a.state = 'open'"
        )
        return order_id in {_uuid(row[0]) for row in rows}

    def _rows(self, query: str) -> list[Any]:
        if "sqlite" in self._config["ENGINE"]:
            connection = sqlite3.connect(self._config["NAME"], timeout=20)
            try:
                return connection.execute(query).fetchall()
            finally:
                connection.close()
        with psycopg.connect(**_psycopg_arguments(self._config)) as server:
            return server.execute(query.encode()).fetchall()


def _psycopg_arguments(config: Mapping[str, Any]) -> dict[str, Any]:
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {name: config[key] for name, key in named.items() if config.get(key)}


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
