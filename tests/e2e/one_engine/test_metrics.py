"""The metrics of a running engine: what web and workers counted, in one scrape, to the unit."""

from __future__ import annotations

import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from examples.client import EngineClient
from tests.e2e.engine import RunningEngine, until

pytestmark = pytest.mark.e2e

ORDERS = 12


def sums(engine: RunningEngine) -> dict[str, float]:
    """Each sample's value, over all labels but ``le`` and the status of an ended order."""
    with urllib.request.urlopen(f"{engine.url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            kept = [sample.labels[name] for name in ("status", "stage", "le") if name in sample.labels]
            name = " ".join([sample.name, *kept])
            found[name] = found.get(name, 0) + sample.value
    return found


def test_what_all_processes_counted_adds_up(served: RunningEngine, client: EngineClient) -> None:
    under_way = "pending,routing,building,submitted"
    until(lambda: not any(client.orders(status=under_way)), 30, lambda: "earlier orders do not end")
    before = sums(served)
    for number in range(ORDERS):
        client.execute("SOL", "USDC", f"0.{number + 1:02}")
    until(lambda: not any(client.orders(status=under_way)), 30, lambda: "orders do not end")

    expected = {
        "orders_accepted_total": ORDERS,
        "orders_ended_total confirmed": ORDERS,
        "orders_confirmed_total": ORDERS,
        "orders_confirmation_duration_seconds_count": ORDERS,
        "orders_realised_slippage_bps_count": ORDERS,
        "orders_attempts_per_order_sum": ORDERS,
        **{
            f"orders_stage_duration_seconds_count {stage}": ORDERS
            for stage in ("pending", "routing", "building", "submitted")
        },
    }

    def added() -> dict[str, float]:
        after = sums(served)
        return {name: after.get(name, 0) - before.get(name, 0) for name in expected}

    # A worker counts just after it has committed.
    until(lambda: added() == expected, 5, lambda: str(added()))
    assert sums(served)["orders_rpc_calls_total"] > before.get("orders_rpc_calls_total", 0)
    assert sums(served)["orders_websocket_connections"] == 0
