"""POST an order, watch the live feed; a dozen orders at once; the page that does the same."""

from __future__ import annotations

import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from websockets.sync.client import connect

from tests.e2e.engine import ROOT, RunningEngine

pytestmark = pytest.mark.e2e
CONCURRENT = 12
PATIENCE_SECONDS = 20


def test_a_dozen_orders_at_once_are_all_told_on_the_feed_and_all_confirmed(served: RunningEngine) -> None:
    def place(number: int) -> str:
        body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": f"0.{number + 1}"}
        answer = httpx2.post(f"{served.url}/api/orders/execute", json=body, timeout=30)
        assert (answer.status_code, answer.json()["status"]) == (201, "pending")
        return str(answer.json()["orderId"])

    told: dict[str, list[str]] = defaultdict(list)
    with connect(f"{served.socket_url}/api/orders/ws") as feed:
        with ThreadPoolExecutor(CONCURRENT) as clients:
            placed = set(clients.map(place, range(CONCURRENT)))
        while {each for each in placed if told[each][-1:] == ["confirmed"]} != placed:
            update = json.loads(feed.recv(timeout=PATIENCE_SECONDS))
            assert update["status"] != "failed", update
            if update["orderId"] in placed:
                told[update["orderId"]].append(update["status"])
    for order_id in placed:
        assert told[order_id] == ["pending", "routing", "building", "submitted", "confirmed"]


def test_the_feed_narrows_to_one_order_and_ends_with_it(served: RunningEngine) -> None:
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1}
    order_id = httpx2.post(f"{served.url}/api/orders/execute", json=body).json()["orderId"]
    with connect(f"{served.socket_url}/api/orders/ws?orderId={order_id}") as socket:
        updates = [json.loads(text) for text in socket]
    assert {each["orderId"] for each in updates} == {order_id}
    assert updates[-1]["status"] == "confirmed"
    assert socket.close_code == 1000


def test_the_page_asks_for_two_tokens_and_an_amount(served: RunningEngine) -> None:
    page = httpx2.get(f"{served.url}/")
    assert page.status_code == 200
    for part in ("pick-in", "pick-out", "amount", "execute", "live-orders"):
        assert f'id="{part}"' in page.text, part


def test_a_copied_example_of_the_settings_is_what_the_engine_runs_on(served: RunningEngine) -> None:
    assert (served.folder / ".env").read_text() == (ROOT / ".env.example").read_text()
    assert served.environment["ENV_FILE"] == str(served.folder / ".env")
    assert served.live_status() == 200


def test_the_postman_collection_places_an_order(served: RunningEngine) -> None:
    collection = json.loads((ROOT / "postman_collection.json").read_text())
    requests = [item["request"] for folder in collection["item"] for item in folder["item"]]
    [place] = [each for each in requests if each["url"]["raw"] == "{{baseUrl}}/api/orders/execute"]

    url = place["url"]["raw"].replace("{{baseUrl}}", served.url)
    headers = {each["key"]: each["value"] for each in place["header"] if not each.get("disabled")}
    answer = httpx2.request(place["method"], url, content=place["body"]["raw"], headers=headers)
    assert (answer.status_code, answer.json()["amountIn"]) == (201, "5")
