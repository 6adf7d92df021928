"""Raydium CLMM pools beside those of `pairs`: deep around the price, nothing far from it.

The one of SOL and USDC charges what its neighbours do, from a price between theirs: it is second at small
sizes and the best between the shallow and the deep one. The one of SOL and USDT charges a fifth and sells SOL
cheaper than all others, as far as it reaches. Nothing is gained by going round between any two pools.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from typing import Final

from solders.pubkey import Pubkey

from dex.localnet.genesis_clmm_layouts import (
    ClmmPool,
    Position,
    clmm_config,
    clmm_extension,
    clmm_observation,
    clmm_pool,
    clmm_tick_array,
)
from dex.localnet.genesis_pools.market import GenesisPool, Market, Pair, PoolAccounts, price_in_units
from dex.localnet.genesis_tokens import holding
from dex.localnet.programs import RAYDIUM_CLMM
from dex.types import AccountData
from dex.venues.raydium_clmm.tick_math import tick_at

_PROTOCOL_RATE: Final = 120_000
_FUND_RATE: Final = 40_000


@dataclass(frozen=True, slots=True)
class ClmmSpec:
    """A pool around ``price``, quote units a base unit, both in whole tokens, moved by ``skew_bps``.

    The fee is in bps and belongs, with the tick spacing, to Raydium's config ``index``. Each band reaches
    some ticks up and down from the price and is as deep there as a full-range pool with that many whole
    base tokens.
    """

    base: str
    quote: str
    price: tuple[int, int]
    skew_bps: int
    fee_bps: int
    index: int
    tick_spacing: int
    bands: tuple[tuple[int, int], ...]


CLMM_SPECS: Final = (
    ClmmSpec("SOL", "USDC", (16_500, 100), 0, 25, 1, 60, ((360, 200_000), (1_800, 120_000), (9_000, 80_000))),
    ClmmSpec(
        "SOL",
        "USDT",
        (16_503, 100),
        -13,
        5,
        2,
        10,
        ((60, 15_000), (400, 10_000), (2_400, 5_000), (24_000, 4_000)),
    ),
)


def build(market: Market) -> Iterator[PoolAccounts]:
    """The pools whose tokens there are, in the order of `CLMM_SPECS`."""
    for spec in CLMM_SPECS:
        pair = market.pair(spec.base, spec.quote)
        if pair is not None:
            yield build_clmm(market, spec, pair)


def build_clmm(market: Market, spec: ClmmSpec, pair: Pair) -> PoolAccounts:
    """The pool with config, observation, bitmap, vaults and the tick arrays of its bands."""
    program = market.address_of(RAYDIUM_CLMM)
    base, quote = pair
    first, second = sorted((base, quote), key=lambda token: bytes(token.mint))
    config, config_bump = _address(program, b"amm_config", spec.index.to_bytes(2, "big"))
    address, bump = _address(program, b"pool", bytes(config), bytes(first.mint), bytes(second.mint))
    vaults = [_address(program, b"pool_vault", bytes(address), bytes(t.mint))[0] for t in (first, second)]
    observation, _ = _address(program, b"observation", bytes(address))
    sqrt_price = _sqrt_price(spec, pair, base_is_first=first is base)
    state = ClmmPool(
        bump=bump,
        config=config,
        creator=market.creator,
        mints=(first.mint, second.mint),
        vaults=(vaults[0], vaults[1]),
        observation=observation,
        decimals=(first.decimals, second.decimals),
        tick_spacing=spec.tick_spacing,
        sqrt_price=sqrt_price,
        positions=_positions(spec, 10**base.decimals, sqrt_price, base_is_first=first is base),
    )
    amounts = dict(zip(state.mints, state.amounts(), strict=True))
    accounts = {
        address: clmm_pool(program, state),
        config: clmm_config(
            program,
            bump=config_bump,
            index=spec.index,
            trade_rate=spec.fee_bps * 100,
            protocol_rate=_PROTOCOL_RATE,
            fund_rate=_FUND_RATE,
            tick_spacing=spec.tick_spacing,
        ),
        observation: clmm_observation(program, address),
        _address(program, b"pool_tick_array_bitmap_extension", bytes(address))[0]: clmm_extension(
            program, address, state
        ),
        **{
            vault: holding(token, address, amounts[token.mint])
            for vault, token in zip(vaults, (first, second), strict=True)
        },
        **_tick_arrays(program, address, state),
    }
    return PoolAccounts(GenesisPool(program, address, base, quote), accounts, amounts)


def _sqrt_price(spec: ClmmSpec, pair: Pair, *, base_is_first: bool) -> int:
    numerator, denominator = price_in_units(spec.price, pair, spec.skew_bps)
    if base_is_first:
        return isqrt((numerator << 128) // denominator)
    return isqrt((denominator << 128) // numerator)


def _positions(spec: ClmmSpec, one_base: int, sqrt_price: int, *, base_is_first: bool) -> list[Position]:
    """A full-range pool holds L / sqrt(P) of token 0 and L * sqrt(P) of token 1."""
    middle = tick_at(sqrt_price) // spec.tick_spacing * spec.tick_spacing
    positions = []
    for reach, reserve in spec.bands:
        amount = reserve * one_base
        liquidity = amount * sqrt_price >> 64 if base_is_first else (amount << 64) // sqrt_price
        positions.append(Position(middle - reach, middle + reach, liquidity))
    return positions


def _tick_arrays(program: Pubkey, address: Pubkey, state: ClmmPool) -> dict[Pubkey, AccountData]:
    arrays = {}
    for start in state.starts():
        at, _ = _address(program, b"tick_array", bytes(address), start.to_bytes(4, "big", signed=True))
        arrays[at] = clmm_tick_array(program, address, state, start)
    return arrays


def _address(program: Pubkey, *seeds: bytes) -> tuple[Pubkey, int]:
    return Pubkey.find_program_address(list(seeds), program)
