"""Pools with what the others lack: a token with a transfer fee, a fee that follows volatility.

The token with the transfer fee trades nowhere else, so it changes no other price; the pool with the dynamic
fee lies in the middle of its pair's prices and is the least deep.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dex.localnet.genesis_pools.cpmm import CpmmSpec, build_cpmm
from dex.localnet.genesis_pools.damm_v2 import BOTH_TOKENS, ONLY_QUOTE, DammSpec, build_damm
from dex.localnet.genesis_pools.market import Market, PoolAccounts, price_in_units
from dex.localnet.genesis_tokens import FEE_TOKEN

_FEE_TOKEN_IN_USDC: Final = (2, 1)
_FEE_TOKEN_IN_SOL: Final = (200, 16_500)
_SOL_IN_USDC: Final = (16_500, 100)
_CONFIG_INDEX: Final = 1


def build(market: Market) -> Iterator[PoolAccounts]:
    """The pools whose tokens there are."""
    if pair := market.pair(FEE_TOKEN.symbol, "USDC"):
        yield build_cpmm(market, CpmmSpec(pair, price_in_units(_FEE_TOKEN_IN_USDC, pair), 10_000_000, 25))
    if pair := market.pair(FEE_TOKEN.symbol, "SOL"):
        price = price_in_units(_FEE_TOKEN_IN_SOL, pair)
        yield build_damm(market, DammSpec(pair, price, 20_000_000, 25, None, ONLY_QUOTE))
    if pair := market.pair("SOL", "USDC"):
        price = price_in_units(_SOL_IN_USDC, pair)
        yield build_damm(
            market,
            DammSpec(
                pair,
                price,
                50_000,
                25,
                None,
                BOTH_TOKENS,
                config_index=_CONFIG_INDEX,
                has_dynamic_fee=True,
            ),
        )
