"""Moving Meteora DAMM v2 pools: one liquidity over one range of prices, or a constant product."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt
from typing import Final

from solders.pubkey import Pubkey

from dex.localnet.scenario.constant_product import reserves_at
from dex.localnet.scenario.vaults import Accounts, Read, existing, with_changes
from dex.venues.account_layout import patched
from dex.venues.meteora_damm_v2 import layout

_SQRT_PRICE: Final = 456
_RESERVES: Final = 680
_LAYOUT_VERSION: Final = 696


def move(read: Read, address: Pubkey, price: Fraction) -> Accounts:
    """Pool and vaults at ``price``, units of b for one of a, or at the end of its range before it."""
    account = existing(read, address)
    keys, state = layout.parse_keys(account, account.owner), layout.parse_state(account.data)
    if state.collect_fee_mode == layout.COMPOUNDING:
        reserves = reserves_at(price, (state.reserve_a, state.reserve_b))
        sqrt_price = isqrt((reserves[1] << 128) // reserves[0])
        changes = (reserves[0] - state.reserve_a, reserves[1] - state.reserve_b)
    else:
        wanted = isqrt((price.numerator << 128) // price.denominator)
        sqrt_price = min(max(wanted, state.sqrt_min_price), state.sqrt_max_price)
        before, after = (_amounts(state, at) for at in (state.sqrt_price, sqrt_price))
        changes = (after[0] - before[0], after[1] - before[1])
    fields = {_SQRT_PRICE: sqrt_price.to_bytes(16, "little")}
    if account.data[_LAYOUT_VERSION]:
        for number, reserve in enumerate((state.reserve_a, state.reserve_b)):
            held = max(0, reserve + changes[number])
            fields[_RESERVES + 8 * number] = held.to_bytes(8, "little")
    moved = replace(account, data=patched(account.data, fields))
    return {address: moved, **with_changes(read, keys.vaults, keys.mints, changes)}


def price(read: Read, address: Pubkey) -> Fraction:
    """Units of b for one of a."""
    state = layout.parse_state(existing(read, address).data)
    if state.collect_fee_mode == layout.COMPOUNDING:
        return Fraction(state.reserve_b, state.reserve_a)
    return Fraction(state.sqrt_price**2, 1 << 128)


def _amounts(state: layout.PoolState, sqrt_price: int) -> tuple[int, int]:
    """What the liquidity holds at a price, rounded up (damm-v2 curve.rs get_delta_amount_{a,b}_unsigned)."""
    width = state.sqrt_max_price - sqrt_price
    return (
        -(-state.liquidity * width // (sqrt_price * state.sqrt_max_price)),
        -(-state.liquidity * (sqrt_price - state.sqrt_min_price) >> 128),
    )
