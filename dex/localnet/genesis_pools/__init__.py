"""The pools that localnet starts with: one builder a kind of pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from dex.localnet.genesis_pools import amm_v4, clmm, dlmm, pairs, special, whirlpool
from dex.localnet.genesis_pools.market import Market, PoolAccounts

BUILDERS: Final[tuple[Callable[[Market], Iterator[PoolAccounts]], ...]] = (
    pairs.build,
    amm_v4.build,
    clmm.build,
    dlmm.build,
    special.build,
    whirlpool.build,
)


def build_pools(market: Market) -> Iterator[PoolAccounts]:
    """All pools of the market's tokens, builder by builder."""
    for build in BUILDERS:
        yield from build(market)
