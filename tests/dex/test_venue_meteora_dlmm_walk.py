"""How a DLMM swap finds its bins: arrays, bitmaps, and the curve that is kept of a walk."""

from __future__ import annotations

import struct
from dataclasses import replace
from random import Random

import pytest
from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM
from dex.errors import (
    AccountMissing,
    DexError,
    InsufficientLiquidity,
    WrongOwner,
)
from dex.types import AccountData, QuoteRequest, Snapshot, SwapMode
from dex.venues.meteora_dlmm.bitmap import arrays_from
from dex.venues.meteora_dlmm.pool import DlmmPool
from tests.dex.recorded_dlmm import VENUE, Executed, array, asked, at_the_edge, five_arrays, instructions
from tests.dex.recorded_swaps import DLMM, patched, recorded, with_account, without_account


def read_from(entry: Executed, names: tuple[Pubkey, ...]) -> Snapshot:
    """The pool's own accounts and ``names``: what a node would answer; those that do not exist are None."""
    wanted = (*entry.pool.accounts, *names)
    return replace(entry.snapshot, accounts={key: entry.snapshot.accounts.get(key) for key in wanted})


def extension(entry: Executed) -> Pubkey:
    return Pubkey.find_program_address([b"bitmap", bytes(entry.pool.address)], VENUE.program_id)[0]


def test_a_missing_bin_array_ends_the_walk_with_its_reason() -> None:
    entry = five_arrays()
    large = asked(entry, 42_000_000_000)
    snapshot = without_account(entry.snapshot, array(entry, -5))

    assert entry.pool.quote(snapshot, entry.request).amount_out == 1_606_505
    with pytest.raises(InsufficientLiquidity, match="bin array -5 is needed and does not exist"):
        entry.pool.quote(snapshot, large)
    assert entry.pool.quote(entry.snapshot, large).amount_out == 20_338_095_418


def test_an_array_that_was_not_read_is_missing() -> None:
    entry = five_arrays()
    snapshot = read_from(entry, (array(entry, -4),))

    assert entry.pool.quote(snapshot, entry.request).amount_out == 1_606_505
    with pytest.raises(AccountMissing, match=str(array(entry, -5))):
        entry.pool.quote(snapshot, asked(entry, 42_000_000_000))


def test_a_bin_array_of_another_program_is_refused() -> None:
    entry = five_arrays()
    snapshot = with_account(entry.snapshot, array(entry, -4), owner=TOKEN_2022_PROGRAM)

    with pytest.raises(WrongOwner):
        entry.pool.quote(snapshot, entry.request)


def test_too_many_arrays_and_no_liquidity_have_two_reasons() -> None:
    entry = five_arrays()
    huge = asked(entry, 10**15)
    with pytest.raises(InsufficientLiquidity, match="no further bin has liquidity"):
        entry.pool.quote(entry.snapshot, huge)

    bitmap = sum(1 << index + 512 for index in range(-12, -1))
    snapshot = patched(entry.snapshot, entry.pool.address, 584, bitmap.to_bytes(128, "little"))
    empty = replace(entry.snapshot.account(array(entry, -4)), data=b"")
    for index in (-7, -8):
        data = bytearray(entry.snapshot.account(array(entry, -6)).data)
        data[56:] = bytes(len(data) - 56)
        accounts = {**snapshot.accounts, array(entry, index): replace(empty, data=bytes(data))}
        snapshot = replace(snapshot, accounts=accounts)
    with pytest.raises(InsufficientLiquidity, match="more than the 5 bin arrays"):
        entry.pool.quote(snapshot, huge)


def test_a_first_look_names_two_arrays_the_next_what_is_needed() -> None:
    entry = five_arrays()
    first = tuple(entry.pool.further_accounts(read_from(entry, ()), entry.request))
    second = tuple(entry.pool.further_accounts(read_from(entry, first), entry.request))

    assert first == second == (array(entry, -4), array(entry, -5))


def test_a_large_amount_names_more_arrays_then_the_extension() -> None:
    entry, names = five_arrays(), ()
    looks = []
    for _ in range(3):
        names = tuple(entry.pool.further_accounts(read_from(entry, names), asked(entry, 10**15)))
        looks.append(names)

    down = [array(entry, index) for index in (-4, -5, -6)]
    assert [list(look) for look in looks] == [down[:2], down, [*down, extension(entry)]]


def test_the_walk_goes_on_through_the_extension_once_it_is_known() -> None:
    entry, names = at_the_edge(), ()
    for _ in range(3):
        snapshot = read_from(entry, names)
        names = tuple(entry.pool.further_accounts(snapshot, entry.request))

    assert names == (array(entry, 511), array(entry, 512), array(entry, 513))
    assert extension(entry) in snapshot.accounts
    assert entry.pool.quote(read_from(entry, (*names, extension(entry))), entry.request) is not None


def test_a_pair_outside_its_bitmap_needs_the_extension_first() -> None:
    entry = at_the_edge()
    moved = patched(entry.snapshot, entry.pool.address, 76, struct.pack("<i", 512 * 70 + 3))
    alone = replace(moved, accounts={key: moved.accounts.get(key) for key in entry.pool.accounts})

    assert list(entry.pool.further_accounts(alone, entry.request)) == [extension(entry)]
    assert entry.pool.further_accounts(moved, entry.request)[0] == array(entry, 512)


def test_a_swap_carries_the_arrays_that_it_opens_and_one_more() -> None:
    entry = five_arrays()
    carried = {}
    for amount in (3_216_200, 42_000_000_000, 10**15):
        swap = replace(entry.swap, amount_in=amount)
        (made,) = entry.pool.swap_instructions(entry.snapshot, swap)
        carried[amount] = [meta.pubkey for meta in made.accounts[16:]]

    down = [array(entry, index) for index in (-4, -5, -6)]
    assert carried == {3_216_200: down[:2], 42_000_000_000: down, 10**15: down}


def test_a_walked_curve_answers_as_a_fresh_walk_does() -> None:
    random, compared = Random(5), 0
    for entry in recorded(DLMM).values():
        walked, account = entry.pool, entry.snapshot.account(entry.pool.address)
        for _ in range(12):
            mode = random.choice(list(SwapMode))
            size = 10 ** random.uniform(0, 1.3)
            request = replace(entry.request, amount=int(entry.request.amount * size / 10) + 1, mode=mode)
            fresh = DlmmPool(entry.pool.address, account)
            assert outcome(walked, entry.snapshot, request) == outcome(fresh, entry.snapshot, request)
            compared += 1

    assert compared == 82 * 12


def outcome(pool: DlmmPool, snapshot: Snapshot, request: QuoteRequest) -> object:
    try:
        return pool.quote(snapshot, request)
    except DexError as error:
        return type(error), str(error)


def test_a_curve_is_not_kept_for_other_bytes_or_another_time() -> None:
    entry = instructions()["meteora-dlmm-ix-16"]
    assert entry.pool.quote(entry.snapshot, entry.request).amount_out == 13_893_487_168

    later = replace(entry.snapshot, clock=replace(entry.snapshot.clock, unix_timestamp=1_765_009_999))
    poorer = patched(entry.snapshot, array(entry, 14), 56 + 144 * 19 + 8, struct.pack("<Q", 1))
    assert entry.pool.quote(later, entry.request).amount_out == 14_018_721_215
    assert entry.pool.quote(poorer, entry.request).amount_out == 13_844_577_356
    assert entry.pool.quote(entry.snapshot, entry.request).amount_out == 13_893_487_168


def bits(*positions: int) -> int:
    return sum(1 << position for position in positions)


@pytest.mark.parametrize(
    ("start", "downwards", "expected"),
    [
        (0, True, [0, -3, -512, -513, -520]),
        (0, False, [0, 5, 511, 512, 600]),
        (-1, True, [-3, -512, -513, -520]),
        (1, False, [5, 511, 512, 600]),
        (600, True, [600, 512, 511, 5, 0]),
        (601, True, [600, 512, 511, 5, 0]),
        (513, False, [600]),
        (-520, False, [-520, -513, -512, -3, 0]),
        (-519, False, [-513, -512, -3, 0, 5]),
        (-514, True, [-520]),
        (-6656, True, []),
        (6655, False, []),
    ],
)
def test_the_bitmaps_are_walked_in_order(start: int, downwards: bool, expected: list[int]) -> None:
    default = bits(0, 512 - 3, 512, 512 + 5, 1023)
    above, below = bits(0, 600 - 512), bits(0, 520 - 513)

    assert arrays_from(start, downwards, default, (above, below), 5) == expected


def test_without_an_extension_the_pairs_own_bitmap_is_walked() -> None:
    default = bits(0, 512, 1023)

    assert arrays_from(3, True, default, None, 5) == [0, -512]
    assert arrays_from(3, False, default, None, 5) == [511]
    assert arrays_from(512, True, default, None, 5) == []
    assert arrays_from(-513, False, default, None, 5) == []


def test_a_pair_account_is_not_read_as_a_bin_array() -> None:
    entry = five_arrays()
    pair = entry.snapshot.account(entry.pool.address)
    snapshot = with_account(entry.snapshot, array(entry, -4), data=pair.data)

    with pytest.raises(DexError):
        entry.pool.quote(snapshot, entry.request)
    assert isinstance(pair, AccountData)
