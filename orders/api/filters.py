"""The list of orders: which of them, and which page.

Pages follow the key (created_at, id), so page 10,000 costs what page 1 costs.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from orders import gateway, request_fields
from orders.errors import InvalidRequest
from orders.lifecycle import OrderType, Status
from orders.models import Order

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
# The largest value of the column that counts events.
MAX_SEQUENCE: Final = 2**31 - 1
_FORWARD, _BACKWARD = "n", "p"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: behind this order, towards older (forward) or newer ones."""

    created_at: datetime
    order_id: UUID
    forward: bool

    def encode(self) -> str:
        """The cursor as clients carry it; its inside is no promise."""
        way = _FORWARD if self.forward else _BACKWARD
        text = f"{way}|{self.created_at.isoformat()}|{self.order_id.hex}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str) -> Position:
    """The position of a cursor; raises InvalidRequest for anything that `encode` did not make."""
    try:
        way, moment, order_id = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("|")
        if way not in {_FORWARD, _BACKWARD}:
            raise ValueError(way)
        return Position(request_fields.moment(moment), UUID(hex=order_id), way == _FORWARD)
    except (binascii.Error, UnicodeError, ValueError):
        raise InvalidRequest(cursor="take it from next or previous of an earlier answer") from None


@dataclass(frozen=True, slots=True)
class Page:
    """Orders, newest first, and the positions of the neighbouring pages."""

    orders: list[Order]
    next: Position | None
    previous: Position | None


def read_page(orders: QuerySet[Order], position: Position | None, limit: int) -> Page:
    """One page behind ``position``, or the first one."""
    forward = position is None or position.forward
    key = ("-created_at", "-id") if forward else ("created_at", "id")
    rows = list(_behind(orders, position).order_by(*key)[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit] if forward else rows[:limit][::-1]
    if not rows:
        return Page([], None, None)
    has_older = more if forward else True
    has_newer = position is not None if forward else more
    oldest, newest = rows[-1], rows[0]
    return Page(
        rows,
        Position(oldest.created_at, oldest.pk, forward=True) if has_older else None,
        Position(newest.created_at, newest.pk, forward=False) if has_newer else None,
    )


def _behind(orders: QuerySet[Order], position: Position | None) -> QuerySet[Order]:
    if position is None:
        return orders
    at, order_id = position.created_at, position.order_id
    # The outer comparison is implied by the inner one; it is what lets the index range begin here.
    if position.forward:
        return orders.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=order_id), created_at__lte=at)
    return orders.filter(Q(created_at__gt=at) | Q(created_at=at, id__gt=order_id), created_at__gte=at)


def conditions(query: Mapping[str, str]) -> Q:
    """The filters of a query string as one condition. Raises InvalidRequest, UnknownToken."""
    wanted = Q()
    refusals: dict[str, str] = {}
    for name, read in _FILTERS.items():
        if not query.get(name):
            continue
        try:
            wanted &= read(query[name])
        except ValueError as error:
            refusals[name] = str(error)
    if refusals:
        raise InvalidRequest("The filter is not valid", **refusals)
    return wanted


def bounded_integer(query: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    """An integer of a query string within its bounds; raises InvalidRequest."""
    text = query.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and lowest <= int(text) <= highest):
        raise InvalidRequest(**{name: f"an integer from {lowest} to {highest}"})
    return int(text)


def _one_of(field: str, text: str, known: list[str]) -> Q:
    values = text.lower().split(",")
    if not set(values) <= set(known):
        raise ValueError(f"one or more of {', '.join(known)}, separated by commas")
    return Q(**{f"{field}__in": values})


def _dex(text: str) -> Q:
    return Q(dex=request_fields.token_name(text).lower())


def _token(text: str) -> Q:
    mint = gateway.find_token(request_fields.token_name(text)).mint
    return Q(token_in=mint) | Q(token_out=mint)


_FILTERS: Final[Mapping[str, Any]] = {
    "status": lambda text: _one_of("status", text, Status.values),
    "type": lambda text: _one_of("type", text, OrderType.values),
    "dex": _dex,
    "token": _token,
    "since": lambda text: Q(created_at__gte=request_fields.moment(text)),
    "until": lambda text: Q(created_at__lt=request_fields.moment(text)),
    "clientOrderId": lambda text: Q(client_order_id=request_fields.key(text)),
}
