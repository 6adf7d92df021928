"""A sniper order for each of many launches: placed before the pool opens, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

from orders.client.remote import EngineRefused, RemoteEngine
from orders.lifecycle import FINAL, AttemptState, Status
from orders.proving.launches.node import Launched, LocalnetLaunches

Wire = Mapping[str, Any]

_POLL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """``amount`` is in SOL, ``more`` further fields of each order; ``every`` so many seconds a launch."""

    wishes: Sequence[Mapping[str, Any]]
    amount: str
    more: Mapping[str, Any]
    every: float
    patience: float


@dataclass(frozen=True, slots=True)
class Snipe:
    """A launch and the order for it; ``refused`` is why the engine took none."""

    launched: Launched
    order: Wire | None = None
    refused: str = ""

    @property
    def is_bought(self) -> bool:
        return self.order is not None and self.order["status"] == Status.CONFIRMED

    @property
    def is_final(self) -> bool:
        return self.order is None or Status(self.order["status"]) in FINAL

    @property
    def landed_slot(self) -> int | None:
        """The slot of the transaction that bought; None where none did."""
        if self.order is None or not self.is_bought:
            return None
        slots = [
            each["slot"]
            for each in self.order["attempts"]
            if each["state"] == AttemptState.LANDED and not each["error"]
        ]
        return slots[-1] if slots else None

    @property
    def lag(self) -> int | None:
        """Slots from the opening to the purchase."""
        landed, opened = self.landed_slot, self.launched.opened_slot
        return None if landed is None or opened is None else landed - opened

    @property
    def outcome(self) -> str:
        """What became of it, in a word: bought, why it failed, or what it waits for."""
        if self.order is None:
            return self.refused
        if self.is_bought:
            return "bought"
        error = (self.order.get("error") or {}).get("code")
        return str(error or (self.order.get("sniping") or {}).get("waitingFor") or self.order["status"])


class SnipeRun:
    """One run against an engine on localnet; ``say`` writes a line of progress.

    Raises LaunchesNowhere, EngineRefused, EngineUnreachable.
    """

    def __init__(self, engine: RemoteEngine, launches: LocalnetLaunches, say: Callable[[str], None]) -> None:
        self._engine = engine
        self._launches = launches
        self._say = say

    def run(self, plan: Plan) -> list[Snipe]:
        """Launches, places and waits; what has not ended ``plan.patience`` after the last opening is
        cancelled.
        """
        snipes = list(self._placed(plan))
        if not snipes:
            return []
        first = snipes[0].launched.number
        self._await_openings(snipes, plan.patience)
        deadline = time.monotonic() + plan.patience
        while True:
            known = self._launches.since(first)
            snipes = [self._read(replace(each, launched=known[each.launched.number])) for each in snipes]
            left = [each for each in snipes if not each.is_final]
            if not left or time.monotonic() > deadline:
                break
            time.sleep(_POLL_SECONDS)
        return [self._cancelled(each) for each in snipes]

    def _placed(self, plan: Plan) -> Iterator[Snipe]:
        due = time.monotonic()
        for number, wish in enumerate(plan.wishes, start=1):
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due + plan.every, time.monotonic())
            yield self._place(self._launches.launch(wish), plan)
            if not number % 20:
                self._say(f"{number} of {len(plan.wishes)} launched")

    def _place(self, launched: Launched, plan: Plan) -> Snipe:
        body = {
            "type": "sniper",
            "tokenIn": "SOL",
            "tokenOut": launched.mint,
            "amountIn": plan.amount,
            "clientOrderId": f"launch-{uuid4()}",
            **plan.more,
        }
        self._launches.await_confirmed(launched.created_slot)
        try:
            return Snipe(launched, self._engine.place(body))
        except EngineRefused as error:
            return Snipe(launched, refused=error.code)

    def _await_openings(self, snipes: Sequence[Snipe], patience: float) -> None:
        first = snipes[0].launched.number
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if all(each.opened_slot is not None for each in self._launches.since(first).values()):
                return
            time.sleep(_POLL_SECONDS)

    def _read(self, snipe: Snipe) -> Snipe:
        if snipe.order is None or (snipe.is_final and "attempts" in snipe.order):
            return snipe
        return replace(snipe, order=self._engine.order(snipe.order["orderId"]))

    def _cancelled(self, snipe: Snipe) -> Snipe:
        """The order as it stood; it is cancelled if it still waits."""
        if snipe.order is not None and not snipe.is_final:
            try:
                self._engine.cancel(snipe.order["orderId"])
            except EngineRefused:
                return self._read(snipe)
        return snipe
