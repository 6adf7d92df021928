"""Orders of every type that waits, and a price that swings so that some of them fire, among a soak's traffic.

They all go over one pool, whose price the swings move: market orders of this wallet like any other, so that
the books still add up. A price fault of the chain would not.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from orders.lifecycle import FINAL, Status
from orders.proving.soak.books import EngineBooks
from orders.proving.soak.client import EngineClient
from orders.proving.soak.waiting import eventually

_ONLY: Final[Mapping[str, Any]] = {"venues": ["raydium-cpmm"], "maxHops": 1, "maxSplits": 1}
_BETWEEN_SECONDS: Final = 0.5
_BETWEEN_SWINGS_SECONDS: Final = 1.5
# A swing moves the pool's price by about half a percent; so far from the middle they go at most.
_SWING_SOL: Final = 120
_FURTHEST_SWINGS: Final = 3
_LEAST_LAMPORTS, _MOST_LAMPORTS = 10_000_000, 2_000_000_000
# Levels lie so many basis points from the price.
_NEAREST_BPS, _FURTHEST_BPS = 20, 150
_ALL_BPS: Final = 10_000
# One in so many is amended or cancelled right afterwards.
_ONE_CHANGED_IN: Final = 6
_LONGEST_OUTAGE_SECONDS: Final = 90
_END_SECONDS: Final = 180
# Refusals that a moving price explains.
_BY_THE_PRICE: Final = frozenset({"WOULD_TRIGGER_NOW"})

Terms = Callable[[random.Random, Decimal], Mapping[str, Any]]


class WaitingTraffic:
    """A client that places orders that wait, and one that swings the price, until they are told to stop."""

    def __init__(self, client: EngineClient, seed: int) -> None:
        self._client = client
        self._stop = threading.Event()
        self.failures: list[str] = []
        self.placed: Counter[str] = Counter()
        self._threads = [
            threading.Thread(target=self._guarded, args=(work, random.Random(f"{seed} {name}")), daemon=True)  # noqa: S311
            for name, work in (("orders", self._wait), ("swings", self._swing))
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Place no more, and wait for the last answers."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_LONGEST_OUTAGE_SECONDS + 40)

    def end(self, books: EngineBooks) -> None:
        """Cancel what still waits, as often as something comes back to wait; raises TooLate."""

        def all_ended() -> bool:
            left = [order for order in books.orders().values() if Status(order.status) not in FINAL]
            if any(order.status == Status.OPEN for order in left):
                self._client.send("POST", "/api/orders/cancel?status=open")
            return not left

        eventually(all_ended, _END_SECONDS, "an end of all orders that wait")

    def _guarded(self, work: Callable[[random.Random], None], draw: random.Random) -> None:
        try:
            work(draw)
        except AssertionError as error:
            self.failures.append(str(error))

    def _wait(self, draw: random.Random) -> None:
        while not self._stop.wait(_BETWEEN_SECONDS):
            price = self._client.price(**_ONLY)
            if price is None:
                continue
            kind = KINDS[self.placed.total() % len(KINDS)]
            order_id = self._place(terms_of(kind, draw, price))
            self.placed[kind] += 1
            if order_id is not None and draw.randrange(_ONE_CHANGED_IN) == 0:
                self._change(draw, order_id)

    def _place(self, terms: Mapping[str, Any]) -> UUID | None:
        """The order's id, or None for one that the price has overtaken."""
        fields = {**_ONLY, **terms}
        return self._client.place_unless(_BY_THE_PRICE, seconds=_LONGEST_OUTAGE_SECONDS, **fields)

    def _change(self, draw: random.Random, order_id: UUID) -> None:
        """Whatever comes of it: an order that has moved on refuses both."""
        if draw.random() < 0.5:
            self._client.send("POST", f"/api/orders/{order_id}/cancel")
        else:
            later = {"version": 1, "slippageBps": draw.randint(20, 300)}
            self._client.send("PATCH", f"/api/orders/{order_id}", later)

    def _swing(self, draw: random.Random) -> None:
        place, up = 0, draw.random() < 0.5
        while not self._stop.wait(_BETWEEN_SWINGS_SECONDS):
            price = self._client.price(**_ONLY)
            if price is None:
                continue
            place += 1 if up else -1
            if abs(place) == _FURTHEST_SWINGS:
                up = place < 0
            bought = {"tokenIn": "USDC", "tokenOut": "SOL", "amountIn": f"{_SWING_SOL * price:.6f}"}
            sold = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": str(_SWING_SOL)}
            self._place({**(bought if up else sold), "slippageBps": 300})


def _level(draw: random.Random, price: Decimal, side: int) -> str:
    bps = draw.randint(_NEAREST_BPS, _FURTHEST_BPS)
    return f"{price * (_ALL_BPS + side * bps) / _ALL_BPS:.6f}"


def _sells(draw: random.Random, **terms: Any) -> dict[str, Any]:
    amount = str(draw.randint(_LEAST_LAMPORTS, _MOST_LAMPORTS))
    return {"tokenIn": "SOL", "tokenOut": "USDC", "amountInRaw": amount, **terms}


def _exits(draw: random.Random, price: Decimal) -> dict[str, Any]:
    stop_loss = {"triggerPrice": _level(draw, price, -1)}
    return {"takeProfit": {"limitPrice": _level(draw, price, 1)}, "stopLoss": stop_loss}


def _bracket(draw: random.Random, price: Decimal) -> dict[str, Any]:
    bought = {"tokenIn": "USDC", "tokenOut": "SOL", "amountIn": str(draw.randint(1, 200))}
    return {**bought, "priceOf": "tokenOut", "orderClass": "bracket", **_exits(draw, price)}


def _stop_limit(draw: random.Random, price: Decimal) -> dict[str, Any]:
    trigger = _level(draw, price, -1)
    limit = f"{Decimal(trigger) * 998 / 1000:.6f}"
    return _sells(draw, type="stop_limit", triggerPrice=trigger, limitPrice=limit)


_KINDS: Final[Mapping[str, Terms]] = {
    "limit": lambda draw, price: _sells(draw, type="limit", limitPrice=_level(draw, price, 1)),
    "stop": lambda draw, price: _sells(draw, type="stop", triggerPrice=_level(draw, price, -1)),
    "stop_limit": _stop_limit,
    "take_profit": lambda draw, price: _sells(draw, type="take_profit", triggerPrice=_level(draw, price, 1)),
    "trailing_stop": lambda draw, _: _sells(draw, type="trailing_stop", trailBps=draw.randint(50, 100)),
    "oco": lambda draw, price: _sells(draw, orderClass="oco", **_exits(draw, price)),
    "bracket": _bracket,
    "dca": lambda draw, _: _sells(
        draw, type="dca", rounds=draw.randint(2, 4), intervalSeconds=draw.randint(1, 3)
    ),
}
KINDS: Final[Sequence[str]] = tuple(_KINDS)


def terms_of(kind: str, draw: random.Random, price: Decimal) -> dict[str, Any]:
    """The body of an order of a kind of `KINDS`, near the price of one SOL in USDC."""
    return {**_ONLY, **_KINDS[kind](draw, price)}
