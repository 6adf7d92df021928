"""Moving Meteora DLMM pairs: bin by bin, each exchanged at its own price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.errors import UnsupportedPool
from dex.localnet.scenario.vaults import Accounts, Read, existing, with_changes
from dex.types import AccountData
from dex.venues.account_layout import patched
from dex.venues.integer_math import ceil_div, require_u64
from dex.venues.meteora_dlmm import layout
from dex.venues.meteora_dlmm.addresses import PROGRAM, PairAddresses
from dex.venues.meteora_dlmm.bitmap import arrays_from
from dex.venues.meteora_dlmm.prices import ONE, price_of

# The program's own ends: beyond them a price leaves 128 bits whatever the step.
_MOST_BIN: Final = 443_636
_MOST_ARRAYS: Final = 2 * _MOST_BIN // layout.BINS_IN_ARRAY


class _Bin(NamedTuple):
    """A bin with liquidity, and where it is: its array's address and its offset there."""

    bin_id: int
    array: Pubkey
    offset: int
    content: layout.Bin


def move(read: Read, address: Pubkey, price: Fraction) -> Accounts:
    """Pair, bin arrays and vaults with the bin active whose price is nearest to ``price``, or the last one
    with liquidity before it, exchanged too; units of y for one of x. Raises UnsupportedPool where limit
    orders stand in the way.
    """
    account = existing(read, address)
    keys, state = layout.parse_keys(account, account.owner), layout.parse_state(account.data)
    wanted = nearest_bin(price, state.bin_step)
    falls = wanted < state.active_id
    arrays: dict[Pubkey, AccountData] = {}
    reached, changes = state.active_id, (0, 0)
    for found in _bins_from(read, address, state, falls):
        if found.bin_id <= wanted if falls else found.bin_id >= wanted:
            reached = wanted
            break
        change = _exchange(found, state, falls)
        array = arrays.get(found.array) or existing(read, found.array)
        arrays[found.array] = replace(array, data=_with_amounts(array.data, found, change))
        reached, changes = found.bin_id, (changes[0] + change[0], changes[1] + change[1])
    fields = {layout.ACTIVE_ID_OFFSET: layout.ACTIVE_ID.pack(reached)}
    moved = replace(account, data=patched(account.data, fields))
    return {address: moved, **arrays, **with_changes(read, keys.vaults, keys.mints, changes)}


def price(read: Read, address: Pubkey) -> Fraction:
    """That of the active bin, units of y for one of x."""
    state = layout.parse_state(existing(read, address).data)
    return Fraction(price_of(state.active_id, state.bin_step), ONE)


def nearest_bin(price: Fraction, bin_step: int) -> int:
    """The bin whose price is nearest to ``price``; the lower of two that are as near."""
    wanted = price * ONE
    low, high = -_MOST_BIN, _MOST_BIN
    while high - low > 1:
        middle = (low + high) // 2
        if _price_or_end(middle, bin_step) <= wanted:
            low = middle
        else:
            high = middle
    below, above = (_price_or_end(at, bin_step) for at in (low, high))
    return low if wanted - below <= above - wanted else high


def _price_or_end(bin_id: int, bin_step: int) -> int:
    try:
        return price_of(bin_id, bin_step)
    except UnsupportedPool:
        return 0 if bin_id < 0 else 1 << 128


def _bins_from(read: Read, pair: Pubkey, state: layout.PairState, falls: bool) -> Iterator[_Bin]:
    """Bins with liquidity from the active one on, that one included, in walking order."""
    addresses = PairAddresses(pair)
    found = read(addresses.extension)
    extension = None if found is None else layout.parse_extension(layout.EXTENSION.check(found, PROGRAM))
    start = state.active_id // layout.BINS_IN_ARRAY
    for index in arrays_from(start, falls, state.bitmap, extension, _MOST_ARRAYS):
        address = addresses.bin_array(index)
        data = layout.BIN_ARRAY.check(existing(read, address), PROGRAM)
        order = reversed(range(layout.BINS_IN_ARRAY)) if falls else range(layout.BINS_IN_ARRAY)
        for position in order:
            bin_id = index * layout.BINS_IN_ARRAY + position
            content = layout.parse_bin(data, position)
            is_ahead = bin_id <= state.active_id if falls else bin_id >= state.active_id
            if is_ahead and (content.amount_x or content.amount_y):
                yield _Bin(bin_id, address, layout.bin_offset(position), content)


def _exchange(found: _Bin, state: layout.PairState, falls: bool) -> tuple[int, int]:
    """What the bin gains of x and y when it gives all of one for the other, rounded up what comes in."""
    content = found.content
    if state.has_limit_orders and (content.open_order_amount or content.processed_order_remaining):
        raise UnsupportedPool("limit orders stand in the way of the pair's price")
    price = int.from_bytes(content.price, "little") or price_of(found.bin_id, state.bin_step)
    if falls:
        return ceil_div(content.amount_y << 64, price), -content.amount_y
    return -content.amount_x, ceil_div(content.amount_x * price, ONE)


def _with_amounts(data: bytes, found: _Bin, change: tuple[int, int]) -> bytes:
    amounts = (found.content.amount_x + change[0], found.content.amount_y + change[1])
    return patched(data, {found.offset: layout.AMOUNTS.pack(*map(require_u64, amounts))})
