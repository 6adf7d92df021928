"""`/health` and `/metrics` say how new pools are seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import LaunchWatch
from orders.records import leases
from orders.telemetry import counters
from tests.localnet_process import free_port_pair

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_chain(settings: Any) -> None:
    settings.SOLANA_RPC_URL = f"http://127.0.0.1:{free_port_pair()}"


def watch(seconds: int, **columns: Any) -> None:
    until = timezone.now() + timedelta(seconds=seconds)
    LaunchWatch.objects.create(
        network="localnet", lease_token=leases.new_token(), lease_until=until, seen_slot=17, **columns
    )


def health(client: Client) -> Any:
    return client.get("/health").json()["launches"]


@pytest.mark.parametrize(
    ("seconds", "is_subscribed", "state"),
    [(60, True, "subscribed"), (60, False, "by lists alone"), (-1, True, "not watching")],
)
def test_health_says_how_new_pools_are_seen(
    client: Client, settings: Any, seconds: int, is_subscribed: bool, state: str
) -> None:
    settings.LAUNCHES = "wanted"
    watch(seconds, is_subscribed=is_subscribed, error_code="GAP")
    assert health(client) == {"wanted": "wanted", "state": state, "kept": 0, "seenSlot": 17, "error": "GAP"}


def test_where_nobody_has_watched_health_says_so(client: Client) -> None:
    assert health(client) == {
        "wanted": "all",
        "state": "not watching",
        "kept": 0,
        "seenSlot": None,
        "error": None,
    }


def test_new_pools_are_counted_by_what_showed_them(client: Client) -> None:
    watch(60, is_subscribed=True)
    counters.launch_seen("poll", "raydium-clmm", None)
    counters.launch_seen("accounts", "raydium-clmm", 2)
    lines = client.get("/metrics").content.decode().splitlines()
    assert {"orders_launch_watch 1.0", "orders_launch_subscribed 1.0"} <= set(lines)
    assert 'orders_launches_seen_total{source="poll",venue="raydium-clmm"} 1.0' in lines
    assert 'orders_launch_delay_slots_bucket{le="2.0",source="accounts"} 1.0' in lines
    assert not any(line.startswith('orders_launch_delay_slots_count{source="poll"}') for line in lines)
