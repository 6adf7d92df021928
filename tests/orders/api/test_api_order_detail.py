"""The REST endpoints of one order: what came of it, its journal, its cancellation."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from orders.lifecycle import Status
from orders.models import Order, OrderEvent
from tests.factories import (
    CREATED_AT,
    POOL,
    SIGNATURE,
    SOL,
    AttemptFactory,
    OrderFactory,
    UserFactory,
    advance,
)

pytestmark = pytest.mark.django_db


NODE = "http%3A%2F%2F127.0.0.1%3A8899"
EXPLORER_URL = f"https://explorer.solana.com/tx/{SIGNATURE}?cluster=custom&customUrl={NODE}"


@pytest.fixture
def swapped(settings: Any) -> Order:
    """An order of the local user that ended well on localnet, with its attempt."""
    settings.SOLANA_RPC_URL = "http://127.0.0.1:8899"
    order = OrderFactory(
        user=UserFactory(username="local"),
        created_at=CREATED_AT,
        dex="raydium",
        venue="raydium-cpmm",
        pool=POOL,
        attempt=1,
        quoted_amount_out=730_000_000,
        min_amount_out=726_350_000,
        confirmed_at=CREATED_AT,
        executed_amount_in=5_000_000_000,
        executed_amount_out=729_900_000,
        slot=77,
        network_fee=5000,
        priority_fee=12,
        lp_fee=12_500_000,
        lp_fee_mint=SOL,
        signature=SIGNATURE,
        status=Status.CONFIRMED,
    )
    cost = {"network_fee": 5_000, "priority_fee": 12, "tip": 10_000, "rent": 2_039_280}
    AttemptFactory(order=order, state="landed", slot=77, **cost)
    return order


def test_an_order_is_shown_with_what_came_of_it(client: Client, swapped: Order) -> None:
    body = client.get(f"/api/orders/{swapped.pk}").json()

    assert (body["dex"], body["venue"], body["pool"]) == ("raydium", "raydium-cpmm", POOL)
    assert (body["quotedAmountOut"], body["quotedAmountOutRaw"]) == ("730", "730000000")
    assert (body["minAmountOut"], body["minAmountOutRaw"]) == ("726.35", "726350000")
    assert (body["executedAmountOut"], body["executedAmountOutRaw"]) == ("729.9", "729900000")
    assert (body["executedAmountIn"], body["executedAmountInRaw"]) == ("5", "5000000000")
    assert body["executedPrice"] == "145.98"
    # 730 quoted, 729.9 received: 1.37 basis points short, rounded up.
    assert body["slippageRealisedBps"] == 2
    fees = {"lp": "0.0125", "lpToken": "SOL", "network": "0.000005", "priority": "0.000000012"}
    assert body["fees"] == fees
    assert (body["txHash"], body["slot"], body["explorerUrl"]) == (SIGNATURE, 77, EXPLORER_URL)
    assert body["createdAt"] == body["confirmedAt"] == "2026-01-02T03:04:05.678Z"


def test_an_order_is_shown_with_its_attempts_and_events_but_not_with_signed_bytes(
    client: Client, swapped: Order
) -> None:
    answer = client.get(f"/api/orders/{swapped.pk}")

    at = "2026-01-02T03:04:05.678Z"
    assert answer.json()["attempts"] == [
        {
            "attempt": 1,
            "txHash": SIGNATURE,
            "explorerUrl": EXPLORER_URL,
            "venue": "raydium-cpmm",
            "state": "landed",
            "slot": 77,
            "sends": 0,
            "sendAnswer": None,
            "sendReason": None,
            "error": None,
            "fees": {
                "network": "0.000005",
                "priority": "0.000000012",
                "tip": "0.00001",
                "rent": "0.00203928",
            },
            "lastValidBlockHeight": 1000,
            "createdAt": at,
        }
    ]
    assert answer.json()["events"] == [{"sequence": 1, "status": "confirmed", "at": at}]
    assert b"signed" not in answer.content


def test_what_an_attempt_costs_is_unknown_while_it_is_open(client: Client) -> None:
    order = OrderFactory(user=UserFactory(username="local"), status=Status.SUBMITTED, attempt=1)
    AttemptFactory(order=order)
    [attempt] = client.get(f"/api/orders/{order.pk}").json()["attempts"]
    assert attempt["fees"] == {"network": None, "priority": None, "tip": None, "rent": None}


@pytest.mark.parametrize(
    ("network", "ending"), [("mainnet-beta", SIGNATURE), ("devnet", f"{SIGNATURE}?cluster=devnet")]
)
def test_the_explorer_is_told_the_network_but_no_node_address(
    client: Client, network: str, ending: str
) -> None:
    order = OrderFactory(user=UserFactory(username="local"), network=network, signature=SIGNATURE)
    body = client.get(f"/api/orders/{order.pk}").json()

    assert body["explorerUrl"] == f"https://explorer.solana.com/tx/{ending}"


def test_a_failed_order_says_why(client: Client) -> None:
    order = OrderFactory(
        user=UserFactory(username="local"), status=Status.FAILED, error_code="NO_ROUTE", error_message=""
    )
    body = client.get(f"/api/orders/{order.pk}").json()

    assert body["error"] == {"code": "NO_ROUTE", "message": "No pool trades this pair"}


def test_a_mint_that_left_the_list_keeps_its_base_units(client: Client) -> None:
    order = OrderFactory(user=UserFactory(username="local"), token_in=POOL)
    body = client.get(f"/api/orders/{order.pk}").json()

    assert (body["tokenIn"], body["amountIn"], body["amountInRaw"]) == (POOL, None, "5000000000")


def test_the_journal_is_read_behind_a_sequence(client: Client) -> None:
    order = advance(
        OrderFactory(user=UserFactory(username="local")), Status.ROUTING, Status.BUILDING, dex="meteora"
    )
    body = client.get(f"/api/orders/{order.pk}/events?after=1").json()

    assert (body["orderId"], body["status"]) == (str(order.pk), "building")
    assert [(e["sequence"], e["status"], e.get("dex")) for e in body["events"]] == [
        (2, "routing", None),
        (3, "building", "meteora"),
    ]


@pytest.fixture
def long_lived() -> Order:
    """An order with 1,201 events."""
    order = OrderFactory(user=UserFactory(username="local"))
    OrderEvent.objects.bulk_create(
        OrderEvent(order=order, sequence=sequence, status=Status.ROUTING, at=CREATED_AT, data={})
        for sequence in range(2, 1_202)
    )
    Order.objects.filter(pk=order.pk).update(version=1_201, status=Status.ROUTING)
    return order


def test_the_journal_comes_in_pages(client: Client, long_lived: Order) -> None:
    after, pages, seen = 0, [], []
    while not pages or pages[-1]["more"]:
        pages.append(client.get(f"/api/orders/{long_lived.pk}/events?after={after}").json())
        seen += [event["sequence"] for event in pages[-1]["events"]]
        after = seen[-1]
    assert [len(page["events"]) for page in pages] == [500, 500, 201]
    assert seen == list(range(1, 1_202))


@pytest.mark.parametrize("cache_seconds", [0, 30])
def test_an_order_shows_its_newest_events(
    client: Client, long_lived: Order, settings: Any, cache_seconds: int
) -> None:
    settings.ORDER_CACHE_SECONDS = cache_seconds
    for _ in range(2):
        body = client.get(f"/api/orders/{long_lived.pk}").json()
        assert [event["sequence"] for event in body["events"]] == list(range(1_102, 1_202))
        assert body["eventsLeftOut"] == 1_101


@pytest.mark.parametrize("status", [Status.PENDING, Status.OPEN])
def test_an_order_that_no_worker_has_begun_can_be_cancelled(client: Client, status: Status) -> None:
    order = OrderFactory(user=UserFactory(username="local"), status=status)
    answer = client.post(f"/api/orders/{order.pk}/cancel")

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_an_order_under_way_cannot_be_cancelled(client: Client) -> None:
    order = OrderFactory(user=UserFactory(username="local"), status=Status.BUILDING)
    answer = client.post(f"/api/orders/{order.pk}/cancel")

    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_CANCELLABLE")
    assert answer.json()["details"] == {"status": "building"}


@pytest.mark.parametrize(
    ("method", "path"), [("get", ""), ("get", "/events"), ("post", "/cancel"), ("get", "/")]
)
def test_another_owners_order_is_not_found(client: Client, method: str, path: str) -> None:
    order = OrderFactory()
    answer = getattr(client, method)(f"/api/orders/{order.pk}{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_an_unused_id_is_not_found(client: Client) -> None:
    assert client.get(f"/api/orders/{uuid.uuid4()}").json()["code"] == "NOT_FOUND"
