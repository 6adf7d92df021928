"""Every endpoint answers whatever comes with an error of the one shape, stays open, and logs no fault."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.streaming.stream import in_database
from orders.wire.errors import known_codes
from tests.orders.sockets import Socket, new_order, opened

pytestmark = pytest.mark.django_db(transaction=True)

ENDPOINTS = (
    "/api/orders/connect",
    "/api/orders/ws",
    "/api/orders/execute",
    "/api/orders/execute?orderId={}",
    "/ws/orders/{}",
)
SUBSCRIBE = '{"action":"subscribe","orderId":'
FRAMES = (
    "",
    "\0",
    "[" * 8000,
    '{"a":' * 3000 + "1" + "}" * 3000,
    "1" * 5000,
    '{"action":"execute_order","tokenIn":"SOL","tokenOut":"USDC","amountIn":1' + "0" * 5000 + "}",
    '{"action":"execute_order","tokenIn":"SOL","tokenOut":"USDC","amountInRaw":1' + "0" * 5000 + "}",
    '{"action":"execute_order","tokenIn":"SOL","tokenOut":"USDC","amountIn":1e999999999}',
    '{"action":"execute_order","tokenIn":"SOL","tokenOut":"USDC","amountIn":1,"amountIn":2}',
    '{"action":"execute_order","tokenIn":"\\u0000","tokenOut":"\\ud800","amountIn":1}',
    '{"action":"execute_order","tokenIn":"SOL","tokenOut":"USDC","amountIn":1,"clientOrderId":"\\u0000"}',
    '{"action":"execute_order","tokenIn":"SOL","tokenOut":"USDC","amountIn":1,"clientOrderId":"\\ud800"}',
    '{"action":"execute_order","tokenIn":"SOL","tokenOut":"USDC","amountIn":1,"type":"\\udfff"}',
    '{"action":"ping","action":"ping"}',
    '{"action":"\\u0000","requestId":"\\u0000"}',
    '{"action":"\\ud800","requestId":"\\ud800"}',
    '{"action":"fly","requestId":"' + "x" * 129 + '"}',
    '{"action":"fly","requestId":1' + "0" * 99 + "}",
    '{"action":"fly","requestId":1' + "0" * 100 + "}",
    '{"action":"fly","requestId":[1]}',
    '{"action":"fly","requestId":1.5}',
    SUBSCRIBE + '"\\u0000"}',
    SUBSCRIBE + '["6f1f2a1e-6a0e-4df1-9c43-7f0a3ce1f2aa"]}',
    SUBSCRIBE + '"6f1f2a1e-6a0e-4df1-9c43-7f0a3ce1f2aa","after":' + "9" * 90 + "}",
    '{"action":{},"tokenIn":[]}',
    '["ping"]',
    '"ping"',
    "\ufeff{}",
    "x" * 16384,
    "x" * 16385,
)

_texts = st.text(max_size=20) | st.sampled_from(["\0", "\ud800", "\udfffx", "x" * 200, "SOL", "USDC", "ping"])
_numbers = st.integers() | st.integers(10**90, 10**120) | st.floats()
_values = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
_actions = st.sampled_from(["execute_order", "subscribe", "unsubscribe", "cancel_order"]) | _values
_messages = st.fixed_dictionaries(
    {"action": _actions},
    optional=dict.fromkeys(
        (
            *("requestId", "orderId", "after", "tokenIn", "tokenOut", "amountIn", "amount", "amountInRaw"),
            *("type", "slippageBps", "limitPrice", "expiresAt", "clientOrderId", "\0", "\ud800"),
        ),
        _values,
    ),
)


async def replies(socket: Socket, frame: dict[str, Any]) -> list[dict[str, Any]]:
    """What a frame is answered with: all that comes before the pong of a ping behind it."""
    await socket.send_input({"type": "websocket.receive", **frame})
    await socket.send_json_to({"action": "ping", "requestId": "behind it"})
    found = []
    while (message := await socket.next()) != {"type": "pong", "requestId": "behind it"}:
        found.append(message)
    return found


def is_a_refusal(message: dict[str, Any]) -> bool:
    assert message["type"] == "error", message
    assert message["code"] in set(known_codes()) - {"INTERNAL"}, message
    return message.keys() - {"requestId"} == {"type", "code", "message", "retryable", "details"}


# What can be met without an order: each says nothing that could be wrong.
MET = (("ping", "pong"), ("subscribe", "subscribed"), ("unsubscribe", "unsubscribed"))


def is_met(message: Any, answer: dict[str, Any]) -> bool:
    if not isinstance(message, dict) or "orderId" in message:
        return False
    return (message.get("action"), answer["type"]) in MET


async def address(endpoint: str) -> str:
    return endpoint.format((await new_order()).pk) if "{}" in endpoint else endpoint


async def skip_history(socket: Socket, endpoint: str) -> None:
    if "{}" in endpoint:
        await socket.next()


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_known_tricks(endpoint: str, half: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    async with opened(await address(endpoint)) as socket:
        await skip_history(socket, endpoint)
        # Two halves, each with its pings less than the flood that a connection may not be.
        for text in FRAMES[half::2]:
            answer = await replies(socket, {"text": text})
            assert len(answer) == 1, (text[:80], answer)
            assert is_a_refusal(answer[0])
        for data in (b"", b"\xff\xfe", b'{"action":"ping"}'):
            answer = await replies(socket, {"bytes": data})
            assert [message["code"] for message in answer] == ["UNSUPPORTED_MEDIA_TYPE"]
    assert caplog.records == []


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_whatever_json(endpoint: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    path = await address(endpoint)

    async def attempt(messages: list[Any]) -> None:
        async with opened(path) as socket:
            await skip_history(socket, endpoint)
            for message in messages:
                for answer in await replies(socket, {"text": json.dumps(message)}):
                    assert is_met(message, answer) or is_a_refusal(answer)

    for messages in await in_database(drawn):
        await attempt(messages)
    assert caplog.records == []


def drawn() -> list[list[Any]]:
    """Bounded; which they are depends on the constants of the modules that are loaded."""
    found: list[list[Any]] = []

    @settings(
        max_examples=8,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(_messages | _values, min_size=15, max_size=20))
    def draw(messages: list[Any]) -> None:
        found.append(messages)

    draw()
    return found
