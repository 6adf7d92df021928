"""How long an order takes from the slot that reaches its trigger to `submitted`, on a running engine.

The price of its localnet is set; a subscription of this process says when the node first shows it to anybody
at the commitment that the engine reads at. Everything else is when the engine's own events say that it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from websockets.sync.client import ClientConnection, connect

from orders.client.remote import RemoteEngine
from orders.proving.demo.prices import LocalnetPrices

_LEVEL, _RISEN = Decimal("1.02"), Decimal("1.04")
_PATIENCE_SECONDS: Final = 20
_PAUSE_SECONDS: Final = 0.05
# Between two orders, so that none begins while the one before it is settled.
_REST_SECONDS: Final = 0.8
_STEPS: Final = ("routing", "building", "submitted")


@dataclass(frozen=True, slots=True)
class Way:
    """Milliseconds of one order: from setting the price to the node's showing it, then to each step."""

    shown: int
    fired: int
    routed: int
    submitted: int

    @property
    def whole(self) -> int:
        """From the moment at which the node showed the price."""
        return self.fired + self.routed + self.submitted


class NoWay(Exception):
    """The engine did not do what is to be measured in time; the message says what."""


class TriggerWays:
    """Places one order after the other, each just out of reach, and brings the price to it."""

    def __init__(self, engine: RemoteEngine, prices: LocalnetPrices, socket_url: str) -> None:
        self._engine = engine
        self._prices = prices
        self._socket_url = socket_url

    def run(self, count: int) -> Iterator[Way]:
        """Measure so many; prices are set back whatever happens. Raises NoWay and what the client raises."""
        try:
            for _ in range(count):
                yield self._one()
        finally:
            self._prices.reset()

    def _one(self) -> Way:
        price = self._price()
        body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "type": "limit"}
        order_id = self._engine.place({**body, "limitPrice": f"{price * _LEVEL:.6f}"})["orderId"]
        time.sleep(_REST_SECONDS)
        with connect(self._socket_url, compression=None) as node:
            _subscribe(node, self._pool())
            began = time.time()
            self._prices.set((price * _RISEN).quantize(Decimal("0.000001")))
            shown = _shown_at(node)
        at = self._await_steps(order_id)
        self._prices.reset()
        self._await_price(price)
        moments = [began, shown, *(at[step] for step in _STEPS)]
        return Way(*(round((b - a) * 1_000) for a, b in pairwise(moments)))

    def _await_steps(self, order_id: str) -> dict[str, float]:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            order = self._engine.order(order_id)
            at = {e["status"]: datetime.fromisoformat(e["at"]).timestamp() for e in order["events"]}
            if "submitted" in at:
                return at
            time.sleep(_PAUSE_SECONDS)
        raise NoWay(f"order {order_id} was not submitted within {_PATIENCE_SECONDS} s")

    def _price(self) -> Decimal:
        return Decimal(self._engine.quote("SOL", "USDC", "1")["best"]["price"])

    def _pool(self) -> str:
        """A pool whose own account says its price."""
        offers: Sequence[dict[str, Any]] = self._engine.quote("SOL", "USDC", "1")["quotes"]
        return next(str(o["pool"]) for o in offers if o["venue"] in ("orca-whirlpool", "raydium-clmm"))

    def _await_price(self, price: Decimal) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self._price() < price * (1 + _LEVEL) / 2:
                return
            time.sleep(_PAUSE_SECONDS)
        raise NoWay("the price does not come back")


def _subscribe(node: ClientConnection, account: str) -> None:
    config = {"encoding": "base64", "commitment": "confirmed", "dataSlice": {"offset": 0, "length": 0}}
    request = {"jsonrpc": "2.0", "id": 1, "method": "accountSubscribe", "params": [account, config]}
    node.send(json.dumps(request))
    node.recv(_PATIENCE_SECONDS)


def _shown_at(node: ClientConnection) -> float:
    try:
        while "method" not in json.loads(node.recv(_PATIENCE_SECONDS)):
            pass
    except TimeoutError:
        raise NoWay("the node did not report the price") from None
    return time.time()
