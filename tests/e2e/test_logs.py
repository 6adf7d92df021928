"""The log of a running engine: every line of web and workers is JSON, an order can be followed through it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.client import EngineClient
from tests.e2e.engine import RunningEngine, until

pytestmark = pytest.mark.e2e


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RunningEngine]:
    running = RunningEngine(tmp_path, LOG_FORMAT="json", LOCALNET_ARGS="--slot-ms 100")
    try:
        running.await_up()
        yield running
    finally:
        running.stop()


def lines(engine: RunningEngine, *parts: str) -> list[dict[str, Any]]:
    texts = [(engine.data_dir / "logs" / f"{part}.log").read_text() for part in parts]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def test_an_order_is_followed_by_its_request_id_from_web_to_the_end(engine: RunningEngine) -> None:
    body = json.dumps({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"}).encode()
    headers = {"Content-Type": "application/json", "X-Request-ID": "checkout-7"}
    request = urllib.request.Request(f"{engine.url}/api/orders/execute", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        order_id = json.load(answer)["orderId"]
        assert answer.headers["X-Request-ID"] == "checkout-7"
    with EngineClient(engine.url) as client:
        until(lambda: client.order(order_id)["status"] == "confirmed", 30, engine.said)

    def stages() -> list[str]:
        workers = sorted(lines(engine, "worker-1", "worker-2"), key=lambda line: str(line["at"]))
        return [line["stage"] for line in workers if line.get("requests") == ["checkout-7"]]

    until(lambda: "settle" in stages(), 5, engine.said)
    assert stages() == ["route", "build", "submit", "settle"]
    [accepted] = [line for line in lines(engine, "web") if line["message"] == "accepted"]
    assert (accepted["orders"], accepted["requests"]) == ([order_id], ["checkout-7"])
