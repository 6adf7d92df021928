"""Orca Whirlpools beside the pools of `pairs`, from the middle of their prices.

The one of SOL and USDC charges a little more than its neighbours and is deep around the price: it is never
the best for little, but for some hundred SOL. The one of SOL and USDT has the full range and a high fee.
The one of JUP and USDC belongs to the program that cannot be replaced and charges more the faster its price
moves. Nothing is gained by going round between any two pools.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from math import isqrt
from typing import Final

from solders.pubkey import Pubkey

from dex.localnet.genesis_pools.market import GenesisPool, Market, Pair, PoolAccounts, price_in_units
from dex.localnet.genesis_tokens import holding
from dex.localnet.genesis_whirlpool_layouts import (
    AdaptiveFee,
    Position,
    Whirlpool,
    oracle,
    tick_array,
    whirlpool,
)
from dex.localnet.programs import ORCA_WHIRLPOOL, ORCA_WHIRLPOOL_IMMUTABLE
from dex.types import AccountData
from dex.venues.orca_whirlpool import adaptive_fee, tick_arrays
from dex.venues.orca_whirlpool.tick_price import MAX_TICK, tick_at

# The configurations that the programs' pools belong to on mainnet; no swap reads them.
_CONFIGS: Final = {
    ORCA_WHIRLPOOL: Pubkey.from_string("2LecshUwdy9xi7meFgHtFJQNSKk4KdTrcpvaB56dP2NQ"),
    ORCA_WHIRLPOOL_IMMUTABLE: Pubkey.from_string("8pm8erUsaMpmZ47LttHAPgnDx7xGZUvxY4q47vTCs5Nj"),
}
_FULL_RANGE: Final = 32_896


@dataclass(frozen=True, slots=True)
class WhirlpoolSpec:
    """A pool at ``price``, quote units a base unit, both in whole tokens; ``fee_rate`` in millionths.

    Each band reaches some tick spacings up and down from the price and is as deep there as a full-range pool
    with that many whole base tokens.
    """

    program: Pubkey
    base: str
    quote: str
    price: tuple[int, int]
    tick_spacing: int
    fee_rate: int
    bands: tuple[tuple[int, int], ...]
    fee_tier_index: int
    adaptive: AdaptiveFee | None = None


SPECS: Final = (
    WhirlpoolSpec(
        program=ORCA_WHIRLPOOL,
        base="SOL",
        quote="USDC",
        price=(16_500, 100),
        tick_spacing=64,
        fee_rate=3_000,
        bands=((4, 500_000), (12, 300_000), (90, 200_000)),
        fee_tier_index=64,
    ),
    WhirlpoolSpec(
        program=ORCA_WHIRLPOOL,
        base="SOL",
        quote="USDT",
        price=(16_503, 100),
        tick_spacing=_FULL_RANGE,
        fee_rate=10_000,
        bands=((MAX_TICK // _FULL_RANGE, 60_000),),
        fee_tier_index=_FULL_RANGE,
    ),
    WhirlpoolSpec(
        program=ORCA_WHIRLPOOL_IMMUTABLE,
        base="JUP",
        quote="USDC",
        price=(52, 100),
        tick_spacing=64,
        fee_rate=2_500,
        bands=((8, 100_000_000), (60, 60_000_000)),
        fee_tier_index=1_025,
        adaptive=AdaptiveFee(
            filter_period=30,
            decay_period=600,
            reduction_factor=5_000,
            control_factor=4_000,
            max_volatility=350_000,
            group_size=64,
            major_swap_ticks=64,
        ),
    ),
)


def build(market: Market) -> Iterator[PoolAccounts]:
    """The pools whose tokens there are, in the order of `SPECS`."""
    for spec in SPECS:
        pair = market.pair(spec.base, spec.quote)
        if pair is not None:
            yield build_whirlpool(market, spec, pair)


def build_whirlpool(market: Market, spec: WhirlpoolSpec, pair: Pair) -> PoolAccounts:
    """The pool with its vaults and the tick arrays of its bands."""
    program, config = market.address_of(spec.program), _CONFIGS[spec.program]
    (base, quote), tokens = pair, sorted(pair, key=lambda token: bytes(token.mint))
    mints = (tokens[0].mint, tokens[1].mint)
    index = spec.fee_tier_index.to_bytes(2, "little")
    address, bump = Pubkey.find_program_address(
        [b"whirlpool", bytes(config), *map(bytes, mints), index], program
    )
    sqrt_price = _sqrt_price(spec, pair, base_is_a=tokens[0] is base)
    state = Whirlpool(
        config=config,
        bump=bump,
        tick_spacing=spec.tick_spacing,
        fee_tier_index=spec.fee_tier_index,
        fee_rate=spec.fee_rate,
        mints=mints,
        vaults=(_vault(address, mints[0]), _vault(address, mints[1])),
        sqrt_price=sqrt_price,
        positions=_positions(spec, 10**base.decimals, sqrt_price, base_is_a=tokens[0] is base),
    )
    amounts = dict(zip(mints, state.amounts(), strict=True))
    accounts = {
        address: whirlpool(program, state),
        **{
            vault: holding(token, address, amounts[token.mint])
            for vault, token in zip(state.vaults, tokens, strict=True)
        },
        **_tick_arrays(program, address, state),
    }
    if spec.adaptive is not None:
        accounts[adaptive_fee.address_of(program, address)] = oracle(program, address, spec.adaptive)
    return PoolAccounts(GenesisPool(program, address, base, quote), accounts, amounts)


def _vault(pool: Pubkey, mint: Pubkey) -> Pubkey:
    """A vault may have any address: the real program takes what the pool's creator made up."""
    return Pubkey.from_bytes(sha256(f"localnet whirlpool vault {pool} {mint}".encode()).digest())


def _sqrt_price(spec: WhirlpoolSpec, pair: Pair, *, base_is_a: bool) -> int:
    numerator, denominator = price_in_units(spec.price, pair)
    return isqrt((numerator << 128) // denominator if base_is_a else (denominator << 128) // numerator)


def _positions(spec: WhirlpoolSpec, one_base: int, sqrt_price: int, *, base_is_a: bool) -> list[Position]:
    """A full-range pool holds L / sqrt(P) of token a and L * sqrt(P) of token b."""
    spacing = spec.tick_spacing
    middle = 0 if spacing == _FULL_RANGE else tick_at(sqrt_price) // spacing
    positions = []
    for reach, reserve in spec.bands:
        amount = reserve * one_base
        liquidity = amount * sqrt_price >> 64 if base_is_a else (amount << 64) // sqrt_price
        positions.append(Position((middle - reach) * spacing, (middle + reach) * spacing, liquidity))
    return positions


def _tick_arrays(program: Pubkey, address: Pubkey, state: Whirlpool) -> dict[Pubkey, AccountData]:
    """Fixed arrays where they may be old, dynamic ones elsewhere, as on mainnet."""
    dynamic = state.tick_spacing != _FULL_RANGE
    return {
        tick_arrays.address_of(program, address, start): tick_array(
            program, address, state, start, dynamic=dynamic
        )
        for start in state.array_starts()
    }
