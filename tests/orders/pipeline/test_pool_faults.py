"""What no retry can cure is seen before anything is signed, or costs one attempt and not four."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from solders.pubkey import Pubkey

from dex.transactions.token_accounts import associated_token_address
from dex.types import VenueError
from orders.gateway import failures
from orders.gateway.failures import Failure
from orders.lifecycle import TERMINAL_REASONS, FailureReason, Status
from orders.models import Attempt, KnownPool, Order
from orders.pipeline import stages
from orders.pipeline.settle import after_failure
from tests.orders.chain import TestChain
from tests.orders.order_runs import settle, stored
from tests.orders.rows import SOL, USDC, order_row

pytestmark = pytest.mark.django_db

_VAULTS_OF_CPMM = (72, 104)


def set_frozen(chain: TestChain, address: Pubkey, frozen: bool = True) -> None:
    account = chain.network.account(address)
    assert account is not None
    data = bytearray(account.data)
    data[108] = 2 if frozen else 1
    chain.change_account(address, bytes(data))


def vaults(chain: TestChain, pool: str) -> list[Pubkey]:
    account = chain.network.account(Pubkey.from_string(pool))
    assert account is not None
    return [Pubkey.from_bytes(bytes(account.data)[at : at + 32]) for at in _VAULTS_OF_CPMM]


def routed(user: User) -> Order:
    """An order whose best pool is Raydium's."""
    order = order_row(user)
    stages.route([order.pk])
    assert stored(order).venue == "raydium-cpmm"
    return stored(order)


def fail_by_a_frozen_vault(user: User, chain: TestChain) -> Order:
    """Send a transaction into a pool whose vault is frozen only while it lands."""
    order = routed(user)
    stages.build([order.pk])
    for vault in vaults(chain, order.pool):
        set_frozen(chain, vault)
    stages.submit([order.pk])
    settle([order.pk])
    for vault in vaults(chain, order.pool):
        set_frozen(chain, vault, frozen=False)
    return stored(order)


@pytest.mark.parametrize("side", ["in", "out"])
def test_a_frozen_account_of_the_wallet_ends_the_order(user: User, chain: TestChain, side: str) -> None:
    set_frozen(chain, associated_token_address(chain.wallet.pubkey(), Pubkey.from_string(USDC)))
    tokens = (USDC, SOL) if side == "in" else (SOL, USDC)
    order = order_row(user, token_in=tokens[0], token_out=tokens[1], amount_in=10_000_000)
    stages.route([order.pk])
    ended = stored(order)
    assert (ended.status, ended.error_code) == ("failed", "ACCOUNT_FROZEN")
    assert ended.error_details == {"token": "USDC"}
    assert not Attempt.objects.exists()


def test_a_pool_with_a_frozen_vault_is_not_chosen(user: User, chain: TestChain) -> None:
    for vault in vaults(chain, routed(user).pool):
        set_frozen(chain, vault)
    order = order_row(user)
    stages.route([order.pk])
    assert stored(order).venue != "raydium-cpmm"
    errors = order.events.get(status="building").data["errors"]
    assert ("raydium-cpmm", "POOL_DISABLED") in [(error["venue"], error["code"]) for error in errors]


def test_after_a_failure_that_is_the_pools_another_one_is_used(user: User, chain: TestChain) -> None:
    order = fail_by_a_frozen_vault(user, chain)
    assert (order.status, order.left_out_pools) == ("routing", {order.pool: "ACCOUNT_FROZEN"})
    Order.objects.filter(pk=order.pk).update(due_at=order.created_at)
    for stage in (stages.route, stages.build, stages.submit):
        stage([order.pk])
    settle([order.pk])
    done = stored(order)
    assert (done.status, done.attempt) == ("confirmed", 2)
    assert done.pool != order.pool


def test_a_swap_that_ran_out_of_liquidity_on_chain_is_quoted_again(user: User) -> None:
    failure = Failure(FailureReason.INSUFFICIENT_LIQUIDITY, "")
    step = after_failure(order_row(user, status=Status.SUBMITTED, attempt=1), failure)
    assert (step.to, step.data["code"]) == (Status.ROUTING, "INSUFFICIENT_LIQUIDITY")


def test_without_another_pool_the_order_ends_with_the_reason(user: User, chain: TestChain) -> None:
    order = routed(user)
    others = [quote["pool"] for quote in order.events.get(status="building").data["quotes"]]
    pools = dict.fromkeys([order.pool, *others], "PROGRAM_REFUSED")
    again = order_row(user, left_out_pools=pools, route_bounds={"maxHops": 1})
    stages.route([again.pk])
    ended = stored(again)
    assert (ended.status, ended.error_code, ended.error_details) == ("failed", "PROGRAM_REFUSED", pools)


def test_after_three_orders_nobody_uses_the_pool_for_a_while(
    user: User, chain: TestChain, staff: Client
) -> None:
    for count in (1, 2, 3):
        order = fail_by_a_frozen_vault(user, chain)
        assert KnownPool.objects.get(address=order.pool).failed_orders == count
    pool = KnownPool.objects.get(address=order.pool)
    assert pool.left_out_until is not None
    assert pool.left_out_until > timezone.now() + timedelta(minutes=9)
    assert "ACCOUNT_FROZEN" in staff.get("/admin/orders/knownpool/").content.decode()
    other = order_row(user)
    stages.route([other.pk])
    assert stored(other).pool != pool.address
    KnownPool.objects.update(left_out_until=timezone.now())
    assert routed(user).pool == pool.address


@pytest.mark.parametrize("code", ["UNSUPPORTED_POOL", "WRONG_OWNER", "UNKNOWN_LAYOUT"])
def test_pools_that_cannot_be_executed_end_an_order_at_once(code: str) -> None:
    failure = failures.of_venue_errors([VenueError("raydium-cpmm", code, "a mint with a transfer hook")])
    assert failure.reason is FailureReason.UNSUPPORTED_POOL
    assert failure.reason in TERMINAL_REASONS
