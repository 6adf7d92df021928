"""What the WebSocket endpoints refuse: an error message in the one shape, and the connection stays."""

from __future__ import annotations

import json

import pytest

from tests.orders.sockets import new_order, opened

pytestmark = pytest.mark.django_db(transaction=True)
FIVE_SOL = {"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 5}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (" ", "MALFORMED_BODY"),
        ("nonsense", "MALFORMED_BODY"),
        ("[]", "MALFORMED_BODY"),
        ("null", "MALFORMED_BODY"),
        ('{"action":"ping","action":"ping"}', "MALFORMED_BODY"),
        ('{"a":NaN}', "MALFORMED_BODY"),
        ("[" * 8000, "MALFORMED_BODY"),
        ('{"action":"ping","a":"' + "x" * 16384 + '"}', "PAYLOAD_TOO_LARGE"),
        ("é" * 8193, "PAYLOAD_TOO_LARGE"),
        ("{}", "UNKNOWN_ACTION"),
        ('{"action":"fly"}', "UNKNOWN_ACTION"),
        ('{"action":["ping"]}', "UNKNOWN_ACTION"),
        ('{"action":"ping","requestId":{}}', "INVALID_REQUEST"),
        ('{"action":"ping","requestId":true}', "INVALID_REQUEST"),
        ('{"action":"execute_order"}', "INVALID_REQUEST"),
        ('{"action":"execute_order","tokenIn":"SOL","tokenOut":"USDC","amountIn":-1}', "INVALID_AMOUNT"),
        ('{"action":"execute_order","tokenIn":"SOL","tokenOut":"XYZ","amountIn":1}', "UNKNOWN_TOKEN"),
        ('{"action":"execute_order","tokenIn":"SOL","tokenOut":"sol","amountIn":1}', "SAME_TOKEN"),
        ('{"action":"subscribe","after":5}', "INVALID_REQUEST"),
        ('{"action":"subscribe","orderId":5}', "NOT_FOUND"),
        ('{"action":"unsubscribe","orderId":"6f1f2a1e-6a0e-4df1-9c43-7f0a3ce1f2aa"}', "NOT_FOUND"),
        ('{"action":"cancel_order","orderId":"6f1f2a1e-6a0e-4df1-9c43-7f0a3ce1f2aa"}', "NOT_FOUND"),
    ],
)
async def test_a_bad_frame_costs_an_error_message_and_not_the_connection(frame: str, code: str) -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_to(text_data=frame)
        message = await socket.next()
        assert (message["type"], message["code"]) == ("error", code)
        assert message.keys() == {"type", "code", "message", "retryable", "details"}
        await socket.send_json_to({"action": "ping"})
        assert await socket.next() == {"type": "pong"}


async def test_a_binary_frame_is_refused() -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_to(bytes_data=json.dumps(FIVE_SOL).encode())
        assert (await socket.next())["code"] == "UNSUPPORTED_MEDIA_TYPE"
        await socket.send_json_to({"action": "ping"})
        assert await socket.next() == {"type": "pong"}


async def test_an_error_names_the_request_it_answers() -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({**FIVE_SOL, "amountIn": "0", "requestId": "r1"})
        message = await socket.next()
        assert (message["code"], message["requestId"]) == ("INVALID_AMOUNT", "r1")


async def test_a_single_order_stream_takes_no_orders() -> None:
    order = await new_order()
    async with opened(f"/ws/orders/{order.pk}") as socket:
        await socket.next()
        await socket.send_json_to(FIVE_SOL)
        assert (await socket.next())["code"] == "UNKNOWN_ACTION"
        await socket.send_json_to({"action": "ping"})
        assert await socket.next() == {"type": "pong"}
