"""DAMM v2's curve without fees: concentrated liquidity in one price range, or constant product.

Formulas: damm-v2 liquidity_handler/concentrated_liquidity.rs and compounding_liquidity.rs.
Amounts are base units; prices and liquidity as in ``PoolState``.
"""

from __future__ import annotations

from typing import NamedTuple

from dex.errors import InsufficientLiquidity
from dex.venues.integer_math import ceil_div, require_u64, shortfall_bps
from dex.venues.meteora_damm_v2.layout import COMPOUNDING, PoolState


def _reserves(state: PoolState, sells_a: bool) -> tuple[int, int]:
    own, other = (state.reserve_a, state.reserve_b) if sells_a else (state.reserve_b, state.reserve_a)
    if own <= 0 or other <= 0 or state.liquidity <= 0:
        raise InsufficientLiquidity("the pool has no liquidity")
    return own, other


def _require_in_range(state: PoolState, sqrt_price: int, sells_a: bool) -> None:
    # The program checks only the bound that the price moves towards.
    outside = sqrt_price < state.sqrt_min_price if sells_a else sqrt_price > state.sqrt_max_price
    if outside or sqrt_price <= 0:
        raise InsufficientLiquidity("the swap would leave the pool's price range")


def _require_liquidity(state: PoolState) -> None:
    if state.liquidity <= 0 or state.sqrt_price <= 0:
        raise InsufficientLiquidity("the pool has no liquidity")


class Step(NamedTuple):
    """What a swap on the curve comes to: the other side's base units and the price that it leaves.

    A compounding pool has no price of its own: it follows from the reserves once the fee is in them.
    """

    amount: int
    sqrt_price: int | None


def output_for(state: PoolState, sells_a: bool, amount_in: int) -> Step:
    """What ``amount_in`` buys, before a fee on the output; raises InsufficientLiquidity."""
    if state.collect_fee_mode == COMPOUNDING:
        own, other = _reserves(state, sells_a)
        return Step(other * amount_in // (own + amount_in), None)
    _require_liquidity(state)
    price, liquidity = state.sqrt_price, state.liquidity
    if sells_a:
        following = ceil_div(liquidity * price, liquidity + amount_in * price)
        _require_in_range(state, following, sells_a)
        return Step(liquidity * (price - following) >> 128, following)
    following = price + (amount_in << 128) // liquidity
    _require_in_range(state, following, sells_a)
    return Step(liquidity * (following - price) // (price * following), following)


def input_for(state: PoolState, sells_a: bool, amount_out: int) -> Step:
    """What ``amount_out`` costs, before a fee on the input.

    Raises InsufficientLiquidity or AmountTooLarge.
    """
    if state.collect_fee_mode == COMPOUNDING:
        own, other = _reserves(state, sells_a)
        if amount_out >= other:
            raise InsufficientLiquidity("the pool does not hold that much")
        return Step(require_u64(ceil_div(own * amount_out, other - amount_out)), None)
    _require_liquidity(state)
    price, liquidity = state.sqrt_price, state.liquidity
    if sells_a:
        following = price - ceil_div(amount_out << 128, liquidity)
        _require_in_range(state, following, sells_a)
        return Step(require_u64(ceil_div(liquidity * (price - following), following * price)), following)
    remaining = liquidity - amount_out * price
    if remaining <= 0:
        raise InsufficientLiquidity("the pool does not hold that much")
    following = ceil_div(liquidity * price, remaining)
    _require_in_range(state, following, sells_a)
    return Step(require_u64(ceil_div(liquidity * (following - price), 1 << 128)), following)


def impact_bps(state: PoolState, sells_a: bool, amount_in: int, amount_out: int) -> int:
    """How far the curve's output falls short of the price before the swap, in basis points."""
    if state.collect_fee_mode == COMPOUNDING:
        own, other = _reserves(state, sells_a)
        return shortfall_bps(amount_in * other, amount_out * own)
    squared = state.sqrt_price**2
    if sells_a:
        return shortfall_bps(amount_in * squared, amount_out << 128)
    return shortfall_bps(amount_in << 128, amount_out * squared)
