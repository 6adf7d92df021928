"""The demo: places a case of each type, moves the price, and holds each against what it should do."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from orders.client.remote import EngineRefused, RemoteEngine
from orders.lifecycle import Status
from orders.proving.demo.cases import CASES, MOVES, START, Case, at, did, fault_of, has_ended
from orders.proving.demo.prices import LocalnetPrices

Wire = Mapping[str, Any]
# After a move: confirmations, the guard if it holds a stop back, execution, and room for a busy machine.
_DEADLINE_SECONDS: Final = 40
_PAUSE_SECONDS: Final = 0.5
_CENT: Final = Decimal("0.01")


@dataclass(slots=True)
class Placed:
    """A case with its order as accepted, and what its orders were when they were last read."""

    case: Case
    order: Wire
    orders: Sequence[Wire]


class OrdersDemo:
    """One run against an engine; ``say`` writes a line."""

    def __init__(self, engine: RemoteEngine, prices: LocalnetPrices, say: Callable[[str], None]) -> None:
        self._engine = engine
        self._prices = prices
        self._say = say

    def run(self) -> int:
        """How many cases did not do what they should. Prices are set back whatever happens.

        Raises PricesStay, EngineRefused, EngineUnreachable.
        """
        price = Decimal(self._engine.quote("SOL", "USDC", "1")["best"]["price"]).quantize(_CENT)
        placed: list[Placed] = []
        try:
            self._say(f"100 % is {price} USDC for a SOL; all pools of SOL and a stablecoin go there")
            self._prices.set(price)
            self._await_price(price)
            placed += [self._place(case, price) for case in CASES]
            for number, percent in enumerate(MOVES):
                self._move(number, percent, price, placed)
        finally:
            self._prices.reset()
            self._cancel_rest(placed)
            self._say("prices are what they were")
        return sum(not self._judged(each, price) for each in placed)

    def _await_price(self, price: Decimal) -> None:
        """Until the engine's own quotes are those of the price; refusals of orders rest on them."""
        low, high = at(price, 98), at(price, 101)
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while time.monotonic() < deadline:
            if low < Decimal(self._engine.quote("SOL", "USDC", "1")["best"]["price"]) < high:
                return
            time.sleep(_PAUSE_SECONDS)

    def _place(self, case: Case, price: Decimal) -> Placed:
        order = self._engine.place(case.request(price, f"demo-{uuid4()}"))
        self._say(f"placed {case.name:<13} {order['orderId']}  {case.should}")
        return Placed(case, order, [order])

    def _move(self, number: int, percent: int, price: Decimal, placed: Sequence[Placed]) -> None:
        """Go to a price, and wait until what ends there has ended, and what does not has seen it."""
        if number:
            self._say(f"the price goes to {percent} %")
            self._prices.set(at(price, percent))
        due = [each for each in placed if each.case.ends_after == number]
        self._wait_until(lambda: all(self._has_ended(each) for each in due))
        trailing = [each for each in placed if each.case.name == "trailing_stop"]
        if percent > START:
            self._wait_until(
                lambda: all(self._has_followed(each, at(price, percent - 1)) for each in trailing)
            )
        for each in due:
            self._say(f"       {each.case.name:<13} {did(each.orders, price)}")

    def _has_ended(self, each: Placed) -> bool:
        self._read(each)
        return has_ended(each.case, each.orders)

    def _has_followed(self, each: Placed, value: Decimal) -> bool:
        self._read(each)
        watermark = (each.orders[0].get("trigger") or {}).get("watermark", "0")
        return Decimal(watermark) >= value

    def _read(self, each: Placed) -> None:
        group_id = each.order.get("groupId")
        each.orders = (
            self._engine.group(group_id)["orders"]
            if group_id
            else [self._engine.order(each.order["orderId"])]
        )

    def _wait_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not is_so() and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)

    def _cancel_rest(self, placed: Sequence[Placed]) -> None:
        for each in placed:
            self._read(each)
            for order in each.orders:
                if order["status"] == Status.OPEN:
                    try:
                        self._engine.cancel(order["orderId"])
                    except EngineRefused as error:
                        self._say(f"not cancelled: {order['orderId']}: {error.message}")

    def _judged(self, each: Placed, price: Decimal) -> bool:
        fault = fault_of(each.case, each.orders, price)
        self._say(f"{'OK    ' if not fault else 'NOT OK'} {each.case.name:<13} should: {each.case.should}")
        self._say(f"                     did: {did(each.orders, price)}")
        if fault:
            self._say(f"                     but: {fault}")
        return not fault
