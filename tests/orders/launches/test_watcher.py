"""New pools of a running chain become rows and news, by account subscriptions and by the poll alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dex.types import Token
from orders.launches.watcher import LaunchWatcher
from orders.models import KnownPool, Launch, LaunchWatch, OldPool
from tests.orders.chain import TestChain, eventually
from tests.orders.mints import new_token, put_mint, put_pool
from tests.orders.rows import SOL

pytestmark = pytest.mark.django_db(transaction=True)

# Base units of the token a lamport.
PRICE = (1, 1_000)


@pytest.fixture(autouse=True)
def _all_launches(settings: Any) -> None:
    settings.LAUNCHES = "all"


@contextmanager
def watching(**calls: Any) -> Iterator[LaunchWatcher]:
    """A watcher that has looked at all that is there."""
    watcher = LaunchWatcher(**calls)
    try:
        rounds(watcher, lambda: LaunchWatch.objects.filter(listed_at__isnull=False).exists())
        yield watcher
    finally:
        watcher.stop()


def rounds(watcher: LaunchWatcher, until: Callable[[], Any]) -> Any:
    """Let the watcher look until something holds."""

    def look() -> Any:
        watcher.look()
        return until()

    return eventually(look)


def launch(chain: TestChain) -> Token:
    """A token that nobody has seen, and its pool."""
    token = new_token(6)
    put_mint(chain, token)
    put_pool(chain, token, PRICE)
    return token


def row_of(token: Token) -> Launch | None:
    return Launch.objects.filter(token_mint=str(token.mint)).first()


def test_subscriptions_to_accounts_show_a_new_pool(chain: TestChain, settings: Any) -> None:
    settings.LAUNCH_POLL_SECONDS = 3_600
    with watching() as watcher:
        rounds(watcher, lambda: LaunchWatch.objects.filter(is_subscribed=True).exists())
        token = launch(chain)
        row = rounds(watcher, lambda: row_of(token))
    assert (row.venue, row.source, row.quote_mint) == ("raydium-cpmm", "accounts", SOL)
    assert row.creator == str(chain.wallet.pubkey())
    assert row.funded_at is not None


def test_a_poll_alone_finds_a_new_pool(chain: TestChain, settings: Any) -> None:
    settings.SOLANA_WS_URL = "off"
    settings.LAUNCH_POLL_SECONDS = 1
    with watching() as watcher:
        token = launch(chain)
        row = rounds(watcher, lambda: row_of(token))
    assert (row.venue, row.source) == ("raydium-cpmm", "poll")


def test_pools_from_before_the_watch_are_no_launches(chain: TestChain, settings: Any) -> None:
    settings.SOLANA_WS_URL = "off"
    token = launch(chain)
    with watching() as watcher:
        watcher.look()
    assert row_of(token) is None
    assert OldPool.objects.count() > 10


def test_a_new_pool_is_known_to_routing_and_looked_at(chain: TestChain) -> None:
    news: list[Launch] = []
    with watching(on_news=news.extend) as watcher:
        token = launch(chain)
        row = rounds(watcher, lambda: (row := row_of(token)) and row.opened_at and row)
    assert KnownPool.objects.filter(address=row.pool).exists()
    assert row.fee_bps == 25
    assert row.liquidity == 500_000 * 10**9
    assert row.flags == ["MINT_AUTHORITY"]
    assert [each.pool for each in news][:1] == [row.pool]
    assert news[-1].opened_at is not None
