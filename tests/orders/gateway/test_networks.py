"""Real networks by settings: who may trade where, how much, and what a node of another network is worth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client
from django.utils import timezone

from dex.errors import WrongNetwork
from orders import checks, gateway, tasks
from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.pipeline import followed, settle, stages, sweeper
from orders.pipeline.sweeper import OnTheirWay
from tests.orders.chain import TestChain, eventually, running_chain, use_chain
from tests.orders.fakes import FakeBroker, FakePoller
from tests.orders.rows import SOL, USDC, attempt_row, order_row

pytestmark = pytest.mark.django_db
CAPS = ("MAX_ORDER_AMOUNTS", "MAX_DAY_AMOUNTS_PER_USER", "MAX_DAY_AMOUNTS_PER_WALLET", "MAX_DAY_AMOUNTS")
LIMITS = {
    "ALLOW_MAINNET": True,
    **{name: {"SOL": "2", "USDC": "300"} for name in CAPS},
    "MAX_SLIPPAGE_BPS": 100,
}


@pytest.fixture(scope="module", params=["devnet", "mainnet-beta"])
def public(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, TestChain]]:
    """A chain that plays a public network."""
    with running_chain(tmp_path_factory.mktemp("chain"), "--play", request.param) as chain:
        yield request.param, chain


def allow(settings: Any, **changes: Any) -> None:
    for name, value in (LIMITS | changes).items():
        setattr(settings, name, value)


def stored(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def through_all_stages(order: Order) -> None:
    for stage in (stages.route, stages.build, stages.submit):
        assert stage([order.pk]).onward == [order.pk]


def test_an_order_is_executed_on_a_public_network(
    user: User, public: tuple[str, TestChain], settings: Any
) -> None:
    network, chain = public
    use_chain(settings, chain, network)
    allow(settings)
    order = order_row(user, network=network)
    through_all_stages(order)
    attempt = Attempt.objects.get(order=order)
    watched = settle.Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 0, 0)
    eventually(lambda: settle.settle([watched]))
    assert (stored(order).status, stored(order).network) == ("confirmed", network)


@pytest.mark.parametrize("named", ["localnet", "devnet", "mainnet-beta"])
def test_nothing_is_done_with_a_node_of_another_network(
    user: User, public: tuple[str, TestChain], settings: Any, named: str
) -> None:
    network, chain = public
    if named == network:
        return
    use_chain(settings, chain, named)
    allow(settings)
    with pytest.raises(WrongNetwork, match=f"is not of {named}"):
        gateway.require_network()
    with pytest.raises(WrongNetwork):
        gateway.prove_dead([("sig", gateway.dead_check(1))])
    order = order_row(user, network=named, status=Status.BUILDING, venue="raydium-cpmm")
    stages.build([order.pk])
    assert order.events.latest("sequence").data["code"] == "CHAIN_UNAVAILABLE"
    assert not Attempt.objects.exists()
    (fault,) = checks.node_is_of_the_network()
    assert fault.id == "orders.E006"
    with pytest.raises(SystemExit, match="this worker does not start"):
        tasks.reconcile()


def test_health_says_that_the_network_is_wrong(
    client: Client, public: tuple[str, TestChain], settings: Any
) -> None:
    use_chain(settings, public[1], "localnet")
    body = client.get("/health").json()
    assert (body["status"], body["checks"]["chain"]) == ("degraded", "wrong network")


def test_a_node_that_is_away_does_not_keep_a_worker_from_starting(settings: Any) -> None:
    settings.SOLANA_RPC_URL = "http://127.0.0.1:1"
    sweeper.Sweeper("tested", FakePoller(), FakeBroker().publish).reconcile()
    assert checks.node_is_of_the_network() == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"ALLOW_MAINNET": False}, "needs ALLOW_MAINNET=1"),
        *(({name: {}}, f"needs {name}") for name in CAPS),
        ({"MAX_DAY_AMOUNTS": {"SOL": "much"}}, "MAX_DAY_AMOUNTS: much is no amount of SOL"),
        ({"MAX_SLIPPAGE_BPS": 1001}, "MAX_SLIPPAGE_BPS of 1000 at most"),
        ({"MAX_ORDER_AMOUNTS": {"DOGE": "1"}}, "DOGE is no known token"),
        ({"MAX_ORDER_AMOUNTS": {"SOL": "1e3"}}, "1e3 is no amount of SOL"),
        ({"MAX_ORDER_AMOUNTS": {"USDC": "0.0000001"}}, "0.0000001 is no amount of USDC"),
        ({"SOLANA_NETWORK": "mainnet"}, "SOLANA_NETWORK is one of"),
        ({"SOLANA_COMMITMENT": "processed"}, "SOLANA_COMMITMENT is one of confirmed, finalized"),
    ],
)
def test_real_money_without_limits_is_refused_by_the_checks(
    settings: Any, changes: dict[str, Any], fault: str
) -> None:
    allow(settings, SOLANA_NETWORK="mainnet-beta")
    assert checks.network_may_be_traded_on() == []
    allow(settings, **changes)
    (found,) = checks.network_may_be_traded_on()
    assert fault in found.msg
    with pytest.raises(SystemCheckError, match=str(found.id)):
        call_command("run_engine", skip_checks=False)


def test_a_worker_does_not_start_on_real_money_without_limits(settings: Any) -> None:
    allow(settings, SOLANA_NETWORK="mainnet-beta", ALLOW_MAINNET=False)
    with pytest.raises(SystemExit, match="this worker does not start: mainnet-beta needs ALLOW_MAINNET=1"):
        tasks.refuse_bad_settings()


@pytest.mark.parametrize(
    ("changes", "columns", "why"),
    [
        ({"ALLOW_MAINNET": False}, {}, "needs ALLOW_MAINNET=1"),
        ({"MAX_ORDER_AMOUNTS": {"SOL": "0.5"}}, {}, "more than 500000000 base units"),
        ({"MAX_ORDER_AMOUNTS": {"USDC": "300"}}, {}, "more than 0 base units"),
        ({"MAX_SLIPPAGE_BPS": 49}, {}, "slippage over 49 bps"),
        ({"MAX_ORDER_AMOUNTS": {"SOL": "1"}}, {"token_in": USDC, "token_out": SOL}, "more than 0 base units"),
    ],
)
def test_the_signer_refuses_what_the_settings_do_not_allow(
    user: User, settings: Any, changes: dict[str, Any], columns: dict[str, Any], why: str
) -> None:
    settings.SOLANA_NETWORK, settings.SOLANA_RPC_URL = "mainnet-beta", "http://127.0.0.1:1"
    allow(settings, **changes)
    order = order_row(user, network="mainnet-beta", status=Status.BUILDING, **columns)
    stages.build([order.pk])
    assert (stored(order).status, stored(order).error_code) == ("failed", "POLICY_VIOLATION")
    assert why in stored(order).error_message
    assert not Attempt.objects.exists()


@pytest.mark.parametrize(
    ("network", "amount", "token_in", "status"),
    [
        ("mainnet-beta", "2", "SOL", 201),
        ("mainnet-beta", "2.000000001", "SOL", 400),
        ("mainnet-beta", "1", "JUP", 400),
        ("devnet", "2.1", "SOL", 400),
        ("devnet", "1000", "TEST", 201),
    ],
)
def test_an_order_over_the_cap_is_refused(
    client: Client, settings: Any, network: str, amount: str, token_in: str, status: int
) -> None:
    settings.SOLANA_NETWORK = network
    settings.TOKENS = {"TEST": "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi:6"}
    allow(settings)
    body = {"tokenIn": token_in, "tokenOut": "USDC", "amountIn": amount}
    answer = client.post("/api/orders/execute", json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content
    if status == 400:
        assert answer.json()["code"] == "ORDER_TOO_LARGE"
    else:
        assert answer.json()["network"] == network


def test_orders_of_another_network_are_left_alone(user: User, chain: TestChain, settings: Any) -> None:
    past = timezone.now() - timedelta(minutes=1)
    foreign = [
        order_row(user, network="devnet", status=status, due_at=past)
        for status in (Status.PENDING, Status.ROUTING, Status.BUILDING, Status.SUBMITTED)
    ]
    foreign.append(order_row(user, network="devnet", status=Status.CONFIRMED, confirmed_at=past, slot=1))
    attempt_row(foreign[3])
    own = order_row(user)
    ids = [order.pk for order in [*foreign, own]]
    assert stages.route(ids).onward == [own.pk]
    assert stages.build(ids).onward == [own.pk]
    assert stages.submit(ids).onward == [own.pk]
    watch = FakePoller().watch
    assert sweeper.resume_due(OnTheirWay(FakeBroker().publish, watch)) == 0
    assert followed.adopt_submitted(watch) == 0
    assert followed.finalize(watch) == 0
    assert [stored(order).version for order in foreign] == [1] * 5


def test_a_finalized_commitment_waits_for_the_final_block(
    user: User, chain: TestChain, settings: Any
) -> None:
    settings.SOLANA_COMMITMENT = "finalized"
    chain.call("localnet_advance", {"slots": 40})
    order = order_row(user)
    through_all_stages(order)
    attempt = Attempt.objects.get(order=order)
    watched = settle.Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 0, 1e12)
    eventually(lambda: settle.settle([watched]), seconds=20)
    (reported,) = gateway.signature_statuses([attempt.signature])
    assert (stored(order).status, reported.verdict) == ("confirmed", gateway.Verdict.FINALIZED)
