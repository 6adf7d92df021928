"""A new pool is known to routing at once, and harms nothing while it is closed or empty."""

from __future__ import annotations

from typing import Any

import pytest

from dex.types import Quotes
from orders import gateway
from orders.models import Launch
from tests.orders.chain import TestChain
from tests.orders.launches.watching import launch, rounds, row_of, watching
from tests.orders.mints import new_token, put_mint, put_pool
from tests.orders.rows import SOL

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _all_launches(settings: Any) -> None:
    settings.LAUNCHES = "all"
    settings.MAX_HOPS = 1


def quotes(mint: str) -> Quotes:
    """What 0.1 SOL buys of a token."""
    return gateway.quote_pair(gateway.find_token(SOL), gateway.named_token(mint), 10**8, 50)


def test_a_new_pool_is_found_by_who_found_none_before(chain: TestChain) -> None:
    token = new_token(6)
    with watching() as watcher:
        put_mint(chain, token)
        assert quotes(str(token.mint)).quotes == ()
        put_pool(chain, token, (1, 1_000))
        rounds(watcher, lambda: Launch.objects.filter(token_mint=str(token.mint)).exists())
        found = quotes(str(token.mint))
    assert [route.largest.venue for route in found.quotes] == ["raydium-cpmm"]


@pytest.mark.parametrize(
    ("venue", "code"), [("raydium-cpmm", "POOL_DISABLED"), ("raydium-clmm", "POOL_IS_DUST")]
)
def test_a_pool_that_is_closed_or_empty_gives_no_quote(chain: TestChain, venue: str, code: str) -> None:
    with watching() as watcher:
        launched = launch(chain, venue=venue, quote="SOL", opensInSlots=20_000)
        rounds(watcher, lambda: row_of(launched))
        found = quotes(launched["mint"])
    assert found.quotes == ()
    assert {error.code for error in found.errors} == {code}
    assert gateway.quote_pair(gateway.find_token(SOL), gateway.find_token("USDC"), 10**8, 50).quotes
