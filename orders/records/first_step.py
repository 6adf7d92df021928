"""The first step of new orders: claimed and moved from pending to routing by one UPDATE.

To claim them and then to move them writes each row twice for what one statement can say. What needs more than
that is left to `orders.records.leases` and `orders.records.journal`: orders of a group, orders that have
expired, and orders on which work broke off before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from orders.index_conditions import written
from orders.lifecycle import ACTIVE, Status
from orders.models import Order
from orders.records import journal, leases, sql
from orders.telemetry import counters

_FROM: Final = Status.PENDING
_TO: Final = Status.ROUTING


def take(order_ids: Collection[UUID], most: int) -> list[Order]:
    """Lease those of the orders that nothing keeps from it, and move them to routing; in their order.

    With them the oldest pending ones, ``most`` in all, unless work on one of those named broke off before.
    They are looked for in the transaction that takes them: who looked before would find the same ones as
    every other worker, and be left with what the first of them leaves.

    The claim's conditions guard the step: a pending order of nobody is at its first version for all who see
    it, and a second worker finds none.
    """
    if not order_ids:
        return []
    now, token = timezone.now(), leases.new_token()
    with transaction.atomic(), connection.cursor() as cursor:
        taken = _moved(cursor, order_ids, token, now)
        others = _oldest(order_ids, most - len(taken), now)
        taken += _moved(cursor, others, token, now)
        if taken:
            journal.write_events(cursor, [(order, _TO, {}) for order in taken], now)
            _count_on_commit(taken, now)
    return sorted(taken, key=lambda order: (order.due_at, order.created_at))


def _moved(cursor: CursorWrapper, order_ids: Collection[UUID], token: UUID, now: datetime) -> list[Order]:
    if not order_ids:
        return []
    ids = sql.padded(order_ids)
    named = [
        ("status", _TO.value),
        ("updated_at", now),
        ("lease_token", token),
        ("lease_until", now + timedelta(seconds=settings.LEASE_SECONDS)),
        *leases.free_and_due_at(now),
        ("status", _FROM.value),
        ("expires_at", now),
        *(("id", order_id) for order_id in ids),
    ]
    cursor.execute(_take(len(ids)), sql.values(Order, named))
    return sql.rows(Order, cursor.fetchall())


def _oldest(beside: Collection[UUID], most: int, now: datetime) -> list[UUID]:
    """The oldest pending orders that are free, and that nobody else takes in a transaction right now.

    None where work on one of those ``beside`` broke off before, and none on which it did.
    """
    if most <= 0 or not beside:
        return []
    ids = sql.padded(beside)
    named = [*leases.free_and_due_at(now), *(("id", order_id) for order_id in ids)]
    with connection.cursor() as cursor:
        cursor.execute(_oldest_free(len(ids)), [*sql.values(Order, named), most])
        return sql.keys(Order, cursor.fetchall())


def _count_on_commit(taken: Sequence[Order], now: datetime) -> None:
    # A pending order has stood there since it was accepted.
    steps = [counters.Step(order, _FROM, order.created_at, now, {}) for order in taken]
    transaction.on_commit(lambda: counters.moved(steps), robust=True)


@lru_cache(maxsize=256)
def _take(orders: int) -> str:
    column = partial(sql.column, Order)
    takeable = leases.unlocked(
        f"{leases.free_and_due()} AND {column('status')} = %s AND {column('starts')} = 0"
        f" AND {column('group')} IS NULL"
        f" AND ({column('expires_at')} IS NULL OR {column('expires_at')} > %s)"
        f" AND {column('id')} IN {sql.places(orders)}"
    )
    return (
        f"UPDATE {sql.table(Order)} SET {column('version')} = {column('version')} + 1,"
        f" {column('status')} = %s, {column('updated_at')} = %s, {column('waits_for')} = '',"
        f" {column('lease_token')} = %s, {column('lease_until')} = %s"
        f" WHERE {takeable} RETURNING {sql.every_column(Order)}"
    )


@lru_cache(maxsize=256)
def _oldest_free(named: int) -> str:
    starts = f"{sql.column(Order, 'starts')} >= {leases.STARTS_TOGETHER}"
    suspects = f"SELECT 1 FROM {sql.table(Order)} WHERE {sql.column(Order, 'id')} IN {sql.places(named)}"
    # In the words of the index `order_due`, so that SQLite uses it.
    return (
        f"SELECT {sql.column(Order, 'id')} FROM {sql.table(Order)}"
        f" WHERE {written(ACTIVE)} AND {leases.free_and_due()} AND {written([Status.PENDING])}"
        f" AND NOT {starts} AND NOT EXISTS ({suspects} AND {starts})"
        f" ORDER BY {sql.column(Order, 'due_at')} LIMIT %s"
        f"{' FOR UPDATE SKIP LOCKED' if connection.features.has_select_for_update_skip_locked else ''}"
    )
