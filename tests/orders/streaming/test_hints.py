"""Events reach a client once and in order, also where hints are lost, doubled or late."""

from __future__ import annotations

from typing import Any

import pytest
from channels.layers import get_channel_layer

from orders.lifecycle import Status
from orders.models import Order
from orders.notify import hints
from orders.streaming import groups
from orders.streaming.stream import in_database
from tests.orders.sockets import moved, new_order, opened

pytestmark = pytest.mark.django_db(transaction=True)
TO_THE_CHAIN = (Status.ROUTING, Status.BUILDING, Status.SUBMITTED)
FIVE_SOL = {"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 5}


async def test_a_lost_hint_only_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    groups.use(groups.FanOut(poll_seconds=0.1))
    order = await new_order()
    async with opened("/api/orders/connect") as one, opened(f"/ws/orders/{order.pk}") as other:
        await one.send_json_to({"action": "subscribe", "orderId": str(order.pk)})
        assert await one.statuses(1) == await other.statuses(1) == [(1, "pending")]
        publisher = hints.use(None)
        try:
            await moved(order, Status.ROUTING, Status.BUILDING)
        finally:
            hints.use(publisher)
        assert await one.statuses(2) == await other.statuses(2) == [(2, "routing"), (3, "building")]


async def test_without_redis_the_stream_runs_on_the_poll(
    monkeypatch: pytest.MonkeyPatch, redis_server: Any
) -> None:
    groups.use(groups.FanOut(poll_seconds=0.1))
    redis_server.stop()
    async with opened("/api/orders/connect") as socket, opened("/api/orders/ws") as feed:
        await socket.send_json_to(FIVE_SOL)
        assert await socket.statuses(1) == await feed.statuses(1) == [(1, "pending")]
        order = await in_database(Order.objects.get)
        await moved(order, Status.ROUTING)
        assert await socket.statuses(1) == await feed.statuses(1) == [(2, "routing")]
        redis_server.start()
        await moved(order, Status.BUILDING)
        assert await socket.statuses(1) == await feed.statuses(1) == [(3, "building")]


async def test_doubled_and_old_hints_repeat_nothing() -> None:
    order = await moved(await new_order(), *TO_THE_CHAIN)
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "subscribe", "orderId": str(order.pk)})
        await socket.statuses(4)
        layer = get_channel_layer()
        for sequence in (1, 4, 4):
            hint = {"type": "order.hint", "orders": [[str(order.pk), sequence]]}
            await layer.group_send(f"orders.{order.user_id}", hint)
        await moved(order, Status.CONFIRMED)
        assert await socket.statuses(1) == [(5, "confirmed")]
        assert await socket.receive_nothing(0.2)
