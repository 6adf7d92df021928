"""How far a connection has been sent of each order that it follows, and the rows that come next.

The rows are the truth and a hint is only a reason to look, so a lost, doubled or late hint can
neither leave a gap nor repeat an event.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from orders.index_conditions import IS_UNFINISHED
from orders.lifecycle import ACTIVE, FINAL
from orders.models import Order, OrderEvent

# Finished orders are remembered so that neither a late hint nor the next look repeats them, but not for ever:
# so many of them, and all that ended in the time that a feed looks back.
_REMEMBERED: Final = 10_000
_REMEMBERED_SECONDS: Final = 60
_LONGEST_SNAPSHOT: Final = 1_000
_ORDERS_A_QUERY: Final = 500
# An order with many more is read page by page, so that memory is bounded.
EVENTS_A_PAGE: Final = 500


class Following:
    """The orders of one connection and the last sequence sent of each."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running: dict[UUID, int] = {}
        self._finished: OrderedDict[UUID, tuple[int, float]] = OrderedDict()

    def __contains__(self, order_id: UUID) -> bool:
        return order_id in self._running or order_id in self._finished

    def __len__(self) -> int:
        """How many of them go on."""
        return len(self._running)

    def follow(self, order_id: UUID, after: int = 0) -> None:
        """Begin, or begin again, behind sequence ``after``."""
        self._finished.pop(order_id, None)
        self._running[order_id] = after

    def unfollow(self, order_id: UUID) -> bool:
        """Forget an order; whether it was followed."""
        was_running = self._running.pop(order_id, None) is not None
        return self._finished.pop(order_id, None) is not None or was_running

    def running(self) -> dict[UUID, int]:
        """The orders whose final event has not been sent, with the last sequence sent."""
        return dict(self._running)

    def behind(self, hints: Mapping[UUID, int]) -> dict[UUID, int]:
        """Of the orders named by hints, those that have reached more than was sent."""
        sent = {order_id: self._sent(order_id) for order_id in hints if order_id in self}
        return {order_id: last for order_id, last in sent.items() if last < hints[order_id]}

    def take(self, event: OrderEvent) -> bool:
        """Whether this event is to be sent now; if so it counts as sent."""
        order_id = event.order_id
        if order_id not in self or event.sequence <= self._sent(order_id):
            return False
        self._running.pop(order_id, None)
        self._finished.pop(order_id, None)
        if event.status in FINAL:
            self.pass_over(order_id, event.sequence)
        else:
            self._running[order_id] = event.sequence
        return True

    def pass_over(self, order_id: UUID, sequence: int) -> None:
        """Count an order as finished and sent up to this sequence."""
        now = self._clock()
        self._finished[order_id] = sequence, now
        self._finished.move_to_end(order_id)
        while len(self._finished) > _REMEMBERED and self._oldest() < now - _REMEMBERED_SECONDS:
            self._finished.popitem(last=False)

    def _oldest(self) -> float:
        return next(iter(self._finished.values()))[1]

    def _sent(self, order_id: UUID) -> int:
        return self._running.get(order_id, self._finished.get(order_id, (0, 0.0))[0])


def rows_after(sent: Mapping[UUID, int]) -> list[OrderEvent]:
    """The events of these orders behind the given sequences, each order's in sequence, a page of each."""
    found: list[OrderEvent] = []
    for order_ids in _chunks(sent):
        # Those that have been sent about as far are read together, so that none is read far beyond its page.
        for alike in _groups(order_ids, lambda order_id: sent[order_id] // EVENTS_A_PAGE):
            lowest = min(sent[order_id] for order_id in alike)
            highest = max(sent[order_id] for order_id in alike) + EVENTS_A_PAGE
            rows = OrderEvent.objects.filter(order_id__in=alike, sequence__gt=lowest, sequence__lte=highest)
            found.extend(rows.order_by("order_id", "sequence"))
    return [event for event in found if 0 < event.sequence - sent[event.order_id] <= EVENTS_A_PAGE]


def _groups(order_ids: Sequence[UUID], by: Callable[[UUID], int]) -> Iterable[list[UUID]]:
    groups: dict[int, list[UUID]] = {}
    for order_id in order_ids:
        groups.setdefault(by(order_id), []).append(order_id)
    return groups.values()


def own_order(user_id: Any, order_id: UUID) -> Order | None:
    """An order of this user, or None."""
    return Order.objects.filter(user_id=user_id, pk=order_id).first()


def active_orders(user_id: Any) -> list[UUID]:
    """The user's orders that workers see to now, newest first, at most a thousand."""
    active = Order.objects.filter(IS_UNFINISHED, user_id=user_id, status__in=sorted(ACTIVE))
    return list(active.order_by("-created_at", "-id").values_list("pk", flat=True)[:_LONGEST_SNAPSHOT])


def orders_since(user_id: Any, moment: datetime) -> list[UUID]:
    """The user's orders that were made since a moment."""
    return list(Order.objects.filter(user_id=user_id, created_at__gte=moment).values_list("pk", flat=True))


def ended_since(user_id: Any, moment: datetime) -> list[tuple[UUID, int]]:
    """Those of the user's orders made since a moment that have come to their end, and its sequence."""
    ended = Order.objects.filter(user_id=user_id, created_at__gte=moment, status__in=sorted(FINAL))
    return list(ended.values_list("pk", "version"))


def _chunks(order_ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    rest = iter(order_ids)
    while chunk := list(islice(rest, _ORDERS_A_QUERY)):
        yield chunk
