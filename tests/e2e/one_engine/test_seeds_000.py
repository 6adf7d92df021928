"""One WebSocket submits an order and streams it; orders reach their watchers over Redis channels."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import redis
import yaml
from websockets.sync.client import ClientConnection, connect

from tests.e2e.engine import ROOT, RunningEngine

pytestmark = pytest.mark.e2e
FIVE_SOL = {"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 5}
PATIENCE_SECONDS = 20


def updates_to_the_end(socket: ClientConnection) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or found[-1]["status"] not in ("confirmed", "failed"):
        found.append(json.loads(socket.recv(timeout=PATIENCE_SECONDS)))
    return found


def test_an_order_is_submitted_and_told_on_one_websocket(served: RunningEngine) -> None:
    with connect(f"{served.socket_url}/api/orders/connect") as socket:
        socket.send(json.dumps(FIVE_SOL))
        updates = updates_to_the_end(socket)

        assert [each["status"] for each in updates] == [
            *("pending", "routing", "building", "submitted", "confirmed")
        ]
        assert [each["sequence"] for each in updates] == [1, 2, 3, 4, 5]
        assert len({each["orderId"] for each in updates}) == 1
        assert updates[2]["dex"] in ("raydium", "meteora")
        signature = updates[4]["txHash"]
        assert updates[3]["txHash"] == signature
        [status] = served.chain().call("getSignatureStatuses", [signature])["value"]
        assert (status["err"], status["slot"]) == (None, updates[4]["slot"])

        # The connection goes on: another order, on the same one.
        socket.send(json.dumps({**FIVE_SOL, "tokenIn": "USDC", "tokenOut": "SOL", "requestId": "second"}))
        second = updates_to_the_end(socket)
        assert (second[0]["requestId"], second[-1]["status"]) == ("second", "confirmed")
        assert second[0]["orderId"] != updates[0]["orderId"]


def test_each_order_has_a_redis_channel_of_its_own(served: RunningEngine) -> None:
    with redis.Redis.from_url(served.published()["REDIS_URL"]) as server, server.pubsub() as listener:
        listener.psubscribe("*")
        ids = []
        with connect(f"{served.socket_url}/api/orders/connect") as socket:
            for _ in range(2):
                socket.send(json.dumps(FIVE_SOL))
                ids.append(updates_to_the_end(socket)[0]["orderId"].replace("-", ""))
        reported: set[str] = set()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not all(any(each in channel for channel in reported) for each in ids):
            assert time.monotonic() < deadline, reported
            message = listener.get_message(ignore_subscribe_messages=True, timeout=1)
            if message is not None:
                reported.add(message["channel"].decode().replace("-", ""))


def test_a_bad_order_is_refused_on_the_connection_that_stays(served: RunningEngine) -> None:
    with connect(f"{served.socket_url}/api/orders/connect") as socket:
        socket.send(json.dumps({**FIVE_SOL, "tokenOut": "SOL"}))
        refusal = json.loads(socket.recv(timeout=PATIENCE_SECONDS))
        assert (refusal["type"], refusal["code"]) == ("error", "SAME_TOKEN")
        socket.send(json.dumps({"action": "ping"}))
        assert json.loads(socket.recv(timeout=PATIENCE_SECONDS)) == {"type": "pong"}


def test_compose_starts_web_worker_redis_and_postgres() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert {"web", "worker", "redis", "postgres"} <= services.keys()
