"""How many orders a user may place per minute, counted where the orders are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from orders.errors import TooManyRequests
from orders.models import Order

_WINDOW: Final = timedelta(minutes=1)
# Of the advisory lock of a user, beside their key; "rate" in ASCII.
_LOCK: Final = 0x72617465


def require_room(user_id: Any, orders: int = 1) -> None:
    """Raise TooManyRequests when so many orders more would be over ORDERS_PER_MINUTE for the user.

    One read of an index; 0 switches it off. Asked before an order is written it spares a transaction; only
    `take_room` sees what others write at the same moment.
    """
    most = settings.ORDERS_PER_MINUTE
    if not most:
        return
    place = max(0, most - orders)
    newest_first = Order.objects.filter(user_id=user_id).order_by("-created_at", "-id")
    last_of_the_most = list(newest_first.values_list("created_at", flat=True)[place : place + 1])
    wait = last_of_the_most[0] + _WINDOW - timezone.now() if last_of_the_most else timedelta(0)
    if orders > most:
        wait = max(wait, timedelta(seconds=1))
    if wait > timedelta(0):
        # Rounded up: a client that comes back exactly then must find room.
        seconds = -(-wait // timedelta(seconds=1))
        raise TooManyRequests(
            "Too many orders within a minute", retryAfterSeconds=seconds, ordersPerMinute=most
        )


def take_room(orders: Sequence[Order]) -> None:
    """`require_room` for orders that the caller's transaction writes: others wait until it ends.

    On SQLite every writing transaction waits for the one before it anyway.
    """
    if not settings.ORDERS_PER_MINUTE:
        return
    for user_id, count in sorted(Counter(order.user_id for order in orders).items()):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, user_id])
        require_room(user_id, count)
