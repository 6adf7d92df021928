"""Pools in the database: found in the background, in use where a node lists none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from solders.pubkey import Pubkey

from dex.config import PAIRS
from dex.localnet.genesis import build_genesis
from orders.amounts import from_base_units
from orders.models import KnownPool, Order, PoolRefresh, PoolState
from orders.pipeline import pool_use, pools, stages, sweeper
from orders.records import routes
from tests.orders.chain import TestChain
from tests.orders.fakes import FakeBroker, FakePoller
from tests.orders.order_runs import execute, stored
from tests.orders.rows import SOL, USDC, order_row

pytestmark = pytest.mark.django_db

# Localnet's pools of the pairs that are looked for at start.
LISTED = sum((pool.base.symbol, pool.quote.symbol) in PAIRS for pool in build_genesis().pools)


def refuse_to_list(chain: TestChain) -> None:
    fault = {"method": "getProgramAccounts", "kind": "busy", "percent": 100}
    chain.call("localnet_setFault", fault)


def as_a_new_process(settings: Any, chain: TestChain) -> None:
    """Another spelling of the URL is another connection, which remembers nothing."""
    settings.SOLANA_RPC_URL = chain.url + "/"


def make_due() -> None:
    PoolRefresh.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_pools_are_kept_and_looked_for_again_when_it_is_time(chain: TestChain, settings: Any) -> None:
    assert pools.refresh_due()
    assert KnownPool.objects.filter(network="localnet").count() == LISTED
    refresh = PoolRefresh.objects.get()
    assert refresh.error_code == ""
    assert refresh.refreshed_at is not None
    wait = refresh.due_at - refresh.refreshed_at
    assert timedelta(seconds=290) < wait <= timedelta(seconds=360)
    assert not pools.refresh_due()
    make_due()
    assert pools.refresh_due()
    assert KnownPool.objects.count() == LISTED


def test_a_refusal_leaves_the_known_pools_in_use_and_health_says_so(
    user: User, client: Client, chain: TestChain, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pools.refresh_due()
    refuse_to_list(chain)
    as_a_new_process(settings, chain)
    make_due()
    sweeper.Sweeper("tested", FakePoller(), FakeBroker().publish).reconcile()
    assert f"{LISTED} known ones stay in use" in caplog.text
    told = client.get("/health").json()["pools"]
    assert (told["known"], told["error"]) == (LISTED, "CHAIN_BUSY")
    assert told["refreshedAt"] is not None
    order = order_row(user)
    for stage in (stages.route, stages.build, stages.submit):
        assert stage([order.pk]).onward == [order.pk]
    assert chain.swaps_of_wallet() == [Order.objects.get(pk=order.pk).signature]


def test_without_any_known_pool_a_refusal_costs_retries(user: User, chain: TestChain) -> None:
    refuse_to_list(chain)
    order = order_row(user)
    assert [one.pk for one in stages.route([order.pk]).waiting] == [order.pk]
    assert order.events.latest("sequence").data["code"] == "CHAIN_UNAVAILABLE"


def test_pools_of_the_settings_need_no_listing(
    user: User, chain: TestChain, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    first = order_row(user)
    stages.route([first.pk])
    pool = Order.objects.get(pk=first.pk).pool
    refuse_to_list(chain)
    as_a_new_process(settings, chain)
    settings.POOLS = [pool, str(chain.wallet.pubkey())]
    order = order_row(user)
    for stage in (stages.route, stages.build, stages.submit):
        assert stage([order.pk]).onward == [order.pk]
    assert Order.objects.get(pk=order.pk).pool == pool
    assert f"{chain.wallet.pubkey()} is no pool of a venue of this network" in caplog.text


def test_a_pool_that_is_off_is_not_used(user: User, chain: TestChain) -> None:
    pools.refresh_due()
    first = order_row(user)
    stages.route([first.pk])
    used = pools_of(first)
    KnownPool.objects.filter(address__in=used).update(state=PoolState.OFF)
    second = order_row(user)
    stages.route([second.pk])
    assert Order.objects.get(pk=second.pk).status == "building"
    assert not used & pools_of(second)


def pools_of(order: Order) -> set[str]:
    """The pools of the legs that an order is to be executed by."""
    return {str(leg.pool) for leg in routes.of(Order.objects.get(pk=order.pk)).legs}


def test_pools_of_another_network_are_not_used(user: User, chain: TestChain, settings: Any) -> None:
    pools.refresh_due()
    KnownPool.objects.update(network="devnet")
    refuse_to_list(chain)
    as_a_new_process(settings, chain)
    order = order_row(user)
    assert stages.route([order.pk]).onward == []


def test_what_pools_hold_is_kept_and_shown(chain: TestChain, staff: Client) -> None:
    pools.refresh_due()
    row = KnownPool.objects.get(venue="raydium-cpmm", mint_a=SOL, mint_b=USDC)
    account = chain.network.account(Pubkey.from_string(row.address))
    assert account is not None
    vaults = [Pubkey.from_bytes(bytes(account.data)[at : at + 32]) for at in (72, 104)]
    mints = [str(Pubkey.from_bytes(bytes(account.data)[at : at + 32])) for at in (168, 200)]
    assert row.reserves == {mint: str(held(chain, at)) for mint, at in zip(mints, vaults, strict=True)}
    whole, _, rest = from_base_units(int(row.reserves[USDC]), 6).partition(".")
    shown = f"{int(whole):,}" + (rest and f".{rest}")
    assert f"{shown} USDC" in staff.get("/admin/orders/knownpool/").content.decode()
    assert not KnownPool.objects.filter(reserves=None).exists()


def held(chain: TestChain, vault: Pubkey) -> int:
    account = chain.network.account(vault)
    assert account is not None
    return int.from_bytes(bytes(account.data)[64:72], "little")


def test_when_a_pool_was_used_is_kept_in_few_writes(user: User, chain: TestChain, staff: Client) -> None:
    pools.refresh_due()
    clock = [0.0]
    use = pool_use.PoolUse(lambda: clock[0])
    orders = execute(user, 3)
    use.note([stored(order) for order in orders])
    with CaptureQueriesContext(connection) as asked:
        assert use.write_due()
    assert len(asked) == 1
    used = {stored(order).pool for order in orders}
    assert set(KnownPool.objects.exclude(last_used_at=None).values_list("address", flat=True)) == used
    first = KnownPool.objects.filter(address__in=used).values_list("last_used_at", flat=True)[0]
    # Within ten seconds nothing is written again, and nothing is forgotten.
    use.note([stored(order) for order in orders])
    clock[0] = 9
    assert not use.write_due()
    clock[0] = 10
    assert use.write_due()
    assert KnownPool.objects.filter(address__in=used).values_list("last_used_at", flat=True)[0] > first
    assert not use.write_due()
    page = staff.get("/admin/orders/knownpool/").content.decode()
    assert "last used at" in page.lower()


def test_settled_orders_say_which_pools_they_used(
    user: User, chain: TestChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_use, "_of_this_process", pool_use.PoolUse())
    pools.refresh_due()
    [order] = execute(user)
    sweeper.Sweeper("tested", FakePoller(), FakeBroker().publish).sweep()
    assert KnownPool.objects.get(address=stored(order).pool).last_used_at is not None


def test_pools_that_lose_more_than_a_setting_are_not_used(
    user: User, chain: TestChain, settings: Any
) -> None:
    # All of localnet's pools of SOL and USDC take more than 10 bps of each swap.
    settings.MAX_ROUND_TRIP_LOSS_BPS = 20
    as_a_new_process(settings, chain)
    order = order_row(user)
    stages.route([order.pk])
    ended = stored(order)
    assert (ended.status, ended.error_code) == ("failed", "UNSUPPORTED_POOL")
    pools.refresh_due()
    both = (SOL, USDC)
    assert not KnownPool.objects.filter(mint_a__in=both, mint_b__in=both).exists()
    # Those of stable coins do not.
    assert KnownPool.objects.exists()
