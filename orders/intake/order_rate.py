"""How many orders a user may place a minute, counted where the orders are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from orders.errors import TooManyRequests
from orders.models import Order

_WINDOW: Final = timedelta(minutes=1)


def require_room(user_id: Any) -> None:
    """Raise TooManyRequests when the user's last ORDERS_PER_MINUTE orders are all younger than a minute.

    One read of an index; 0 switches it off. Orders that are being written at this moment are not
    seen yet, so a user may get past it by as many as they have requests under way.
    """
    most = settings.ORDERS_PER_MINUTE
    if not most:
        return
    newest_first = Order.objects.filter(user_id=user_id).order_by("-created_at", "-id")
    last_of_the_most = list(newest_first.values_list("created_at", flat=True)[most - 1 : most])
    wait = last_of_the_most[0] + _WINDOW - timezone.now() if last_of_the_most else timedelta(0)
    if wait > timedelta(0):
        # Rounded up: a client that comes back exactly then must find the door open.
        seconds = -(-wait // timedelta(seconds=1))
        raise TooManyRequests(
            "Too many orders within a minute", retryAfterSeconds=seconds, ordersPerMinute=most
        )
