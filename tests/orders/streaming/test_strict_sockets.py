"""WebSocket addresses and actions refuse the names that they do not read."""

from __future__ import annotations

import pytest

from orders.models import Order
from orders.streaming.close_codes import CLOSE_BAD_REQUEST
from orders.streaming.stream import in_database
from tests.orders.sockets import new_order, opened

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("address", "details"),
    [
        ("/api/orders/ws?orderid={}", {"orderid": "unknown parameter"}),
        ("/api/orders/ws?orderId={}&After=1", {"After": "unknown parameter"}),
        ("/api/orders/ws?Cursor=1", {"Cursor": "unknown parameter"}),
        ("/api/orders/ws?after=newest", {"after": "a cursor of an earlier answer, or latest"}),
        ("/api/orders/connect?orderId={}", {"orderId": "unknown parameter"}),
        ("/api/orders/execute?order_id={}", {"order_id": "unknown parameter"}),
        ("/api/orders/execute?orderId={}&orderId={}", {"orderId": "give it once"}),
        ("/ws/orders/{}?orderId={}", {"orderId": "unknown parameter"}),
        ("/ws/orders/{}?after=1&after=2", {"after": "give it once"}),
    ],
)
async def test_an_unknown_name_in_an_address_is_refused(address: str, details: dict[str, str]) -> None:
    order = await new_order()
    async with opened(address.replace("{}", str(order.pk))) as socket:
        message = await socket.next()
        assert (message["type"], message["code"], message["details"]) == ("error", "INVALID_REQUEST", details)
        assert await socket.closing_code() == CLOSE_BAD_REQUEST


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ({"action": "ping", "id": 1}, "id"),
        ({"action": "subscribe", "orderid": "x"}, "orderid"),
        ({"action": "subscribe", "orderId": "x", "From": 3}, "From"),
        ({"action": "unsubscribe", "order": "x"}, "order"),
        ({"action": "cancel_order", "orderId": "x", "force": True}, "force"),
        (
            {"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 1, "slippage": 1},
            "slippage",
        ),
    ],
)
async def test_an_unknown_field_of_an_action_is_refused(message: dict[str, object], name: str) -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({**message, "requestId": 1})
        answer = await socket.next()
        assert (answer["code"], answer["details"]) == ("INVALID_REQUEST", {name: "unknown field"})
    assert await in_database(Order.objects.count) == 0


async def test_a_stream_of_one_order_refuses_them_too() -> None:
    order = await new_order()
    async with opened(f"/ws/orders/{order.pk}") as socket:
        await socket.next()
        await socket.send_json_to({"action": "ping", "id": 1})
        assert (await socket.next())["details"] == {"id": "unknown field"}


async def test_an_unknown_action_is_answered_with_the_known_ones() -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "execute"})
        answer = await socket.next()
        assert answer["code"] == "UNKNOWN_ACTION"
        assert "execute_order" in answer["details"]["known"]
