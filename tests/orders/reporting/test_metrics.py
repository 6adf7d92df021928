"""What Prometheus is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from dex.rpc.observing import node_name
from orders import gateway
from orders.amounts import realised_slippage_bps
from orders.lifecycle import Status
from orders.models import Order
from orders.pipeline import settle, stages
from orders.pipeline.settle import Watched
from orders.telemetry import counters, metrics_processes
from tests.localnet_process import free_port_pair
from tests.orders.chain import TestChain, eventually
from tests.orders.rows import attempt_row, order_row
from tests.orders.sockets import opened


@pytest.mark.django_db
def test_metrics_tell_of_orders_under_work(user: User, client: Client) -> None:
    order_row(user, due_at=timezone.now() - timedelta(seconds=30))
    attempt_row(order_row(user, status=Status.SUBMITTED))
    order_row(user, status=Status.CONFIRMED)
    order_row(user, status=Status.FAILED)
    answer = client.get("/metrics")
    lines = answer.content.decode().splitlines()
    assert answer["Content-Type"].startswith("text/plain")
    assert {
        'orders_active{status="pending"} 1.0',
        'orders_active{status="submitted"} 1.0',
        'orders_active{status="building"} 0.0',
        "orders_attempts_open 1.0",
        "orders_unfinalized 1.0",
    } <= set(lines)
    (oldest,) = [line for line in lines if line.startswith("orders_oldest_due_seconds ")]
    assert oldest in {"orders_oldest_due_seconds 30.0", "orders_oldest_due_seconds 31.0"}


@pytest.mark.django_db
def test_metrics_are_read_only(client: Client) -> None:
    assert client.post("/metrics").status_code == 405


Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(text: str) -> Samples:
    """Every sample by name and labels."""
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for each in families for s in each.samples}


def grown(before: Samples, after: Samples) -> Samples:
    """What a test has added, of what grows."""
    return {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}


@pytest.mark.django_db(transaction=True)
def test_the_life_of_two_orders_is_counted_exactly(user: User, client: Client, chain: TestChain) -> None:
    before = scrape(client.get("/metrics").content.decode())
    good, poor = order_row(user), order_row(user, amount_in=10**18)
    stages.route([good.pk, poor.pk])
    stages.build([good.pk])
    stages.submit([good.pk])
    attempt = good.attempts.get()
    watched = [Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 0, 0)]
    eventually(lambda: settle.settle(watched))
    added = grown(before, scrape(client.get("/metrics").content.decode()))

    good, poor = Order.objects.get(pk=good.pk), Order.objects.get(pk=poor.pk)
    assert (good.status, poor.status) == ("confirmed", "failed")

    def of(name: str, **labels: str) -> float:
        return added.get((name, tuple(sorted(labels.items()))), 0)

    assert of("orders_accepted_total") == 2
    counts = {
        stage: of("orders_stage_duration_seconds_count", stage=stage)
        for stage in ("pending", "routing", "building", "submitted", "confirmed")
    }
    assert counts == {"pending": 2, "routing": 2, "building": 1, "submitted": 1, "confirmed": 0}
    assert of("orders_ended_total", status="confirmed", reason="") == 1
    assert of("orders_ended_total", status="failed", reason=poor.error_code) == 1
    assert of("orders_confirmed_total", dex=good.dex, venue=good.venue) == 1
    assert of("orders_confirmation_duration_seconds_count") == 1
    assert of("orders_attempts_per_order_count") == 2
    assert of("orders_attempts_per_order_sum") == 1
    assert of("orders_realised_slippage_bps_count") == 1
    slippage = realised_slippage_bps(good.quoted_amount_out, good.executed_amount_out)
    assert of("orders_realised_slippage_bps_sum") == slippage == 0
    node = urlsplit(chain.url).netloc
    assert of("orders_rpc_calls_total", node=node, method="sendTransaction", code="ok") == 1
    assert of("orders_rpc_calls_total", node=node, method="getTransaction", code="ok") == 1
    assert of("orders_rpc_request_duration_seconds_count", node=node, method="sendTransaction") == 1
    assert not [key for key in added if key[0] == "orders_retries_total"]


@pytest.mark.django_db(transaction=True)
def test_a_node_that_is_busy_is_counted_by_its_code_and_the_order_as_retried(
    user: User, client: Client, chain: TestChain
) -> None:
    gateway.warm_up()
    before = scrape(client.get("/metrics").content.decode())
    chain.fault("getMultipleAccounts", "busy")
    stages.route([order_row(user).pk])
    added = grown(before, scrape(client.get("/metrics").content.decode()))
    node = urlsplit(chain.url).netloc
    labels = (("code", "CHAIN_BUSY"), ("method", "getMultipleAccounts"), ("node", node))
    assert added["orders_rpc_calls_total", labels] == 1
    assert added["orders_retries_total", (("reason", "CHAIN_UNAVAILABLE"),)] == 1


@pytest.mark.django_db
def test_a_step_that_is_rolled_back_is_not_counted(user: User, client: Client) -> None:
    before = scrape(client.get("/metrics").content.decode())
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 -- the work around it breaks
        order_row(user)
        raise RuntimeError
    assert not [
        key for key in grown(before, scrape(client.get("/metrics").content.decode())) if "accepted" in key[0]
    ]


@pytest.mark.django_db(transaction=True)
async def test_open_websockets_are_counted() -> None:
    def open_now() -> float:
        return counters.REGISTRY.get_sample_value("orders_websocket_connections") or 0

    before = open_now()
    async with opened("/api/orders/ws"), opened("/api/orders/ws"):
        assert open_now() == before + 2


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://mainnet.example.com/v2/secret?api-key=secret", "mainnet.example.com"),
        ("https://user:secret@node.example.com:8443/x", "node.example.com:8443"),
        ("http://127.0.0.1:8899", "127.0.0.1:8899"),
    ],
)
def test_a_node_is_named_by_host_and_port_alone(url: str, name: str) -> None:
    assert node_name(url) == name


def test_a_workers_port_gives_what_it_has_counted(settings: Any) -> None:
    settings.WORKER_METRICS_PORT = free_port_pair()
    counters.called("node", "getSlot", "ok", 3)
    metrics_processes.serve_from_worker()
    text = httpx2.get(f"http://127.0.0.1:{settings.WORKER_METRICS_PORT}/metrics").text
    labels = (("code", "ok"), ("method", "getSlot"), ("node", "node"))
    assert scrape(text)["orders_rpc_calls_total", labels] >= 3
    metrics_processes.serve_from_worker()
