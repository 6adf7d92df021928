"""Many subscribers of a running engine: who follows what, and whether each was sent all, once, in order."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from orders.proving.benchmark.load import LoadGenerator, LoadPlan
from orders.proving.benchmark.subscriber import Arrival, Subscriber, subscribe

SHAPES: Final = ("feed", "own", "mixed")
# Below the 50 that wait in daphne's listening socket.
_OPENING_AT_ONCE: Final = 25
_POLL_SECONDS: Final = 0.1
_MILLISECONDS: Final = 1000

Sockets = list[tuple[Subscriber, str | None]]


@dataclass(frozen=True, slots=True)
class SubscriptionPlan:
    """``load`` are the orders; ``subscribers`` sockets follow them in one of the ``SHAPES``.

    feed: each follows every order of one user. own: each places one order over its socket and
    follows that. mixed: they are spread over the orders and over the five endpoints.
    """

    load: LoadPlan
    subscribers: int
    shape: str
    orders_per_second: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of the events: milliseconds from commit to arrival, and how many went wrong."""

    delays_ms: Sequence[float]
    expected: int
    delivered: int
    missing: int
    repeated: int
    out_of_order: int
    refusals: Mapping[str, int]


class Subscriptions:
    """The sockets of one run."""

    def __init__(self, plan: SubscriptionPlan) -> None:
        self._plan = plan
        self._sockets: Sockets = []
        self._room = asyncio.Semaphore(_OPENING_AT_ONCE)
        self._opened_at: dict[Subscriber, float] = {}

    async def open_early(self) -> None:
        """Open those that are there before the first order."""
        paths = {"feed": "/api/orders/ws", "own": "/api/orders/connect"}
        if self._plan.shape in paths:
            await self._open([(paths[self._plan.shape], None, None)] * self._plan.subscribers)

    async def place(self) -> None:
        """Place all orders, and open the sockets that need to know one."""
        if self._plan.shape == "own":
            await self._place_over_sockets()
        elif self._plan.shape == "feed":
            await LoadGenerator(self._plan.load).run()
        else:
            await LoadGenerator(self._plan.load, self._open_doors_of).run()

    async def await_all(self, versions: Mapping[str, int], timeout_seconds: int) -> None:
        """Wait until as many messages have come as there should be, or the time is up."""
        deadline = time.monotonic() + timeout_seconds
        wanted = self._wanted(versions)
        while time.monotonic() < deadline and self._came() < wanted:  # noqa: ASYNC110
            # Bytes come in by themselves; there is no one event that all of them make together.
            await asyncio.sleep(_POLL_SECONDS)

    async def close(self) -> None:
        """Close all of them."""
        for socket, _ in self._sockets:
            socket.close()
        await asyncio.wait([socket.closed for socket, _ in self._sockets], timeout=10)

    def delivery(self, versions: Mapping[str, int]) -> Delivery:
        """Compare what came with the orders' journals: ``versions`` is the last sequence of each order."""
        delays: list[float] = []
        delivered = missing = repeated = disorder = 0
        refusals: dict[str, int] = {}
        for socket, order_id in self._sockets:
            arrivals = [one for one in socket.arrivals() if one.order_id in versions]
            delays += _delays(arrivals, self._opened_at[socket])
            followed = self._followed(order_id, arrivals, versions)
            found = _compare(arrivals, {each: versions[each] for each in followed})
            delivered, missing = delivered + found[0], missing + found[1]
            repeated, disorder = repeated + found[2], disorder + found[3]
            for code in socket.errors():
                refusals[code] = refusals.get(code, 0) + 1
        return Delivery(delays, self._wanted(versions), delivered, missing, repeated, disorder, refusals)

    def _came(self) -> int:
        return sum(len(socket.messages) for socket, _ in self._sockets)

    def _wanted(self, versions: Mapping[str, int]) -> int:
        if self._plan.shape == "feed":
            return self._plan.subscribers * sum(versions.values())
        if self._plan.shape == "own":
            return sum(versions.values())
        return sum(versions.get(order_id or "", 0) for _, order_id in self._sockets)

    def _followed(
        self, order_id: str | None, arrivals: Sequence[Arrival], versions: Mapping[str, int]
    ) -> set[str]:
        if self._plan.shape == "own":
            return {arrival.order_id for arrival in arrivals[:1]}
        return set(versions) if order_id is None else {order_id}

    async def _place_over_sockets(self) -> None:
        swaps, pause = self._plan.load.swaps, 1 / self._plan.orders_per_second
        for number, (socket, _) in enumerate(self._sockets):
            swap = swaps[number % len(swaps)]
            order = {
                "action": "execute_order",
                "tokenIn": swap.token_in,
                "tokenOut": swap.token_out,
                "amountIn": swap.amount,
                "clientOrderId": f"{self._plan.load.run}{number}",
            }
            socket.send(json.dumps(order).encode())
            await asyncio.sleep(pause)

    async def _open_doors_of(self, order_id: str) -> None:
        endpoints = (
            (f"/ws/orders/{order_id}", None),
            (f"/api/orders/execute?orderId={order_id}", None),
            (f"/api/orders/ws?orderId={order_id}", None),
            ("/api/orders/connect", order_id),
            ("/api/orders/execute", order_id),
        )
        count = self._plan.subscribers // self._plan.load.orders
        await self._open([(*endpoints[number % len(endpoints)], order_id) for number in range(count)])

    async def _open(self, wanted: Sequence[tuple[str, str | None, str | None]]) -> None:
        async def one(path: str, to_subscribe: str | None, order_id: str | None) -> None:
            async with self._room:
                socket = await subscribe(self._plan.load.url, path, self._plan.load.token)
            self._opened_at[socket] = time.time()
            self._sockets.append((socket, order_id))
            if to_subscribe is not None:
                socket.send(json.dumps({"action": "subscribe", "orderId": to_subscribe}).encode())

        await asyncio.gather(*(one(*endpoint) for endpoint in wanted))


def _delays(arrivals: Sequence[Arrival], opened_at: float) -> list[float]:
    moments = [(one.arrived_at, datetime.fromisoformat(one.committed_at).timestamp()) for one in arrivals]
    return [(arrived - at) * _MILLISECONDS for arrived, at in moments if at >= opened_at]


def _compare(arrivals: Sequence[Arrival], versions: Mapping[str, int]) -> tuple[int, int, int, int]:
    """Of the events of these orders: how many came, were missing, came again, came out of order."""
    sequences: dict[str, list[int]] = {order_id: [] for order_id in versions}
    for one in arrivals:
        if one.order_id in sequences:
            sequences[one.order_id].append(one.sequence)
    came = sum(len(each) for each in sequences.values())
    different = sum(len(set(each)) for each in sequences.values())
    disorder = sum(1 for each in sequences.values() if each != sorted(each))
    return came, sum(versions.values()) - different, came - different, disorder
