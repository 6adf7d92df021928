"""Each source finds new pools alone; a connection that breaks loses none; workers share one watch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from solders.pubkey import Pubkey

from orders.launches.watcher import LaunchWatcher
from orders.models import Launch, LaunchSource, LaunchWatch
from orders.records import launch_watch, leases
from tests.orders.chain import TestChain, eventually
from tests.orders.launches.watching import launch, rounds, row_of, watching
from tests.orders.rows import SOL, order_row

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _all_launches(settings: Any) -> None:
    settings.LAUNCHES = "all"


def is_subscribed() -> bool:
    return LaunchWatch.objects.filter(is_subscribed=True).exists()


@contextmanager
def subscribed(*sources: LaunchSource) -> Iterator[LaunchWatcher]:
    """A watcher with these sources alone, whose subscriptions stand."""
    watcher = LaunchWatcher(sources=sources)
    try:
        rounds(watcher, is_subscribed)
        yield watcher
    finally:
        watcher.stop()


@pytest.mark.parametrize("venue", ["raydium-cpmm", "meteora-damm-v2"])
def test_the_transaction_that_creates_a_pool_shows_it(chain: TestChain, venue: str) -> None:
    with subscribed(LaunchSource.TRANSACTIONS) as watcher:
        launched = launch(chain, venue=venue, quote="SOL")
        row = rounds(watcher, lambda: row_of(launched))
    assert (row.venue, row.source, row.token_mint) == (venue, "transactions", launched["mint"])
    assert (row.signature, row.creator) == (launched["signature"], launched["creator"])
    assert row.funded_at is not None


def test_accounts_alone_find_the_pool_of_a_mint_that_an_order_names(
    chain: TestChain, settings: Any, user: Any
) -> None:
    settings.LAUNCHES = "wanted"
    planned = launch(chain, venue="raydium-cpmm", quote="SOL", opensInSlots=5_000)
    order_row(user, type="sniper", status="open", token_out=planned["mint"], token_in=SOL)
    with subscribed(LaunchSource.ACCOUNTS) as watcher:
        launch(chain, venue="raydium-cpmm")
        chain.change_account(Pubkey.from_string(planned["pool"]), lamports=10**9)
        row = rounds(watcher, lambda: row_of(planned))
    assert row.source == "accounts"
    assert Launch.objects.count() == 1


def test_with_nothing_wanted_there_is_no_watch(chain: TestChain, settings: Any) -> None:
    settings.LAUNCHES = "wanted"
    watcher = LaunchWatcher()
    watcher.look()
    watcher.stop()
    assert not watcher.is_at_work
    assert not LaunchWatch.objects.exists()


def test_an_open_budget_wants_pools_of_any_token(chain: TestChain, settings: Any, user: Any) -> None:
    settings.LAUNCHES = "wanted"
    order_row(user, type="sniper", status="open", token_out="any", token_in=SOL, group_role="budget")
    with watching() as watcher:
        launched = launch(chain, venue="meteora-damm-v2")
        assert rounds(watcher, lambda: row_of(launched))


def test_where_a_pool_comes_from_is_read_after_it_was_seen(chain: TestChain) -> None:
    with subscribed(LaunchSource.POLL, LaunchSource.ACCOUNTS) as watcher:
        rounds(watcher, lambda: LaunchWatch.objects.get().listed_venues)
        launched = launch(chain, venue="raydium-cpmm")
        row = rounds(watcher, lambda: (row := row_of(launched)) and row.signature and row)
    assert row.signature == launched["signature"]


def test_what_came_up_while_a_connection_was_down_is_found(chain: TestChain, settings: Any) -> None:
    settings.LAUNCH_POLL_SECONDS = 3_600
    with watching() as watcher:
        rounds(watcher, is_subscribed)
        settings.SOLANA_WS_URL = "ws://127.0.0.1:9"
        watcher._subscriptions.follow(())
        rounds(watcher, lambda: not watcher._subscriptions.is_live)
        launched = launch(chain, venue="raydium-clmm")
        assert row_of(launched) is None
        settings.SOLANA_WS_URL = ""
        watcher._subscriptions.follow(watcher._subscribed())
        assert rounds(watcher, lambda: row_of(launched))


def test_what_came_up_while_no_worker_lived_is_found(chain: TestChain) -> None:
    with watching():
        pass
    launched = [launch(chain, venue="raydium-cpmm"), launch(chain, venue="orca-whirlpool")]
    with watching() as watcher:
        assert rounds(watcher, lambda: all(map(row_of, launched)))


def unlisted(chain: TestChain) -> None:
    """Nodes list no pools from now on."""
    chain.call("localnet_setFault", {"method": "getProgramAccounts", "kind": "unavailable", "percent": 100})


def test_without_lists_a_mints_transactions_are_read_from_its_beginning(
    chain: TestChain, settings: Any, user: Any
) -> None:
    settings.LAUNCHES, settings.SOLANA_WS_URL, settings.LAUNCH_POLL_SECONDS = "wanted", "off", 1
    unlisted(chain)
    launched = launch(chain, venue="raydium-cpmm", quote="SOL")
    order_row(user, type="sniper", status="open", token_out=launched["mint"], token_in=SOL)
    watcher = LaunchWatcher()
    try:
        row = rounds(watcher, lambda: row_of(launched))
        error_code = rounds(watcher, lambda: LaunchWatch.objects.get().error_code)
    finally:
        watcher.stop()
    assert (row.source, row.signature) == ("transactions", launched["signature"])
    assert error_code == "CHAIN_UNREACHABLE"


def test_without_lists_a_pool_is_new_when_its_creation_is_found(chain: TestChain, settings: Any) -> None:
    settings.LAUNCH_POLL_SECONDS = 1
    old = launch(chain, venue="meteora-damm-v2", opensInSlots=5_000)
    unlisted(chain)
    with subscribed(LaunchSource.ACCOUNTS, LaunchSource.POLL) as watcher:
        rounds(watcher, lambda: LaunchWatch.objects.filter(since_slot__isnull=False).exists())
        launched = launch(chain, venue="raydium-cpmm", opensInSlots=5_000)
        chain.change_account(Pubkey.from_string(old["pool"]), lamports=10**9)
        row = rounds(watcher, lambda: row_of(launched))
        # The older one has been asked for too before the next round.
        rounds(watcher, lambda: old["pool"] in watcher._origins._old)
    assert row.signature == launched["signature"]
    assert Launch.objects.count() == 1


def test_two_watches_at_once_write_one_row(chain: TestChain, settings: Any) -> None:
    settings.LAUNCH_POLL_SECONDS = 1
    news: dict[str, list[str]] = {"first": [], "second": []}
    with (
        # Both at work, as after a lease that was lost and not noticed yet.
        watching(on_news=lambda rows: news["first"].extend(row.pool for row in rows)) as first,
        watching(on_news=lambda rows: news["second"].extend(row.pool for row in rows)) as second,
    ):
        launched = launch(chain, venue="raydium-cpmm", opensInSlots=5_000)
        rounds(first, lambda: row_of(launched))
        polled_at = LaunchWatch.objects.get().polled_at
        rounds(second, lambda: LaunchWatch.objects.get().polled_at > polled_at)
    assert Launch.objects.count() == 1
    assert set(news["first"]) == {launched["pool"]}
    assert news["second"] == []


def test_a_dead_workers_watch_is_taken_over(chain: TestChain) -> None:
    now = timezone.now()
    LaunchWatch.objects.create(
        network="localnet", lease_token=leases.new_token(), lease_until=now + timedelta(seconds=1)
    )
    assert launch_watch.hold({}) is None
    assert eventually(lambda: launch_watch.hold({}), seconds=5)
