"""New pools of a running chain become rows and news, by account subscriptions and by the poll alone."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import KnownPool, Launch, LaunchWatch, OldPool
from tests.orders.chain import TestChain
from tests.orders.launches.watching import VENUES, launch, rounds, row_of, watching
from tests.orders.rows import SOL

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _all_launches(settings: Any) -> None:
    settings.LAUNCHES = "all"


def is_subscribed() -> bool:
    return LaunchWatch.objects.filter(is_subscribed=True).exists()


def test_subscriptions_to_accounts_show_pools_of_every_venue(chain: TestChain, settings: Any) -> None:
    settings.LAUNCH_POLL_SECONDS = 3_600
    with watching() as watcher:
        rounds(watcher, is_subscribed)
        launched = [launch(chain, venue=venue, quote="SOL") for venue in VENUES]
        rounds(watcher, lambda: Launch.objects.count() == len(VENUES))
        rows = [row_of(each) for each in launched]
    assert [(row.venue, row.token_mint, row.quote_mint, row.source) for row in rows if row] == [
        (each["venue"], each["mint"], SOL, "accounts") for each in launched
    ]


def test_a_poll_alone_finds_pools_of_every_venue(chain: TestChain, settings: Any) -> None:
    settings.SOLANA_WS_URL = "off"
    settings.LAUNCH_POLL_SECONDS = 1
    with watching() as watcher:
        launched = [launch(chain, venue=venue, quote="USDC") for venue in VENUES]
        rounds(watcher, lambda: Launch.objects.count() == len(VENUES))
        rows = [row_of(each) for each in launched]
    assert [(row.venue, row.token_mint, row.source) for row in rows if row] == [
        (each["venue"], each["mint"], "poll") for each in launched
    ]


def test_pools_from_before_the_watch_are_no_launches(chain: TestChain, settings: Any) -> None:
    settings.SOLANA_WS_URL = "off"
    launched = launch(chain, venue="raydium-cpmm")
    with watching() as watcher:
        watcher.look()
    assert row_of(launched) is None
    assert OldPool.objects.count() > 10


def test_a_new_pool_is_known_to_routing_and_looked_at(chain: TestChain) -> None:
    news: list[Launch] = []
    with watching(on_news=news.extend) as watcher:
        launched = launch(chain, venue="raydium-cpmm", quote="SOL", liquidity=50, opensInSlots=1)
        row = rounds(watcher, lambda: (row := row_of(launched)) and row.opened_at and row)
    assert KnownPool.objects.filter(address=row.pool).exists()
    assert (row.fee_bps, row.liquidity, row.flags) == (25, 50 * 10**9, [])
    assert [each.pool for each in news][:1] == [row.pool]
    assert news[-1].opened_at is not None


def test_creation_funding_and_opening_are_three_moments(chain: TestChain) -> None:
    with watching() as watcher:
        launched = launch(chain, venue="raydium-clmm", opensInSlots=400)
        row = rounds(watcher, lambda: (row := row_of(launched)) and row.checked_at and row)
        assert (row.funded_at, row.fee_bps) == (None, None)
        chain.call("localnet_advance", {"slots": 400})
        rounds(watcher, lambda: (row := row_of(launched)) and row.funded_at and row.fee_bps)


@pytest.mark.parametrize(("fee", "bps"), [("linear", 5_000), ("rateLimiter", 100)])
def test_the_fee_before_the_opening_is_that_of_the_opening(chain: TestChain, fee: str, bps: int) -> None:
    with watching() as watcher:
        launched = launch(chain, venue="meteora-damm-v2", opensInSlots=2_000, fee=fee)
        row = rounds(watcher, lambda: (row := row_of(launched)) and row.checked_at and row)
    assert row.opened_at is None
    assert row.opens_at_point == launched["opening"]["point"]
    assert row.fee_bps == bps
