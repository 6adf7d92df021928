"""Funds: an order whose wallet cannot pay for it ends before anything is signed, and says what is lacking."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from solders.pubkey import Pubkey

from dex.transactions.token_accounts import associated_token_address
from orders import gateway
from orders.lifecycle import AttemptState
from orders.models import Attempt, Order
from orders.pipeline import stages
from tests.orders.chain import TestChain
from tests.orders.order_runs import carry_out, settle, stored
from tests.orders.rows import SOL, USDC, order_row

pytestmark = pytest.mark.django_db

JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
# Fees 5,000; the rent of the temporary account; what an account without data must keep.
FOR_SOL_OUT = 5_000 + 2_039_280
LEAST = 890_880


def selling_usdc(user: User, whole: int = 60, **columns: Any) -> Order:
    return order_row(user, token_in=USDC, token_out=SOL, amount_in=whole * 10**6, **columns)


def try_to_build(*orders: Order) -> None:
    ids = [order.pk for order in orders]
    Order.objects.filter(pk__in=ids).update(due_at=timezone.now())
    stages.route(ids)
    stages.build(ids)


def refusal(order: Order) -> tuple[str, str, dict[str, str] | None]:
    ended = stored(order)
    return ended.status, ended.error_code, ended.error_details


@pytest.mark.parametrize("lamports", [0, 892_000, LEAST + FOR_SOL_OUT - 1])
def test_a_wallet_without_sol_for_the_fees_is_refused_at_once(
    user: User, chain: TestChain, lamports: int
) -> None:
    chain.change_account(chain.wallet.pubkey(), lamports=lamports)
    order = selling_usdc(user)
    try_to_build(order)
    status, code, details = refusal(order)
    assert (status, code) == ("failed", "INSUFFICIENT_FUNDS")
    assert details is not None
    assert (details["token"], details["needed"], details["committed"], details["keptBack"]) == (
        *("SOL", "0.00204428", "0", "0.00089088"),
    )
    assert not Attempt.objects.exists()


def test_just_enough_sol_for_the_fees_is_enough(user: User, chain: TestChain) -> None:
    chain.change_account(chain.wallet.pubkey(), lamports=LEAST + FOR_SOL_OUT)
    carry_out([selling_usdc(user).pk])


def test_the_rent_of_an_account_to_be_made_is_counted(user: User, chain: TestChain, settings: Any) -> None:
    settings.MAX_PRICE_IMPACT_BPS = 10_000
    account = associated_token_address(chain.wallet.pubkey(), Pubkey.from_string(JUP))
    chain.network.put_account(account, None)
    chain.change_account(chain.wallet.pubkey(), lamports=LEAST + 5_000 + 2_039_279)
    order = order_row(user, token_in=USDC, token_out=JUP, amount_in=10**6)
    try_to_build(order)
    status, code, details = refusal(order)
    assert (status, code) == ("failed", "INSUFFICIENT_FUNDS")
    assert details is not None
    assert (details["token"], details["needed"]) == ("SOL", "0.00204428")


def test_sol_is_kept_back_for_fees_when_sol_is_sold(user: User, chain: TestChain) -> None:
    chain.change_account(chain.wallet.pubkey(), lamports=1_009_999_999)
    order = order_row(user, amount_in=10**9)
    try_to_build(order)
    figures = {"needed": "1", "held": "1.009999999", "committed": "0", "keptBack": "0.01"}
    assert refusal(order) == ("failed", "INSUFFICIENT_FUNDS", {"token": "SOL", **figures})
    event = order.events.latest("sequence")
    assert event.data["details"] == {"token": "SOL", **figures}


def test_of_orders_beyond_the_balance_only_those_within_it_are_signed(user: User, chain: TestChain) -> None:
    chain.hold(USDC, 100 * 10**6)
    orders = [selling_usdc(user) for _ in range(5)]
    try_to_build(*orders)
    [attempt] = Attempt.objects.all()
    waiting = [order for order in orders if order.pk != attempt.order_id]
    last = waiting[0].events.latest("sequence")
    assert (last.status, last.data["code"]) == ("routing", "INSUFFICIENT_FUNDS")
    assert last.data["details"] == {
        "token": "USDC",
        "needed": "60",
        "held": "100",
        "committed": "60",
        "keptBack": "0",
    }
    stages.submit([attempt.order_id])
    settle([attempt.order_id])
    try_to_build(*waiting)
    assert [refusal(order)[:2] for order in waiting] == [("failed", "INSUFFICIENT_FUNDS")] * 4
    assert (refusal(waiting[0])[2] or {})["held"] == "40"
    assert Attempt.objects.count() == len(chain.swaps_of_wallet()) == 1


def test_what_landed_after_the_balance_was_read_still_counts(
    user: User, chain: TestChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.hold(USDC, 100 * 10**6)
    first, second = selling_usdc(user), selling_usdc(user)
    for order in (first, second):
        stages.route([order.pk])
    sign_swaps = gateway.sign_swaps

    def sign_while_the_other_lands(swaps: Any) -> Any:
        signed = sign_swaps(swaps)
        monkeypatch.setattr(gateway, "sign_swaps", sign_swaps)
        stages.build([first.pk])
        stages.submit([first.pk])
        settle([first.pk])
        return signed

    monkeypatch.setattr(gateway, "sign_swaps", sign_while_the_other_lands)
    stages.build([second.pk])
    assert (stored(first).status, stored(second).status) == ("confirmed", "routing")
    assert not second.attempts.exists()


@pytest.mark.django_db(transaction=True)
def test_parallel_workers_cannot_both_spend_the_same(user: User, chain: TestChain) -> None:
    chain.hold(USDC, 100 * 10**6)
    orders = [selling_usdc(user) for _ in range(6)]
    ids = [order.pk for order in orders]
    stages.route(ids)
    together = threading.Barrier(len(ids), timeout=60)

    def build(order_id: Any) -> None:
        together.wait()
        stages.build([order_id])
        connection.close()

    workers = [threading.Thread(target=build, args=(order_id,)) for order_id in ids]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert Attempt.objects.filter(state=AttemptState.OPEN).count() == 1


def test_tokens_show_what_can_be_spent(user: User, chain: TestChain, client: Client) -> None:
    chain.hold(USDC, 100 * 10**6)
    chain.change_account(chain.wallet.pubkey(), lamports=5 * 10**9)
    try_to_build(selling_usdc(user))
    client.force_login(user)
    told = {token["symbol"]: token for token in client.get("/api/tokens").json()["tokens"]}
    names = ("balance", "committed", "keptBack", "spendable")
    assert [told["USDC"][name] for name in names] == ["100", "60", "0", "40"]
    assert [told["SOL"][name] for name in names] == ["5", "0.00204428", "0.01", "4.98795572"]


def test_an_order_that_waits_for_funds_still_expires(user: User, chain: TestChain) -> None:
    chain.hold(USDC, 100 * 10**6)
    first, second = selling_usdc(user), selling_usdc(user, expires_at=timezone.now() + timedelta(hours=1))
    try_to_build(first, second)
    Order.objects.filter(pk=second.pk).update(expires_at=timezone.now())
    try_to_build(second)
    assert stored(second).status == "expired"


def test_what_is_lacking_is_said_in_whole_tokens(user: User, chain: TestChain) -> None:
    chain.hold(USDC, 1_234_567_890_000)
    first = selling_usdc(user, 1_000)
    try_to_build(first)
    order = selling_usdc(user, 2_000_000)
    try_to_build(order)
    assert stored(order).error_message == (
        "The wallet lacks USDC: 2,000,000 USDC needed, 1,234,567.89 USDC held,"
        " 1,000 USDC committed, 0 USDC kept back"
    )
    assert refusal(order)[2] == {
        "token": "USDC",
        "needed": "2000000",
        "held": "1234567.89",
        "committed": "1000",
        "keptBack": "0",
    }
