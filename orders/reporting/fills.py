"""Fills: the confirmed swaps of a user on this engine's network, with what they cost.

An order whose rounds or purchases are orders of their own is no swap; one whose block was dropped again is
none either, until it is confirmed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q, QuerySet

from orders.index_conditions import IS_CONFIRMED
from orders.lifecycle import GroupRole
from orders.models import Order
from orders.records import costs
from orders.reporting.csv_text import csv_table
from orders.wire.fills import FILL, Fill, fill_of

MOST_ROWS: Final = 50_000
_BATCH: Final = 500
_NO_SWAPS: Final = (GroupRole.SCHEDULE, GroupRole.BUDGET)
_COLUMNS: Final = tuple(field.name for field in FILL.fields)


def confirmed_swaps(user: AbstractBaseUser) -> QuerySet[Order]:
    """The orders that have swapped and that no fork has undone."""
    orders = Order.objects.filter(IS_CONFIRMED, user_id=user.pk, network=settings.SOLANA_NETWORK)
    moved = Q(confirmed_at__isnull=False, executed_amount_in__gt=0, executed_amount_out__isnull=False)
    return orders.filter(moved).exclude(group_role__in=_NO_SWAPS)


def with_costs(orders: Iterable[Order]) -> Iterator[Fill]:
    """These orders as fills, in their order."""
    for batch in _batched(orders):
        paid = costs.of_orders([order.pk for order in batch])
        yield from (fill_of(order, paid.get(order.pk, costs.NOTHING_PAID)) for order in batch)


def csv_pieces(orders: QuerySet[Order]) -> Iterator[str]:
    """The head line, then the newest ``MOST_ROWS`` of these orders, newest first, some hundred a piece."""
    yield csv_table(_COLUMNS, ())
    newest = orders.order_by("-confirmed_at", "-id")[:MOST_ROWS]
    for batch in _batched(newest.iterator(_BATCH)):
        yield csv_table(_COLUMNS, (FILL.of(fill) for fill in with_costs(batch)), head=False)


def _batched(orders: Iterable[Order]) -> Iterator[list[Order]]:
    batch: list[Order] = []
    for order in orders:
        batch.append(order)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
