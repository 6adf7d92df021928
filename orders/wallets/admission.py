"""Which signed transactions may be stored: those that funds and caps cover, counted where they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from orders.gateway import Failure, SignedSwap
from orders.models import Order
from orders.wallets import caps, funds
from orders.wallets.counting_lock import lock_counting
from orders.wallets.funds import Shortage


class Admission:
    """The decision about one batch, made inside the transaction that stores its attempts.

    ``short`` and ``capped`` are why the others are not stored, by order.
    """

    def __init__(self) -> None:
        self.short: dict[UUID, Shortage] = {}
        self.capped: dict[UUID, Failure] = {}

    def admit(self, signed: Sequence[tuple[Order, SignedSwap]], now: datetime) -> list[Order]:
        """Those that may be stored, each counted before the next one is looked at."""
        lock_counting()
        oldest = min((swap.funds for _, swap in signed), key=lambda one: one.slot)
        taken = funds.committed((oldest.slot, oldest.read_at))
        today = caps.Today([order for order, _ in signed], now)
        admitted = []
        for order, swap in signed:
            if (short := funds.shortage(order, swap.funds, taken)) is not None:
                self.short[order.pk] = short
            elif (capped := today.refusal(order)) is not None:
                self.capped[order.pk] = capped
            else:
                taken.add(order.wallet, order.token_in, order.amount_in, swap.funds.lamports_needed)
                today.count(order)
                admitted.append(order)
        return admitted

    def stored(self, orders: Sequence[Order], now: datetime) -> None:
        """Count those whose attempts are written."""
        caps.count(orders, now)
