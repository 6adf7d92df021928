"""Moving pools whose liquidity changes at ticks: Raydium CLMM and Orca Whirlpool.

The price goes to the square-root price asked for, to a unit of 2^-64, over every initialized tick between,
as a swap without a fee would take it. Beyond the last position a pool has a price and no liquidity. What
ticks and positions remember of fees stays as it is: no quote reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from math import isqrt
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.localnet.scenario.vaults import Accounts, Read, existing, with_changes
from dex.types import AccountData
from dex.venues.orca_whirlpool import layout as whirlpool
from dex.venues.orca_whirlpool import tick_arrays as whirlpool_arrays
from dex.venues.orca_whirlpool import tick_price as whirlpool_price
from dex.venues.raydium_clmm import layout as clmm
from dex.venues.raydium_clmm import tick_arrays as clmm_arrays
from dex.venues.raydium_clmm import tick_math as clmm_price
from dex.venues.raydium_clmm.curve import amount_0, amount_1
from dex.venues.raydium_clmm.instructions import extension_address, tick_array_address

# Both programs' range of ticks, and of prices that both can have.
_LOWEST: Final = clmm_price.MIN_SQRT_PRICE
_HIGHEST: Final = whirlpool_price.MAX_SQRT_PRICE - 1


class Place(NamedTuple):
    """Where a pool stands: liquidity in range, square-root price Q64.64, tick."""

    liquidity: int
    sqrt_price: int
    tick: int


class Walked(NamedTuple):
    """Where a pool came to, and what its vaults gained of both tokens in base units."""

    place: Place
    changes: tuple[int, int]


def walk(
    place: Place,
    target: int,
    ticks: Iterable[tuple[int, int]],
    sqrt_price_at: Callable[[int], int],
    tick: int,
) -> Walked:
    """Moves to the square-root price ``target``, which lies in ``tick``.

    ``ticks`` are the initialized ones with their net liquidity, in the order in which they are come to.
    """
    rises = target >= place.sqrt_price
    liquidity, at, changes = place.liquidity, place.sqrt_price, (0, 0)
    for index, net in ticks:
        price = sqrt_price_at(index)
        is_passed = place.tick < index <= tick if rises else tick < index <= place.tick
        if not is_passed:
            continue
        changes = _added(changes, _crossing(liquidity, at, price))
        liquidity, at = liquidity + (net if rises else -net), price
    return Walked(Place(liquidity, target, tick), _added(changes, _crossing(liquidity, at, target)))


def _crossing(liquidity: int, begin: int, end: int) -> tuple[int, int]:
    """What the vaults gain on the way: what comes in is rounded up, what goes out is rounded down."""
    low, high = min(begin, end), max(begin, end)
    rises = end > begin
    first = amount_0(low, high, liquidity, round_up=not rises)
    second = amount_1(low, high, liquidity, round_up=rises)
    return (-first, second) if rises else (first, -second)


def _added(changes: tuple[int, int], more: tuple[int, int]) -> tuple[int, int]:
    return changes[0] + more[0], changes[1] + more[1]


def _sqrt_price(price: Fraction) -> int:
    wanted = isqrt((price.numerator << 128) // price.denominator)
    return min(max(wanted, _LOWEST), _HIGHEST)


def move_clmm(read: Read, address: Pubkey, price: Fraction) -> Accounts:
    """Pool and vaults at ``price``, units of token 1 for one of token 0."""
    account = existing(read, address)
    keys, state = clmm.parse_keys(account, account.owner), clmm.parse_state(account.data)
    place, target = Place(state.liquidity, state.sqrt_price, state.tick), _sqrt_price(price)
    tick = clmm_price.tick_at(target)
    ticks = _clmm_ticks(read, address, account, tick)
    walked = walk(place, target, ticks, clmm_price.sqrt_price_at, tick)
    moved = replace(account, data=clmm.moved(account.data, *walked.place))
    return {address: moved, **with_changes(read, keys.vaults, keys.mints, walked.changes)}


def clmm_price_of(read: Read, address: Pubkey) -> Fraction:
    """Units of token 1 for one of token 0."""
    return Fraction(clmm.parse_state(existing(read, address).data).sqrt_price ** 2, 1 << 128)


def whirlpool_price_of(read: Read, address: Pubkey) -> Fraction:
    """Units of b for one of a."""
    return Fraction(whirlpool.parse_state(existing(read, address).data).sqrt_price ** 2, 1 << 128)


def _clmm_ticks(read: Read, pool: Pubkey, account: AccountData, until: int) -> Iterator[tuple[int, int]]:
    program, state = account.owner, clmm.parse_state(account.data)
    extension = clmm_arrays.parse_extension(read(extension_address(program, pool)), program, pool)
    arrays = clmm_arrays.array_map(state.bitmap, extension, state.tick_spacing)
    falls = until < state.tick
    for start in arrays.starts(state.tick, falls):
        if start + arrays.span <= until if falls else start > until:
            return
        found = existing(read, tick_array_address(program, pool, start))
        ticks = clmm_arrays.parse_tick_array(found, program, pool, start).ticks
        yield from reversed(ticks) if falls else ticks


def move_whirlpool(read: Read, address: Pubkey, price: Fraction) -> Accounts:
    """Pool and vaults at ``price``, units of b for one of a. The oracle of an adaptive fee is not moved."""
    account = existing(read, address)
    keys, state = whirlpool.parse_keys(account, account.owner), whirlpool.parse_state(account.data)
    place, target = Place(state.liquidity, state.sqrt_price, state.tick), _sqrt_price(price)
    tick = whirlpool_price.tick_at(target)
    ticks = _whirlpool_ticks(read, address, account, tick)
    walked = walk(place, target, ticks, whirlpool_price.sqrt_price_at, tick)
    liquidity, sqrt_price, _ = walked.place
    new = state._replace(liquidity=liquidity, sqrt_price=sqrt_price, tick=tick)
    moved = replace(account, data=whirlpool.with_state(account.data, new))
    return {address: moved, **with_changes(read, keys.vaults, keys.mints, walked.changes)}


def _whirlpool_ticks(read: Read, pool: Pubkey, account: AccountData, until: int) -> Iterator[tuple[int, int]]:
    program, state = account.owner, whirlpool.parse_state(account.data)
    spacing = whirlpool.parse_keys(account, program).tick_spacing
    width = whirlpool_arrays.ARRAY_TICKS * spacing
    falls = until < state.tick
    first, last = state.tick // width * width, until // width * width
    for start in range(first, last - 1, -width) if falls else range(first, last + 1, width):
        found = read(whirlpool_arrays.address_of(program, pool, start))
        if found is None:
            continue
        ticks = whirlpool_arrays.parse_ticks(found, program, pool, start, spacing)
        yield from reversed(ticks) if falls else ticks
