"""The REST endpoint that accepts orders, and what a key makes of a repeated request."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from orders.models import Order, OrderEvent
from tests.factories import (
    SOL,
    USDC,
    UserFactory,
)
from tests.orders.rest import FIVE_SOL, bearer, place

pytestmark = pytest.mark.django_db


def test_an_accepted_order_is_answered_with_201_its_place_and_itself(client: Client) -> None:
    answer = place(client)

    assert answer.status_code == 201
    body = answer.json()
    order = Order.objects.get()
    assert answer["Location"] == f"http://testserver/api/orders/{order.pk}"
    assert body["orderId"] == str(order.pk)
    assert (body["status"], body["type"], body["network"]) == ("pending", "market", "localnet")
    assert (body["tokenIn"], body["tokenInMint"]) == ("SOL", SOL)
    assert (body["tokenOut"], body["tokenOutMint"]) == ("USDC", USDC)
    assert (body["amountIn"], body["amountInRaw"]) == ("5", "5000000000")
    assert (body["slippageBps"], body["attempt"]) == (50, 0)
    unknown_yet = (
        *("clientOrderId", "limitPrice", "expiresAt", "quotedAmountOut", "minAmountOut", "dex", "venue"),
        *("pool", "executedAmountIn", "executedAmountOut", "executedPrice", "slippageRealisedBps"),
        *("txHash", "explorerUrl", "slot", "error", "confirmedAt"),
    )
    assert {name: body[name] for name in unknown_yet} == dict.fromkeys(unknown_yet)
    assert body["fees"] == {"lp": None, "lpToken": None, "network": None, "priority": None}
    assert OrderEvent.objects.values_list("sequence", "status").get() == (1, "pending")


def test_accepting_takes_one_transaction_of_two_inserts(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    place(client)
    with django_assert_max_num_queries(8):
        place(client)


@pytest.mark.parametrize(
    ("amount", "raw"),
    [
        ({"amountIn": 5}, 5_000_000_000),
        ({"amountIn": 1.5}, 1_500_000_000),
        ({"amount": "0.000000001"}, 1),
        ({"amountInRaw": "7"}, 7),
        ({"amountInRaw": 7}, 7),
    ],
)
def test_an_amount_comes_in_whole_tokens_or_base_units(
    client: Client, amount: dict[str, Any], raw: int
) -> None:
    answer = place(client, {"tokenIn": "sol", "tokenOut": USDC, "type": "MARKET", **amount})

    assert answer.status_code == 201
    assert Order.objects.get().amount_in == raw


def test_a_number_is_read_exactly_and_not_through_a_float(client: Client) -> None:
    body = '{"tokenIn":"SOL","tokenOut":"USDC","amountIn":9007199.254740993}'
    answer = client.post("/api/orders/execute", body, content_type="application/json")

    assert answer.json()["amountInRaw"] == "9007199254740993"


def test_the_same_key_and_body_give_the_same_order_again(client: Client) -> None:
    first = place(client, **{"Idempotency-Key": "once"})
    again = place(client, FIVE_SOL | {"clientOrderId": "once"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert again.json()["orderId"] == first.json()["orderId"]
    assert again["Location"] == first["Location"]
    assert Order.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(client: Client) -> None:
    place(client, **{"Idempotency-Key": "once"})
    answer = place(client, FIVE_SOL | {"amountIn": "6"}, **{"Idempotency-Key": "once"})

    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert Order.objects.count() == 1


def test_two_users_may_use_the_same_key(client: Client) -> None:
    one, other = bearer(UserFactory()), bearer(UserFactory())
    assert place(client, **one, **{"Idempotency-Key": "k"}).status_code == 201
    assert place(client, **other, **{"Idempotency-Key": "k"}).status_code == 201
