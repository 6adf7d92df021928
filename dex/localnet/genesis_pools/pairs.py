"""For each pair of tokens one Raydium CPMM and one Meteora DAMM v2 pool.

Both charge the same fee, but their prices lie a little apart, within the band that the two fees leave free
of arbitrage, and one is deeper. So at small sizes the direction decides which is best, and at large sizes
the deeper one is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dex.localnet.genesis_pools.cpmm import CpmmSpec, build_cpmm
from dex.localnet.genesis_pools.damm_v2 import BOTH_TOKENS, ONLY_QUOTE, DammSpec, build_damm
from dex.localnet.genesis_pools.market import Market, PoolAccounts, price_in_units


@dataclass(frozen=True, slots=True)
class PairSpec:
    """Two pools of a pair.

    ``price`` is quote units a base unit, both in whole tokens, as a fraction. CPMM trades ``skew_bps`` above
    it, DAMM v2 as much below (a negative skew: the other way round). Reserves are whole base tokens; for
    the DAMM v2 pool they are what a full-range pool of the same depth would hold. ``range_factor`` is how
    far its price can go up and down, None for the full range.
    """

    base: str
    quote: str
    price: tuple[int, int]
    fee_bps: int
    skew_bps: int
    cpmm_reserve: int
    damm_reserve: int
    range_factor: int | None
    collect_fee_mode: int


PAIR_SPECS: Final = (
    PairSpec("SOL", "USDC", (16_500, 100), 25, 8, 200_000, 1_500_000, 4, ONLY_QUOTE),
    PairSpec("SOL", "USDT", (16_503, 100), 25, -8, 1_200_000, 150_000, None, BOTH_TOKENS),
    PairSpec("USDC", "USDT", (10_002, 10_000), 5, 2, 40_000_000, 600_000_000, 2, BOTH_TOKENS),
    PairSpec("JUP", "USDC", (52, 100), 25, -10, 300_000_000, 40_000_000, 10, ONLY_QUOTE),
    PairSpec("JUP", "SOL", (52, 16_500), 30, 10, 30_000_000, 250_000_000, None, ONLY_QUOTE),
    PairSpec(
        "BONK", "SOL", (212, 1_650_000_000), 30, -10, 1_500_000_000_000, 200_000_000_000, 8, BOTH_TOKENS
    ),
)


def build(market: Market) -> Iterator[PoolAccounts]:
    """Both pools of each pair whose tokens there are, in the order of `PAIR_SPECS`."""
    for spec in PAIR_SPECS:
        pair = market.pair(spec.base, spec.quote)
        if pair is None:
            continue
        above = price_in_units(spec.price, pair, spec.skew_bps)
        below = price_in_units(spec.price, pair, -spec.skew_bps)
        yield build_cpmm(market, CpmmSpec(pair, above, spec.cpmm_reserve, spec.fee_bps))
        yield build_damm(
            market,
            DammSpec(pair, below, spec.damm_reserve, spec.fee_bps, spec.range_factor, spec.collect_fee_mode),
        )
