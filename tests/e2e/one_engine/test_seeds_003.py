"""Flat messages at /ws/orders/{id}; retries after 1, 2 and 4 s, then the end with its reason, stored."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
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


@contextmanager
def transactions_expiring(served: RunningEngine) -> Iterator[None]:
    """The node takes every transaction and passes none on, and its blocks run ahead."""
    chain, ended = served.chain(), threading.Event()

    def run_ahead() -> None:
        while not ended.wait(0.5):
            chain.call("localnet_advance", {"slots": 200})

    chain.fault("sendTransaction", "swallow", count=100_000)
    runner = threading.Thread(target=run_ahead)
    runner.start()
    try:
        yield
    finally:
        ended.set()
        runner.join(timeout=30)
        chain.call("localnet_resetFaults")


def test_three_retries_after_1_2_and_4_seconds_then_failed_with_the_error(served: RunningEngine) -> None:
    with transactions_expiring(served):
        order_id = placed(served)
        updates = streamed(served, order_id)

    attempt = ["building", "submitted", "routing"]
    assert [each["status"] for each in updates] == ["pending", "routing", *(attempt * 4)[:-1], "failed"]
    said = [(at, each) for at, each in enumerate(updates) if "retryInMs" in each]
    assert [each["retryInMs"] for _, each in said] == [1000, 2000, 4000]
    assert {each["code"] for _, each in said} == {updates[-1]["code"]} == {"TRANSACTION_EXPIRED"}
    assert updates[-1]["error"] == "The transaction expired before it landed"
    for at, each in said:
        began, quoted = (datetime.fromisoformat(updates[i]["at"]) for i in (at, at + 1))
        gap, wait = (quoted - began).total_seconds(), each["retryInMs"] / 1000
        # What quoting takes on a slow machine comes on top.
        assert 0.8 * wait <= gap < 1.2 * wait + 1, updates

    stored = httpx2.get(f"{served.url}/api/orders/{order_id}").json()
    assert stored["status"] == "failed"
    assert stored["error"] == {"code": "TRANSACTION_EXPIRED", "message": updates[-1]["error"]}


def test_an_order_waits_for_a_node_that_is_away_and_is_executed(served: RunningEngine) -> None:
    chain = served.chain()
    chain.fault("getMultipleAccounts", "unavailable", count=100_000)
    back = threading.Timer(12, lambda: chain.call("localnet_resetFaults"))
    back.start()
    updates = streamed(served, placed(served))
    back.join()
    assert [each["status"] for each in updates] == [
        *("pending", "routing", "routing", "building", "submitted", "confirmed")
    ]
    assert updates[2]["code"] == "CHAIN_UNAVAILABLE"
    assert updates[2]["error"].endswith("the order waits for one that does")
