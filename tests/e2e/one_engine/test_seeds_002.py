"""POST {type: "MARKET"}, then a stream in an envelope at the same address."""

from __future__ import annotations

import json

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.e2e.engine import RunningEngine

pytestmark = pytest.mark.e2e
PATIENCE_SECONDS = 20


def test_a_market_order_is_streamed_in_an_envelope_where_it_was_placed(served: RunningEngine) -> None:
    body = {"type": "MARKET", "tokenIn": "SOL", "tokenOut": "USDC", "amount": 0.5}
    answer = httpx2.post(f"{served.url}/api/orders/execute", json=body)
    assert answer.status_code == 201
    order_id = answer.json()["orderId"]

    # As wscat connects: no Origin, no subprotocol.
    with connect(f"{served.socket_url}/api/orders/execute?orderId={order_id}") as socket:
        messages = [json.loads(text) for text in socket]

    assert [message.keys() for message in messages] == [{"type", "data"}] * 5
    assert {message["type"] for message in messages} == {"update"}
    assert [message["data"]["status"] for message in messages] == [
        *("pending", "routing", "building", "submitted", "confirmed")
    ]
    assert {message["data"]["orderId"] for message in messages} == {order_id}
    assert socket.close_code == 1000


def test_an_order_of_nobody_is_refused_with_its_own_code(served: RunningEngine) -> None:
    nobody = "6f1f2a1e-6a0e-4df1-9c43-7f0a3ce1f2aa"
    with connect(f"{served.socket_url}/api/orders/execute?orderId={nobody}") as socket:
        message = json.loads(socket.recv(timeout=PATIENCE_SECONDS))
        assert (message["type"], message["code"]) == ("error", "NOT_FOUND")
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=PATIENCE_SECONDS)
    assert socket.close_code == 4404
