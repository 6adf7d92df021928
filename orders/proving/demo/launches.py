"""The demo of sniper orders: launches a token for each case, and shows what each order waited for and did."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from orders.client.remote import EngineRefused, RemoteEngine
from orders.lifecycle import Status
from orders.proving.demo.launch_cases import CASES, LaunchCase, exits_of, fault_of, has_ended, waiting_for
from orders.proving.launches.node import Launched, LocalnetLaunches
from orders.proving.launches.snipes import Snipe

Wire = Mapping[str, Any]
_DEADLINE_SECONDS: Final = 110
_PAUSE_SECONDS: Final = 0.3


@dataclass(slots=True)
class Placed:
    """A case with its launch and its orders, as they were when last read, and what it has waited for."""

    case: LaunchCase
    launched: Launched
    orders: Sequence[Wire]
    waited_for: list[str] = field(default_factory=list)
    has_ended: bool = False


class LaunchesDemo:
    """One run against an engine; ``say`` writes a line."""

    def __init__(self, engine: RemoteEngine, launches: LocalnetLaunches, say: Callable[[str], None]) -> None:
        self._engine = engine
        self._launches = launches
        self._say = say

    def run(self) -> int:
        """How many cases did not do what they should.

        Raises LaunchesNowhere, EngineRefused, EngineUnreachable.
        """
        placed: list[Placed] = []
        try:
            placed += [self._place(case) for case in CASES]
            deadline = time.monotonic() + _DEADLINE_SECONDS
            while not all(each.has_ended for each in placed) and time.monotonic() < deadline:
                known = self._launches.since(placed[0].launched.number)
                for each in placed:
                    each.launched = known[each.launched.number]
                    self._read(each)
                time.sleep(_PAUSE_SECONDS)
        finally:
            self._cancel_rest(placed)
        return sum(not self._judged(each) for each in placed)

    def _place(self, case: LaunchCase) -> Placed:
        launched = self._launches.launch(case.wish)
        self._launches.await_confirmed(launched.created_slot)
        order = self._engine.place(case.request(launched.mint, f"demo-{uuid4()}"))
        self._say(f"launched {launched.symbol} on {launched.venue:<15} {case.name}: {case.should}")
        return Placed(case, launched, [order])

    def _read(self, each: Placed) -> None:
        if each.has_ended:
            return
        entry = self._engine.order(each.orders[0]["orderId"])
        exits: Sequence[Wire] = []
        if entry.get("groupId"):
            exits = exits_of(self._engine.group(entry["groupId"])["orders"])
        each.orders = [entry, *exits]
        why = waiting_for(entry)
        if why and why not in each.waited_for:
            each.waited_for.append(why)
            self._say(f"       {each.launched.symbol} waits: {entry['sniping']['why']}")
        is_sprung = each.launched.trap is None or self._is_sprung(each.launched)
        each.has_ended = has_ended(each.case, each.orders, is_sprung=is_sprung)
        if each.has_ended:
            self._say(f"       {each.launched.symbol} {self._did(each)}")

    def _is_sprung(self, launched: Launched) -> bool:
        # Nobody has bought, so nothing is there to be frozen.
        return (
            launched.opened_slot is not None
            if launched.trap == "freeze"
            else launched.sprung_slot is not None
        )

    def _did(self, each: Placed) -> str:
        entry, *exits = each.orders
        if entry["status"] != Status.CONFIRMED:
            return f"is not bought: {waiting_for(entry) or entry['status']}"
        lag = Snipe(each.launched, entry).lag
        text = f"bought {lag} slots after the opening" if lag is not None else "bought"
        sold = [order for order in exits if order["status"] == Status.CONFIRMED]
        brought = f", sold again for {sold[0]['executedAmountOut']} SOL" if sold else ""
        return f"{text}: {entry['executedAmountOut']} for {entry['executedAmountIn']} SOL{brought}"

    def _cancel_rest(self, placed: Sequence[Placed]) -> None:
        for each in placed:
            for order in each.orders:
                if order["status"] == Status.OPEN:
                    try:
                        self._engine.cancel(order["orderId"])
                    except EngineRefused as error:
                        self._say(f"not cancelled: {order['orderId']}: {error.message}")

    def _judged(self, each: Placed) -> bool:
        fault = fault_of(each.case, each.orders, each.waited_for)
        self._say(f"{'OK    ' if not fault else 'NOT OK'} {each.case.name:<20} should: {each.case.should}")
        self._say(f"       {'':<20} did: {self._did(each)}")
        if fault:
            self._say(f"       {'':<20} but: {fault}")
        return not fault
