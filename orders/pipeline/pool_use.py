"""When orders last swapped by each pool: gathered in memory, written once in a while for all of them.

A write an order would double what settling writes, for a column that people look at. What a process had not
written when it ended is lost: the next order by the pool says it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from orders.models import KnownPool, Order
from orders.records import routes

_WRITTEN_EVERY_SECONDS: Final = 10
# In one statement: databases bound how many values it may name.
_AT_ONCE: Final = 500


class PoolUse:
    """The pools used since the last write; any thread may note, one writes at a time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._changing = threading.Lock()
        self._used: set[str] = set()
        self._latest: datetime | None = None
        self._due = 0.0

    def note(self, orders: Iterable[Order]) -> None:
        """These orders have swapped, by the pools of their routes."""
        pools = {pool for order in orders for pool in routes.pools(order)}
        if pools:
            with self._changing:
                self._used |= pools
                self._latest = timezone.now()

    def write_due(self) -> bool:
        """Write what was noted if it is time; whether there was something to write."""
        with self._changing:
            if not self._used or self._monotonic() < self._due:
                return False
            used, latest, self._used = sorted(self._used), self._latest, set()
            self._due = self._monotonic() + _WRITTEN_EVERY_SECONDS
        earlier = Q(last_used_at=None) | Q(last_used_at__lt=latest)
        for at in range(0, len(used), _AT_ONCE):
            known = KnownPool.objects.filter(
                earlier, network=settings.SOLANA_NETWORK, address__in=used[at : at + _AT_ONCE]
            )
            known.update(last_used_at=latest)
        return True


_of_this_process = PoolUse()


def note(orders: Iterable[Order]) -> None:
    """These orders have swapped, by the pools of their routes."""
    _of_this_process.note(orders)


def write_due() -> bool:
    """Write what this process has noted if it is time; whether there was something to write."""
    return _of_this_process.write_due()
