"""The stages on a real chain: quotes from real accounts, real signatures, swaps in the SVM."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.lifecycle import AttemptState, Status
from orders.models import Attempt, Order
from orders.pipeline import claims, stages
from tests.orders.chain import TestChain
from tests.orders.rows import SOL, USDC, order_row

pytestmark = pytest.mark.django_db

STRANGE_MINT = "9n4nbM75f5Ui33ZbPYXn59EwSgE8CGsHtAeTH5YFeJ9E"


def events(order: Order) -> list[str]:
    return list(order.events.values_list("status", flat=True))


def reload(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def test_routing_chooses_the_best_pool_and_keeps_the_losing_quotes(user: User, chain: TestChain) -> None:
    order = order_row(user)
    outcome = stages.route([order.pk])
    assert (outcome.onward, outcome.waiting) == ([order.pk], [])
    stored = reload(order)
    assert stored.status == "building"
    assert stored.quoted_amount_out is not None
    assert stored.min_amount_out is not None
    assert stored.min_amount_out == -(-stored.quoted_amount_out * 9_950 // 10_000)
    assert events(order) == ["pending", "routing", "building"]
    data = order.events.get(status="building").data
    assert data["dex"] == stored.dex
    losers = data["quotes"]
    assert {data["dex"], *(loser["dex"] for loser in losers)} >= {"raydium", "meteora"}
    assert data["pool"] not in {loser["pool"] for loser in losers}
    assert all(Decimal(data["amountOut"]) >= Decimal(loser["amountOut"]) for loser in losers)


def test_the_signed_bytes_are_stored_before_anything_is_sent(user: User, chain: TestChain) -> None:
    order = order_row(user)
    stages.route([order.pk])
    assert stages.build([order.pk]).onward == [order.pk]
    attempt = Attempt.objects.get(order=order)
    assert (attempt.number, attempt.state, attempt.sends) == (1, "open", 0)
    assert attempt.last_valid_block_height > 0
    assert (reload(order).status, reload(order).attempt) == ("building", 1)
    assert chain.swaps_of_wallet() == []


def test_submitting_sends_the_stored_bytes_once(user: User, chain: TestChain) -> None:
    order = order_row(user)
    stages.route([order.pk])
    stages.build([order.pk])
    assert stages.submit([order.pk]).onward == [order.pk]
    attempt = Attempt.objects.get(order=order)
    assert (reload(order).status, reload(order).signature) == ("submitted", attempt.signature)
    assert attempt.sends == 1
    assert chain.swaps_of_wallet() == [attempt.signature]
    assert order.events.get(status="submitted").data["txHash"] == attempt.signature


def test_a_build_that_is_repeated_signs_nothing_new(user: User, chain: TestChain) -> None:
    order = order_row(user)
    stages.route([order.pk])
    stages.build([order.pk])
    assert stages.build([order.pk]).onward == [order.pk]
    assert Attempt.objects.filter(order=order).count() == 1


def test_stages_ignore_orders_that_are_elsewhere(user: User, chain: TestChain) -> None:
    order = order_row(user)
    for stage in (stages.build, stages.submit):
        outcome = stage([order.pk])
        assert (outcome.onward, outcome.waiting) == ([], [])
    assert events(order) == ["pending"]


def test_two_equal_orders_are_two_swaps(user: User, chain: TestChain) -> None:
    orders = [order_row(user), order_row(user)]
    ids = [order.pk for order in orders]
    for stage in (stages.route, stages.build, stages.submit):
        assert sorted(stage(ids).onward) == sorted(ids)
    assert len(set(chain.swaps_of_wallet())) == 2


@pytest.mark.parametrize("kind", ["land_error", "land_drop", "drop", "busy", "unavailable", "garbage"])
def test_no_answer_to_a_send_leads_back(user: User, chain: TestChain, kind: str) -> None:
    order = order_row(user)
    stages.route([order.pk])
    stages.build([order.pk])
    chain.fault("sendTransaction", kind)
    stages.submit([order.pk])
    assert reload(order).status == "submitted"
    assert Attempt.objects.filter(order=order).count() == 1


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"token_out": STRANGE_MINT}, "NO_ROUTE"),
        ({"amount_in": 9_000_000_000_000_000}, "INSUFFICIENT_FUNDS"),
        ({"amount_in": 1}, "AMOUNT_TOO_SMALL"),
    ],
)
def test_what_a_retry_cannot_mend_fails_at_once(
    user: User, chain: TestChain, columns: dict[str, Any], code: str
) -> None:
    order = order_row(user, **columns)
    outcome = stages.route([order.pk])
    assert (outcome.onward, outcome.waiting) == ([], [])
    stored = reload(order)
    assert (stored.status, stored.error_code) == ("failed", code)
    assert order.events.get(status="failed").data["code"] == code


def test_a_price_moved_too_far_is_refused(user: User, chain: TestChain, settings: Any) -> None:
    settings.MAX_PRICE_IMPACT_BPS = 0
    order = order_row(user)
    stages.route([order.pk])
    assert reload(order).error_code == "PRICE_IMPACT_TOO_HIGH"


def test_an_order_waiting_for_its_retry_is_not_taken_early(user: User, chain: TestChain) -> None:
    order = order_row(user, status=Status.ROUTING, due_at=timezone.now() + timedelta(seconds=4))
    assert stages.route([order.pk]).onward == []


def test_one_failing_order_does_not_hold_up_its_batch(user: User, chain: TestChain) -> None:
    good, bad = order_row(user), order_row(user, token_out=STRANGE_MINT)
    assert stages.route([good.pk, bad.pk]).onward == [good.pk]
    assert (reload(good).status, reload(bad).status) == ("building", "failed")


def test_an_order_that_breaks_its_workers_ends(user: User, chain: TestChain) -> None:
    order = order_row(user, starts=claims.MAX_STARTS)
    stages.route([order.pk])
    assert (reload(order).status, reload(order).error_code) == ("failed", "TOO_MANY_STARTS")


def test_an_expired_order_is_not_routed(user: User, chain: TestChain) -> None:
    order = order_row(user, expires_at=timezone.now() - timedelta(seconds=1))
    stages.route([order.pk])
    assert (reload(order).status, events(order)) == ("expired", ["pending", "expired"])


def test_a_worker_held_up_past_an_orders_expiry_commits_no_transaction(user: User, chain: TestChain) -> None:
    order = order_row(user, expires_at=timezone.now() + timedelta(seconds=2))
    assert stages.route([order.pk]).onward == [order.pk]
    chain.call("localnet_setFault", {"method": "getMultipleAccounts", "kind": "delay", "delayMs": 2_500})
    assert stages.build([order.pk]).onward == []
    assert not Attempt.objects.exists()
    Order.objects.filter(pk=order.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    stages.build([order.pk])
    assert Order.objects.get(pk=order.pk).status == "expired"


def test_without_a_key_nothing_is_signed(user: User, chain: TestChain, settings: Any) -> None:
    order = order_row(user, token_in=USDC, token_out=SOL, amount_in=1_000_000)
    stages.route([order.pk])
    settings.WALLET_KEYPAIR = ""
    outcome = stages.build([order.pk])
    assert [waiting.pk for waiting in outcome.waiting] == [order.pk]
    assert order.events.latest("sequence").data["code"] == "WALLET_UNAVAILABLE"
    assert not Attempt.objects.filter(order=order, state=AttemptState.OPEN).exists()
