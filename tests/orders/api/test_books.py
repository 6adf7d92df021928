"""`GET /api/fills` and `GET /api/portfolio`: whose swaps, what they cost, and what they came to."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders.access.authentication import LOCAL_USERNAME
from orders.amounts import from_base_units
from orders.lifecycle import PAPER, AttemptState, Status
from orders.models import Order, OrderGroup
from tests.factories import SOL, USDC, WALLET, AttemptFactory, OrderFactory
from tests.localnet_process import free_port_pair
from tests.orders.chain import TestChain
from tests.orders.rest import path_of, refused

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def caller(client: Client) -> User:
    """Whom a call without credentials acts for."""
    client.get("/api/orders")
    return User.objects.get(username=LOCAL_USERNAME)


def filled(user: User, minutes: int, **columns: Any) -> Order:
    """An order that swapped so many minutes after noon; 1 SOL for 100 USDC where nothing else is said."""
    moment = NOON + timedelta(minutes=minutes)
    values: dict[str, Any] = {
        "status": Status.CONFIRMED,
        "confirmed_at": moment,
        "executed_amount_in": 1_000_000_000,
        "executed_amount_out": 100_000_000,
        "dex": "raydium",
        "venue": "raydium-cpmm",
        "slot": 100 + minutes,
        "signature": f"signature-{minutes}",
    }
    order = OrderFactory.create(user=user, created_at=NOON - timedelta(minutes=minutes))
    Order.objects.filter(pk=order.pk).update(**(values | columns))
    order.refresh_from_db()
    AttemptFactory.create(
        order=order,
        number=2,
        signature=f"signature-{order.pk}",
        state=AttemptState.LANDED,
        network_fee=5_000,
        priority_fee=300,
        tip=1_000,
        rent=2_039_280,
    )
    return order


def bought(user: User, minutes: int, **columns: Any) -> Order:
    sides = {"token_in": USDC, "token_out": SOL}
    amounts = {"executed_amount_in": 100_000_000, "executed_amount_out": 1_000_000_000}
    return filled(user, minutes, **sides, **(amounts | columns))


def in_vain(order: Order) -> None:
    """A failed attempt before the one that landed."""
    AttemptFactory.create(
        order=order,
        number=1,
        signature=f"failed-{order.pk}",
        state=AttemptState.FAILED_ONCHAIN,
        network_fee=5_000,
        priority_fee=200,
        tip=0,
        rent=0,
        created_at=NOON,
    )


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [fill["orderId"] for fill in answer.json()["results"]]


def test_a_fill_says_what_moved_and_all_that_it_cost(client: Client, caller: User) -> None:
    order = filled(caller, 1, client_order_id="mine")
    in_vain(order)
    [fill] = client.get("/api/fills").json()["results"]
    assert fill == {
        "orderId": str(order.pk),
        "clientOrderId": "mine",
        "groupId": None,
        "type": "market",
        "confirmedAt": "2026-11-30T12:01:00.000Z",
        "slot": 101,
        "txHash": "signature-1",
        "tokenIn": "SOL",
        "tokenOut": "USDC",
        "tokenInMint": SOL,
        "tokenOutMint": USDC,
        "amountIn": "1",
        "amountInRaw": "1000000000",
        "amountOut": "100",
        "amountOutRaw": "100000000",
        "price": "100",
        "dex": "raydium",
        "venue": "raydium-cpmm",
        "attempts": 2,
        "networkFeeLamports": "10000",
        "priorityFeeLamports": "500",
        "tipLamports": "1000",
        "rentLamports": "2039280",
        "inVainLamports": "5200",
        "totalLamports": "2050780",
        "network": "localnet",
        "wallet": WALLET,
    }


def test_costs_that_were_not_kept_are_null(client: Client, caller: User) -> None:
    order = filled(caller, 1)
    order.attempts.update(network_fee=None)
    [fill] = client.get("/api/fills").json()["results"]
    assert (fill["networkFeeLamports"], fill["totalLamports"]) == (None, None)


def test_only_what_the_caller_has_swapped_is_a_fill(client: Client, caller: User, user: User) -> None:
    own = filled(caller, 1)
    filled(user, 2)
    filled(caller, 3, status=Status.SUBMITTED)
    filled(caller, 4, network=PAPER, signature="")
    filled(caller, 5, network="devnet")
    group = OrderGroup.objects.create(user=caller, kind="dca", created_at=NOON)
    filled(caller, 6, group=group, group_role="schedule")
    filled(caller, 7, group=group, group_role="budget")
    a_round = filled(caller, 8, group=group, group_role="round")
    assert ids(client.get("/api/fills")) == [str(a_round.pk), str(own.pk)]


def test_pages_go_by_the_time_of_the_swap(client: Client, caller: User) -> None:
    orders = [str(filled(caller, minutes).pk) for minutes in range(5)]
    first = client.get("/api/fills?limit=2").json()
    assert [each["orderId"] for each in first["results"]] == [orders[4], orders[3]]
    assert first["previous"] is None
    second = client.get(path_of(first["next"])).json()
    assert [each["orderId"] for each in second["results"]] == [orders[2], orders[1]]
    assert ids(client.get(path_of(second["next"]))) == [orders[0]]
    assert ids(client.get(path_of(second["previous"]))) == [orders[4], orders[3]]


def test_fills_are_found_by_token_and_time(client: Client, caller: User) -> None:
    bonk = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
    orders = [str(filled(caller, minutes).pk) for minutes in range(3)]
    other = str(filled(caller, 3, token_in=bonk).pk)
    assert ids(client.get("/api/fills?token=BONK")) == [other]
    assert ids(client.get(f"/api/fills?token={SOL}&to=2026-11-30T12:02:00Z")) == [orders[1], orders[0]]
    assert ids(client.get("/api/fills?from=2026-11-30T12:02:00Z")) == [other, orders[2]]


@pytest.mark.parametrize("query", ["from=noon", "to=x", "format=xml", "cursor=x", "limit=0", "dex=raydium"])
def test_what_fills_cannot_be_asked_is_refused_by_name(client: Client, query: str) -> None:
    refused(client.get(f"/api/fills?{query}"), 400, "INVALID_REQUEST", query.partition("=")[0])


def test_all_fills_that_fit_are_given_as_csv(client: Client, caller: User) -> None:
    orders = [filled(caller, minutes, client_order_id=f"=cmd{minutes}") for minutes in range(3)]
    answer = client.get("/api/fills?format=csv&limit=1&from=2026-11-30T12:01:00Z")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["orderId"] for row in rows] == [str(orders[2].pk), str(orders[1].pk)]
    assert (rows[0]["clientOrderId"], rows[0]["amountIn"], rows[0]["groupId"]) == ("'=cmd2", "1", "")


def line(client: Client, token: str) -> dict[str, Any]:
    answer = client.get("/api/portfolio")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = next(each for each in answer.json()["tokens"] if each["token"] == token)
    return found


def test_a_portfolio_without_a_node_has_costs_and_no_values(
    client: Client, caller: User, settings: Any
) -> None:
    settings.SOLANA_RPC_URL = f"http://127.0.0.1:{free_port_pair()}"
    bought(caller, 1)
    assert line(client, "SOL") == {
        "token": "SOL",
        "mint": SOL,
        "decimals": 9,
        "balance": None,
        "balanceRaw": None,
        "valueUsdc": None,
        "valueSource": None,
        "valueMissing": "CHAIN_UNAVAILABLE",
        # 1 SOL less 2,045,580 lamports, which were worth 204,558 units of USDC.
        "quantity": "0.99795442",
        "quantityRaw": "997954420",
        "averageCostUsdc": "100.204558441",
        "costUsdc": "99.999582",
        "costMissing": None,
        "realisedUsdc": "-0.000418",
        "realisedMissing": None,
        "unrealisedUsdc": None,
        "unrealisedMissing": "CHAIN_UNAVAILABLE",
        "soldWithoutCost": "0",
    }


def test_values_are_what_the_routes_would_pay_now(client: Client, caller: User, chain: TestChain) -> None:
    chain.hold_sol(2_000_000_000)
    bought(caller, 1)
    held = line(client, "SOL")
    quote = client.get("/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=2").json()["best"]["amountOut"]
    assert (held["balance"], held["valueUsdc"], held["valueSource"]) == ("2", quote, "routes")
    part = client.get("/api/quotes?tokenIn=SOL&tokenOut=USDC&amountInRaw=997954420").json()["best"]
    assert held["unrealisedUsdc"] == from_base_units(int(part["amountOutRaw"]) - 99_999_582, 6)


def test_no_more_than_the_balance_has_an_unrealised_profit(
    client: Client, caller: User, chain: TestChain
) -> None:
    chain.hold_sol(498_977_210)
    bought(caller, 1)
    part = client.get("/api/quotes?tokenIn=SOL&tokenOut=USDC&amountInRaw=498977210").json()["best"]
    # Half of the quantity, half of the cost.
    assert line(client, "SOL")["unrealisedUsdc"] == from_base_units(int(part["amountOutRaw"]) - 49_999_791, 6)


def test_what_a_failed_order_paid_is_taken_off_the_total(client: Client, caller: User, settings: Any) -> None:
    settings.SOLANA_RPC_URL = f"http://127.0.0.1:{free_port_pair()}"
    in_vain(OrderFactory.create(user=caller))
    totals = client.get("/api/portfolio").json()["totals"]
    assert (totals["inVainLamports"], totals["inVainUsdc"]) == ("5200", None)


def test_a_portfolio_is_given_as_csv(client: Client, caller: User, settings: Any) -> None:
    settings.SOLANA_RPC_URL = f"http://127.0.0.1:{free_port_pair()}"
    bought(caller, 1)
    answer = client.get("/api/portfolio?format=csv")
    [row] = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert (row["token"], row["costUsdc"], row["realisedUsdc"]) == ("SOL", "99.999582", "-0.000418")
