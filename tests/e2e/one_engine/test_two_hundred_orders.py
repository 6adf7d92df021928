"""Two hundred orders of ten clients, and the books of the chain afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.client import EngineClient
from tests.e2e.engine import RunningEngine, until

pytestmark = pytest.mark.e2e


def test_two_hundred_orders_of_ten_clients_are_confirmed_and_the_wallet_adds_up(
    served: RunningEngine, client: EngineClient, tmp_path: Path
) -> None:
    under_way = "pending,routing,building,submitted"
    until(lambda: not any(client.orders(status=under_way)), 30, lambda: "earlier orders do not end")
    before = {each["orderId"] for each in client.orders(limit=200)}
    figures = tmp_path / "figures.json"
    run = served.manage("bench", "--orders", "200", "--clients", "10", "--json", str(figures))

    assert run.returncode == 0, run.stdout + run.stderr
    checks = {each["name"]: each["passed"] for each in json.loads(figures.read_text())["checks"]}
    assert all(checks.values()), run.stdout
    assert "every confirmed order swapped exactly once" in checks
    assert sum(name.startswith("balance of ") for name in checks) >= 2
    new = [each for each in client.orders(limit=200) if each["orderId"] not in before]
    assert [each["status"] for each in new] == ["confirmed"] * 200
    assert len({each["txHash"] for each in new}) == 200
