"""Health, list by pages, fetch by id, and a bare order on the upgraded address."""

from __future__ import annotations

import json

import httpx2
import pytest
from websockets.sync.client import connect

from examples.client import EngineClient
from tests.e2e.engine import RunningEngine

pytestmark = pytest.mark.e2e
ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "0.1"}
PATIENCE_SECONDS = 20


def test_a_bare_order_on_the_upgraded_address_is_an_order(served: RunningEngine) -> None:
    with connect(f"{served.socket_url}/api/orders/execute") as socket:
        socket.send(json.dumps(ORDER))
        update = {"status": ""}
        while update["status"] != "confirmed":
            update = json.loads(socket.recv(timeout=PATIENCE_SECONDS))
            assert update["status"] != "failed", update

    found = httpx2.get(f"{served.url}/api/orders/{update['orderId']}").json()
    assert (found["orderId"], found["status"]) == (update["orderId"], "confirmed")


def test_the_list_goes_page_by_page_and_back(served: RunningEngine, client: EngineClient) -> None:
    placed = [client.execute("SOL", "USDC", "0.1")["orderId"] for _ in range(5)]

    first = httpx2.get(f"{served.url}/api/orders", params={"limit": 2}).json()
    assert [each["orderId"] for each in first["results"]] == [placed[4], placed[3]]
    assert first["previous"] is None
    second = httpx2.get(first["next"]).json()
    assert [each["orderId"] for each in second["results"]] == [placed[2], placed[1]]
    back = httpx2.get(second["previous"]).json()
    assert [each["orderId"] for each in back["results"]] == [placed[4], placed[3]]

    for order_id in placed:
        assert [each["status"] for each in client.follow(order_id)][-1] == "confirmed"
    confirmed = [each["orderId"] for each in client.orders(status="confirmed", limit=2)]
    assert confirmed[:5] == placed[::-1]
    assert len(set(confirmed)) == len(confirmed)


def test_an_unknown_order_is_not_found(served: RunningEngine) -> None:
    answer = httpx2.get(f"{served.url}/api/orders/6f1f2a1e-6a0e-4df1-9c43-7f0a3ce1f2aa")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
