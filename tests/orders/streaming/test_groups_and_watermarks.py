"""What streams say beside the order that was placed: of its group, and of watermarks that move."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest

from orders.lifecycle import GroupKind, GroupRole, Status
from orders.models import Order, OrderGroup, Trigger
from orders.records import journal, open_orders
from orders.records.open_orders import Watermark
from orders.streaming import watermarks
from orders.streaming.stream import in_database
from tests.factories import OrderFactory
from tests.orders.sockets import Socket, new_order, opened

pytestmark = pytest.mark.django_db(transaction=True)
FIVE_SOL = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 5}
OCO = {
    "action": "execute_order",
    "orderClass": "oco",
    "type": "limit",
    **FIVE_SOL,
    "takeProfit": {"limitPrice": "500"},
    "stopLoss": {"triggerPrice": "5"},
}
DCA = {"action": "execute_order", "type": "dca", "rounds": 2, "intervalSeconds": 60, **FIVE_SOL}


async def test_who_places_an_oco_follows_both_orders() -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to(OCO | {"requestId": 7})
        first, second = await socket.next(), await socket.next()
        orders = await in_database(_roles)
        assert (orders[first["orderId"]], first["requestId"]) == ("take_profit", 7)
        assert (orders[second["orderId"]], second["status"], second["sequence"]) == ("stop_loss", "open", 1)
        await socket.send_json_to({"action": "cancel_all"})
        answers = [await socket.next() for _ in range(3)]
        assert sorted(each["status"] for each in answers if each["type"] == "update") == 2 * ["cancelled"]


async def test_rounds_are_followed_as_they_come_until_one_is_let_go() -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to(DCA)
        parent = await socket.next()
        one = await in_database(_new_round, parent["orderId"], 1)
        assert await _next_of(socket, one) == "pending"
        await socket.send_json_to({"action": "unsubscribe", "orderId": str(one)})
        assert (await _until(socket, "unsubscribed"))["orderId"] == str(one)
        two = await in_database(_new_round, parent["orderId"], 2)
        assert await _next_of(socket, two) == "pending"


async def test_watermarks_are_pushed_at_most_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    order = await new_order(type="trailing_stop", status=Status.OPEN)
    await in_database(_trailing, order)
    async with opened(f"/ws/orders/{order.pk}") as socket:
        assert (await socket.next())["status"] == "open"
        await in_database(_raise, order, 1_000_000)
        began = time.monotonic()
        assert await socket.next() == {
            "type": "watermark",
            "orderId": str(order.pk),
            "watermark": "1",
            "watermarkRaw": "1000000",
            "firesAtOrBelow": "0.95",
            "firesAtOrBelowRaw": "950000",
        }
        await in_database(_raise, order, 2_000_000)
        await in_database(_raise, order, 3_000_000)
        assert (await socket.next())["watermark"] == "3"
        assert time.monotonic() - began >= 0.9 * watermarks.APART_SECONDS


async def test_an_envelope_is_around_a_watermark_too() -> None:
    order = await new_order(type="trailing_stop", status=Status.OPEN)
    await in_database(_trailing, order)
    async with opened(f"/api/orders/execute?orderId={order.pk}") as socket:
        await socket.next()
        await in_database(_raise, order, 1_000_000)
        message = await socket.next()
        assert (message["type"], message["data"]["watermark"]) == ("watermark", "1")


def _roles() -> dict[str, str]:
    return {str(order.pk): order.group_role for order in Order.objects.all()}


def _new_round(parent_id: str, number: int) -> UUID:
    """A round as `orders.triggers.rounds` writes it: with a step of its schedule."""
    parent = Order.objects.select_related("group").get(pk=parent_id)
    assert parent.group is not None
    assert parent.group.kind == GroupKind.DCA
    columns = {
        "group": parent.group,
        "group_role": GroupRole.ROUND,
        "client_order_id": f"{parent_id}:{number}",
    }
    order = OrderFactory(user=parent.user, **columns)
    journal.record([journal.Transition(parent, Status.OPEN)], follow=lambda _: journal.Consequences())
    return UUID(str(order.pk))


async def _next_of(socket: Socket, order_id: UUID) -> str:
    while True:
        message = await socket.next()
        if message.get("orderId") == str(order_id):
            return str(message["status"])


async def _until(socket: Socket, kind: str) -> dict[str, Any]:
    while (message := await socket.next())["type"] != kind:
        pass
    return message


def _trailing(order: Order) -> None:
    Trigger.objects.create(order=order, trail_bps=500)
    assert not OrderGroup.objects.exists()


def _raise(order: Order, value: int) -> None:
    open_orders.raise_watermarks([Watermark(order.pk, order.version, value)])
