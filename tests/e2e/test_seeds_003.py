"""Flat messages at /ws/orders/{id}; retries after 1, 2 and 4 s, then the end with its reason, stored."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from websockets.sync.client import connect

from tests.e2e.engine import RunningEngine

pytestmark = pytest.mark.e2e


def placed(served: RunningEngine) -> str:
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "0.25"}
    answer = httpx2.post(f"{served.url}/api/orders/execute", json=body)
    assert answer.status_code == 201
    return str(answer.json()["orderId"])


def streamed(served: RunningEngine, order_id: str) -> list[dict[str, Any]]:
    with connect(f"{served.socket_url}/ws/orders/{order_id}") as socket:
        found = [json.loads(text) for text in socket]
    assert socket.close_code == 1000
    return found


def test_messages_are_flat_and_the_final_state_is_stored(served: RunningEngine) -> None:
    order_id = placed(served)
    updates = {each["status"]: each for each in streamed(served, order_id)}

    assert list(updates) == ["pending", "routing", "building", "submitted", "confirmed"]
    stored = httpx2.get(f"{served.url}/api/orders/{order_id}").json()
    assert (stored["status"], stored["error"]) == ("confirmed", None)
    assert stored["dex"] == updates["building"]["dex"]
    assert stored["txHash"] == updates["confirmed"]["txHash"] == updates["submitted"]["txHash"]
    assert stored["executedPrice"] == updates["confirmed"]["executedPrice"]
    assert [each["status"] for each in stored["events"]] == list(updates)


def test_health_names_every_part(served: RunningEngine) -> None:
    answer = httpx2.get(f"{served.url}/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    checks = answer.json()["checks"]
    assert (checks["database"], checks["redis"], checks["chain"]) == ("ok", "ok", "ok")
    assert checks["workers"] == 2


def test_three_retries_after_1_2_and_4_seconds_then_failed_with_the_error(served: RunningEngine) -> None:
    chain = served.chain()
    chain.fault("getMultipleAccounts", "unavailable", count=100_000)
    try:
        order_id = placed(served)
        updates = streamed(served, order_id)
    finally:
        chain.call("localnet_resetFaults")

    assert [each["status"] for each in updates] == ["pending", *["routing"] * 4, "failed"]
    assert [each.get("retryInMs") for each in updates[2:5]] == [1000, 2000, 4000]
    assert {each["code"] for each in updates[2:]} == {"CHAIN_UNAVAILABLE"}
    assert updates[-1]["error"] == "The Solana node gave no usable answer"
    at = [datetime.fromisoformat(each["at"]) for each in updates[2:]]
    gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(at)]
    for gap, delay in zip(gaps, (1, 2, 4), strict=True):
        # What the node's refusal itself takes comes on top: its own tries, and a slow machine.
        assert delay <= gap < delay + 3, gaps

    stored = httpx2.get(f"{served.url}/api/orders/{order_id}").json()
    assert (stored["status"], stored["txHash"]) == ("failed", None)
    assert stored["error"] == {"code": "CHAIN_UNAVAILABLE", "message": updates[-1]["error"]}
