"""A devnet wallet without SOL: the faucet, its 429, and orders that complete on paper."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from orders import checks
from orders.client.terminal import ProgressDisplay
from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.pipeline import followed, stages
from orders.wire.orders import order_as_wire
from tests.orders.chain import TestChain, eventually, running_chain, use_chain
from tests.orders.fakes import FakePoller
from tests.orders.rows import DEVNET_USDC, SOL, order_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def dry(settings: Any, tmp_path: Any) -> Iterator[TestChain]:
    """A devnet whose faucet answers 429, and a wallet that has nothing."""
    with running_chain(tmp_path, "--play", "devnet", "--faucet-limit", "0", funded=False) as chain:
        use_chain(settings, chain, "devnet")
        yield chain


@pytest.fixture
def generous(settings: Any, tmp_path: Any) -> Iterator[TestChain]:
    """A devnet whose faucet gives, and a wallet that has nothing."""
    with running_chain(tmp_path, "--play", "devnet", funded=False) as chain:
        use_chain(settings, chain, "devnet")
        yield chain


def small_order(user: User, **columns: Any) -> Order:
    return order_row(user, network="devnet", amount_in=100_000_000, **columns)


def stored(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def test_an_order_completes_on_paper_when_the_faucet_is_dry(
    user: User, dry: TestChain, settings: Any, client: Client
) -> None:
    settings.DEVNET_PAPER_FALLBACK = True
    order = small_order(user)
    assert stages.route([order.pk]).onward == []
    done = stored(order)
    assert (done.status, done.network, done.signature, done.slot) == ("confirmed", "paper", "", None)
    assert done.executed_amount_out == done.quoted_amount_out
    assert done.lease_token is None
    assert not Attempt.objects.exists()
    assert dry.swaps_of_wallet() == []
    steps = list(order.events.values_list("status", flat=True))
    assert steps == ["pending", "routing", "building", "submitted", "confirmed"]
    for event in order.events.filter(sequence__gte=3):
        assert event.data["network"] == "paper"
        assert event.data.get("txHash") is None
        assert event.data["note"] == "on paper: no transaction was made; the amounts are the quote's"
    wire = order_as_wire(done)
    assert (wire["network"], wire["txHash"], wire["explorerUrl"]) == ("paper", None, None)
    assert wire["attempt"] == 0
    assert wire["executedAmountOut"] == order.events.get(status="building").data["amountOut"]
    told = client.get("/metrics").content.decode()
    assert "orders_unfinalized 0.0" in told
    assert followed.finalize(FakePoller().watch) == 0


def test_a_terminal_says_that_it_is_on_paper(user: User, dry: TestChain, settings: Any) -> None:
    settings.DEVNET_PAPER_FALLBACK = True
    order = small_order(user)
    stages.route([order.pk])
    out = StringIO()
    wire = order_as_wire(stored(order), events=order.events.all())
    display = ProgressDisplay(out, wire)
    for event in wire["events"]:
        display.step(event)
    display.summary(wire)
    assert "submitted  no transaction: on paper" in out.getvalue()
    assert f"{wire['executedAmountOut']} USDC on paper: nothing was swapped" in out.getvalue()


def test_without_the_switch_it_fails_after_its_retries(user: User, dry: TestChain) -> None:
    order = small_order(user)
    for _ in range(3):
        assert [one.pk for one in stages.route([order.pk]).waiting] == [order.pk]
        assert order.events.latest("sequence").data["code"] == "INSUFFICIENT_FUNDS"
        Order.objects.filter(pk=order.pk).update(due_at=timezone.now())
    stages.route([order.pk])
    failed = stored(order)
    assert (failed.status, failed.error_code, failed.network) == ("failed", "INSUFFICIENT_FUNDS", "devnet")
    assert "the faucet gives none now" in failed.error_message


def test_what_the_faucet_gives_lets_the_order_go_on(user: User, generous: TestChain) -> None:
    order = small_order(user)

    def is_signed() -> bool:
        Order.objects.filter(pk=order.pk).update(due_at=timezone.now())
        return bool(stages.build(stages.route([order.pk]).onward).onward)

    eventually(is_signed)
    assert stages.submit([order.pk]).onward == [order.pk]
    assert dict(order.events.values_list("sequence", "data"))[3]["error"].endswith("an airdrop was asked for")
    assert dry_balance(generous) < 1_000_000_000
    assert generous.swaps_of_wallet()[-1] == stored(order).signature


def dry_balance(chain: TestChain) -> int:
    chain.call("localnet_advance", {"slots": 2})
    return int(chain.call("getBalance", str(chain.wallet.pubkey()))["value"])


def test_a_token_that_no_faucet_gives_fails_at_once(user: User, dry: TestChain, settings: Any) -> None:
    settings.DEVNET_PAPER_FALLBACK = True
    order = order_row(user, network="devnet", token_in=DEVNET_USDC, token_out=SOL)
    stages.route([order.pk])
    assert (stored(order).status, stored(order).error_code) == ("failed", "INSUFFICIENT_FUNDS")


@pytest.mark.parametrize("network", ["localnet", "mainnet-beta"])
def test_paper_is_for_devnet_alone(settings: Any, network: str) -> None:
    settings.SOLANA_NETWORK, settings.DEVNET_PAPER_FALLBACK = network, True
    settings.ALLOW_MAINNET, settings.MAX_ORDER_AMOUNTS = True, {"SOL": "1"}
    settings.MAX_DAY_AMOUNTS = settings.MAX_DAY_AMOUNTS_PER_USER = {"SOL": "1"}
    settings.MAX_DAY_AMOUNTS_PER_WALLET = {"SOL": "1"}
    settings.MAX_SLIPPAGE_BPS = 100
    (fault,) = checks.network_may_be_traded_on()
    assert fault.msg == "DEVNET_PAPER_FALLBACK is for devnet alone"


def test_the_database_holds_no_signature_of_an_order_on_paper(user: User) -> None:
    order = order_row(user, network="paper", status=Status.CONFIRMED)
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(signature="x" * 88)
