"""Orders as CSV (RFC 4180), made while it is sent: a page of rows at a time, up to a fixed number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from orders.models import Order
from orders.reporting.csv_text import csv_cells, csv_lines
from orders.wire.orders import order_as_wire

MOST_ROWS: Final = 50_000
_PAGE: Final = 500
_COLUMNS: Final = (
    "orderId",
    "clientOrderId",
    "createdAt",
    "confirmedAt",
    "status",
    "type",
    "network",
    "tokenIn",
    "tokenOut",
    "amountIn",
    "amountInRaw",
    "quotedAmountOut",
    "minAmountOut",
    "executedAmountIn",
    "executedAmountOut",
    "executedAmountOutRaw",
    "quotedPrice",
    "executedPrice",
    "slippageBps",
    "slippageRealisedBps",
    "dex",
    "venue",
    "pool",
    "attempt",
    "txHash",
    "slot",
    "wallet",
)
_FEES: Final = ("lp", "lpToken", "network", "priority")
_MORE: Final = ("user", *(f"fee_{name}" for name in _FEES), "errorCode", "errorMessage")


def csv_pages(orders: QuerySet[Order], most: int) -> Iterator[str]:
    """The head line, then the orders newest first, at most ``most``, some hundred lines a piece."""
    yield csv_lines([(*_COLUMNS, *_MORE)])
    position: tuple[datetime, UUID] | None = None
    left = most
    while left > 0:
        page = list(_behind(orders, position)[: min(_PAGE, left)])
        if not page:
            return
        yield csv_lines([_row(order) for order in page])
        position = page[-1].created_at, page[-1].pk
        left -= len(page)


def _behind(orders: QuerySet[Order], position: tuple[datetime, UUID] | None) -> QuerySet[Order]:
    newest_first = orders.select_related("user").order_by("-created_at", "-id")
    if position is None:
        return newest_first
    created_at, order_id = position
    older = Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=order_id)
    return newest_first.filter(older, created_at__lte=created_at)


def _row(order: Order) -> list[str]:
    wire = order_as_wire(order)
    error = wire["error"] or {}
    values: list[Any] = [wire.get(name) for name in _COLUMNS]
    values += [order.user.get_username(), *(wire["fees"][name] for name in _FEES)]
    values += [error.get("code"), error.get("message")]
    return csv_cells(values)
