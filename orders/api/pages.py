"""Pages of the list of orders.

Pages follow the key (created_at, id), or of fills (confirmed_at, id), so page 10,000 costs what page 1
costs. A filter that few orders fit must not cost a walk over all the others: the list is read in parts,
each of which has an index that holds the filtered column before the key, and the parts are merged.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.request import Request

from orders.errors import InvalidRequest
from orders.models import Order
from orders.wire import request_fields

_FORWARD, _BACKWARD = "n", "p"
CREATED: Final = "created_at"
CONFIRMED: Final = "confirmed_at"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: behind this order, towards older (forward) or newer ones."""

    at: datetime
    order_id: UUID
    forward: bool

    def encode(self) -> str:
        """The cursor as clients carry it; its inside is no promise."""
        way = _FORWARD if self.forward else _BACKWARD
        text = f"{way}|{self.at.isoformat()}|{self.order_id.hex}"
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


def read_page(
    orders: QuerySet[Order], parts: Sequence[Q], position: Position | None, limit: int, by: str = CREATED
) -> Page:
    """One page of those ``orders`` that fit one of ``parts``, behind ``position``, or the first page.

    ``by`` is the column that they are listed by, which none of them has as NULL.
    """
    forward = position is None or position.forward
    behind = _behind(orders, position, by)
    rows = _read(behind, parts[0], forward, limit + 1, by) if len(parts) == 1 else []
    if len(parts) > 1:
        rows = _merge(behind, parts, forward, limit + 1, by)
    more = len(rows) > limit
    rows = rows[:limit] if forward else rows[:limit][::-1]
    if not rows:
        return Page([], None, None)
    has_older = more if forward else True
    has_newer = position is not None if forward else more
    oldest, newest = rows[-1], rows[0]
    return Page(
        rows,
        Position(getattr(oldest, by), oldest.pk, forward=True) if has_older else None,
        Position(getattr(newest, by), newest.pk, forward=False) if has_newer else None,
    )


def url_of(request: Request, position: Position | None) -> str | None:
    """The address of a neighbouring page of the list that was asked for."""
    if position is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = position.encode()
    path = request.path.rstrip("/")
    return str(request.build_absolute_uri(f"{path}?{query.urlencode()}"))


def _in_order(orders: QuerySet[Order], forward: bool, by: str) -> QuerySet[Order]:
    return orders.order_by(f"-{by}", "-id") if forward else orders.order_by(by, "id")


def _read(orders: QuerySet[Order], part: Q, forward: bool, most: int, by: str) -> list[Order]:
    return list(_in_order(orders.filter(part), forward, by)[:most])


def _merge(orders: QuerySet[Order], parts: Sequence[Q], forward: bool, most: int, by: str) -> list[Order]:
    """The first ``most`` of all parts. An order that moves on meanwhile may be in two of them."""
    keys: set[tuple[datetime, UUID]] = set()
    for part in parts:
        keys.update(_in_order(orders.filter(part), forward, by).values_list(by, "id")[:most])
    first = sorted(keys, reverse=forward)[:most]
    rows = orders.model.objects.in_bulk([order_id for _, order_id in first])
    return [rows[order_id] for _, order_id in first]


def _behind(orders: QuerySet[Order], position: Position | None, by: str) -> QuerySet[Order]:
    if position is None:
        return orders
    at, key = position.at, position.order_id
    # The outer comparison is implied by the inner one; it is what lets the index range begin here.
    if position.forward:
        inner = Q(**{f"{by}__lt": at}) | Q(**{by: at, "id__lt": key})
        return orders.filter(inner, **{f"{by}__lte": at})
    inner = Q(**{f"{by}__gt": at}) | Q(**{by: at, "id__gt": key})
    return orders.filter(inner, **{f"{by}__gte": at})
