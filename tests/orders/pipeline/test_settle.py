"""Settling from the chain: only a status ends an attempt."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from solders.keypair import Keypair

from dex.errors import DexError
from orders import gateway
from orders.lifecycle import AttemptState, Status
from orders.models import Attempt, Order
from orders.pipeline import followed, settle, stages
from orders.pipeline.settle import Watched
from tests.orders.chain import TestChain, eventually
from tests.orders.fakes import FakePoller
from tests.orders.rows import SOL, USDC, order_row

pytestmark = pytest.mark.django_db


def submitted(user: User, before_send: Callable[[], None] | None = None, **columns: object) -> Order:
    """An order whose transaction has been sent."""
    order = order_row(user, **columns)
    stages.route([order.pk])
    stages.build([order.pk])
    if before_send:
        before_send()
    stages.submit([order.pk])
    return reload(order)


def reload(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def watched(order: Order) -> Watched:
    attempt = order.attempts.get(state=AttemptState.OPEN)
    now = time.monotonic()
    return Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), now, now)


def settle_until_done(one: Watched) -> None:
    def settled() -> bool:
        one.resend_at = one.check_at = 0
        return one.attempt.signature in settle.settle([one])

    eventually(settled)


def test_confirmed_carries_what_really_moved(user: User, chain: TestChain) -> None:
    before = gateway.holdings().by_mint
    order = submitted(user)
    settle_until_done(watched(order))
    after, stored = gateway.holdings().by_mint, reload(order)
    assert stored.status == "confirmed"
    assert stored.executed_amount_in == 1_000_000_000
    assert stored.executed_amount_out == after[USDC] - before[USDC] == stored.quoted_amount_out
    assert (stored.network_fee, stored.priority_fee) == (5_000, 0)
    assert before[SOL] - after[SOL] == 1_000_000_000 + 5_000
    assert stored.confirmed_at is not None
    assert stored.slot is not None
    attempt = Attempt.objects.get(order=order)
    assert (attempt.state, attempt.slot) == ("landed", stored.slot)
    event = order.events.get(status="confirmed")
    assert event.data["txHash"] == attempt.signature
    assert event.data["executedAmountIn"] == "1"


def test_the_swap_settles_though_the_node_answered_with_an_error(user: User, chain: TestChain) -> None:
    order = submitted(user, before_send=lambda: chain.fault("sendTransaction", "land_error"))
    settle_until_done(watched(order))
    assert reload(order).status == "confirmed"
    assert len(chain.swaps_of_wallet()) == Attempt.objects.count() == 1


def test_bytes_that_a_node_lost_are_sent_again_and_only_those(user: User, chain: TestChain) -> None:
    order = submitted(user, before_send=lambda: chain.fault("sendTransaction", "swallow"))
    assert chain.swaps_of_wallet() == []
    settle_until_done(watched(order))
    attempt = Attempt.objects.get(order=order)
    assert (reload(order).status, attempt.signature) == ("confirmed", chain.swaps_of_wallet()[0])
    assert attempt.sends >= 2


@pytest.mark.parametrize("is_failed", [False, True])
def test_an_order_in_flight_at_a_retired_venue_settles(user: User, chain: TestChain, is_failed: bool) -> None:
    order = order_row(user)
    stages.route([order.pk])
    if is_failed:
        Order.objects.filter(pk=order.pk).update(min_amount_out=2**62)
    stages.build([order.pk])
    stages.submit([order.pk])
    Order.objects.filter(pk=order.pk).update(venue="retired-venue", dex="Retired", route=None)
    Attempt.objects.filter(order=order).update(venue="retired-venue")
    settle_until_done(watched(reload(order)))
    if is_failed:
        assert (reload(order).status, Attempt.objects.get(order=order).state) == ("routing", "failed_onchain")
        assert order.events.latest("sequence").data["code"] == "TRANSACTION_FAILED"
    else:
        assert (reload(order).status, reload(order).executed_amount_in) == ("confirmed", 1_000_000_000)


def test_slippage_on_chain_uses_the_attempt_up_and_leads_back_to_routing(
    user: User, chain: TestChain
) -> None:
    order = order_row(user)
    stages.route([order.pk])
    # A quote that no pool can meet stands for a price that moved after it.
    Order.objects.filter(pk=order.pk).update(min_amount_out=10**15)
    stages.build([order.pk])
    stages.submit([order.pk])
    settle_until_done(watched(order))
    stored, attempt = reload(order), Attempt.objects.get(order=order)
    assert (stored.status, stored.retries) == ("routing", 1)
    assert (attempt.state, attempt.error_code) == ("failed_onchain", "ExceededSlippage")
    retry = order.events.latest("sequence")
    assert (retry.data["code"], retry.data["retryInMs"]) == ("SLIPPAGE_EXCEEDED", 1000)
    assert chain.swaps_of_wallet() == []


def test_a_new_attempt_comes_only_after_proof_that_the_old_one_is_dead(user: User, chain: TestChain) -> None:
    order = submitted(user, before_send=lambda: chain.fault("sendTransaction", "swallow", 1_000))
    one = watched(order)
    one.check_at = 0
    assert settle.settle([one]) == set()
    assert reload(order).status == "submitted"
    chain.call("localnet_advance", {"slots": 200})
    settle_until_done(one)
    stored, attempt = reload(order), Attempt.objects.get(order=order)
    assert (stored.status, attempt.state) == ("routing", "expired")
    assert order.events.latest("sequence").data["code"] == "TRANSACTION_EXPIRED"


def test_the_attempt_after_a_dead_one_swaps_once(user: User, chain: TestChain) -> None:
    order = submitted(user, before_send=lambda: chain.fault("sendTransaction", "swallow", 1_000))
    chain.call("localnet_advance", {"slots": 200})
    settle_until_done(watched(order))
    chain.call("localnet_resetFaults")
    Order.objects.filter(pk=order.pk).update(due_at=order.created_at)
    for stage in (stages.route, stages.build, stages.submit):
        stage([order.pk])
    settle_until_done(watched(reload(order)))
    assert reload(order).status == "confirmed"
    states = list(order.attempts.order_by("number").values_list("state", flat=True))
    assert states == ["expired", "landed"]
    assert len(chain.swaps_of_wallet()) == 1


def test_who_follows_a_transaction_keeps_other_workers_from_adopting_it(user: User, chain: TestChain) -> None:
    order = submitted(user, before_send=lambda: chain.fault("sendTransaction", "swallow", 1_000))
    Order.objects.filter(pk=order.pk).update(lease_until=order.created_at)
    one = watched(order)
    settle.settle([one])
    assert reload(order).lease_until == order.created_at
    one.hold_at = 0
    settle.settle([one])
    assert followed.adopt_submitted(FakePoller().adopt) == 0
    Order.objects.filter(pk=order.pk).update(lease_until=order.created_at)
    assert followed.adopt_submitted(FakePoller().adopt) == 1


def test_a_node_without_statuses_decides_nothing(user: User, chain: TestChain) -> None:
    order = submitted(user)
    chain.fault("getSignatureStatuses", "unavailable")
    with pytest.raises(DexError):
        settle.settle([watched(order)])
    assert reload(order).status == "submitted"


def test_an_order_that_somebody_else_settled_is_let_go(user: User, chain: TestChain) -> None:
    order = submitted(user)
    first, second = watched(order), watched(order)
    settle_until_done(first)
    settle_until_done(second)
    assert list(order.events.values_list("status", flat=True)).count("confirmed") == 1


def test_a_batch_settles_together(user: User, chain: TestChain) -> None:
    orders = [submitted(user), submitted(user, token_in=USDC, token_out=SOL, amount_in=5_000_000)]
    waiting = {one.attempt.signature: one for one in map(watched, orders)}

    def all_settled() -> bool:
        for signature in settle.settle(list(waiting.values())):
            del waiting[signature]
        return not waiting

    eventually(all_settled)
    assert {reload(order).status for order in orders} == {Status.CONFIRMED}


def test_a_swap_settles_though_the_wallet_was_changed_after_it_was_sent(
    user: User, chain: TestChain, settings: Any
) -> None:
    sold, bought = submitted(user), submitted(user, token_in=USDC, token_out=SOL, amount_in=5_000_000)
    settings.WALLET_ADDRESS, settings.WALLET_KEYPAIR = str(Keypair().pubkey()), ""
    for order in (sold, bought):
        settle_until_done(watched(order))
        stored = reload(order)
        assert (stored.status, stored.executed_amount_out) == ("confirmed", stored.quoted_amount_out)


def test_an_order_for_another_wallet_is_not_signed_for(user: User, chain: TestChain) -> None:
    order = order_row(user, wallet=str(Keypair().pubkey()))
    stages.route([order.pk])
    stages.build([order.pk])
    stored = reload(order)
    assert (stored.status, stored.error_code) == ("failed", "POLICY_VIOLATION")
    assert order.wallet in stored.error_message
    assert not Attempt.objects.filter(order=order).exists()
