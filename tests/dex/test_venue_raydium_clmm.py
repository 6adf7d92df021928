"""Raydium CLMM: what a swap leaves, what is refused, which accounts it reads."""

from __future__ import annotations

from dataclasses import replace
from struct import pack, unpack_from

import pytest
from solders.pubkey import Pubkey

from dex.config import SYSTEM_PROGRAM
from dex.errors import (
    AccountMissing,
    AmountTooLarge,
    AmountTooSmall,
    DexError,
    InsufficientLiquidity,
    PoolDisabled,
    UnknownLayout,
    UnsupportedPool,
    WrongOwner,
)
from dex.types import QuoteRequest, Snapshot, SwapMode
from dex.venues.raydium_clmm.venue import MAINNET_PROGRAM, RaydiumClmm
from tests.dex.recorded_swaps import CLMM, Recorded, patched, recorded, with_account, without_account

VENUE = RaydiumClmm(MAINNET_PROGRAM)


@pytest.fixture
def crossing() -> Recorded:
    """Exact in, 0 to 1, spacing 10, fee 2,500 millionths: a tick in each of two arrays is crossed."""
    return recorded(CLMM)["clmm-6-3"]


def array_of(entry: Recorded, index: int) -> Pubkey:
    """The tick array that the entry's request comes to as number ``index``."""
    _, *arrays = entry.pool.further_accounts(entry.snapshot, entry.request)
    return arrays[index]


def refused(entry: Recorded, snapshot: Snapshot, error: type[DexError], text: str) -> None:
    with pytest.raises(error, match=text):
        entry.pool.quote(snapshot, entry.request)


def test_every_recorded_swap_leaves_price_liquidity_and_tick() -> None:
    compared = 0
    for name, entry in recorded(CLMM).items():
        chain = entry.case["onchain"]
        if not chain["ok"]:
            continue
        quote = entry.pool.quote(entry.snapshot, entry.request)
        after = entry.pool.after(entry.snapshot, quote)
        data = after.account(entry.pool.address).data
        liquidity, price = (int.from_bytes(data[at : at + 16], "little") for at in (237, 253))
        assert liquidity == int(chain["liquidity_after"]), name
        assert price == int(chain["sqrt_price_after"]), name
        assert unpack_from("<i", data, 269) == (chain["tick_after"],), name
        compared += 1

    assert compared == 135


def test_the_fee_is_the_one_that_the_sdk_reports() -> None:
    compared = 0
    for name, entry in recorded(CLMM).items():
        if not entry.case["onchain"]["ok"] or "fee" not in entry.case["sdk"]:
            continue
        quote = entry.pool.quote(entry.snapshot, entry.request)
        assert quote.fee_amount == int(entry.case["sdk"]["fee"]), name
        assert quote.fee_mint == entry.request.token_in
        compared += 1

    assert compared == 135


def test_the_compute_units_of_a_quote_cover_the_recorded_swap() -> None:
    for name, entry in recorded(CLMM).items():
        if entry.case["onchain"]["ok"]:
            quote = entry.pool.quote(entry.snapshot, entry.request)
            assert entry.case["onchain"]["cu"] * 11 // 10 < quote.compute_units < 230_000, name


def test_a_quote_that_crosses_ticks_has_a_higher_limit(crossing: Recorded) -> None:
    small = replace(crossing.request, amount=1_000_000)
    quotes = [crossing.pool.quote(crossing.snapshot, request) for request in (small, crossing.request)]

    assert [quote.compute_units for quote in quotes] == [100_000, 161_250]
    assert [quote.price_impact_bps for quote in quotes] == [1, 97]


def test_the_accounts_of_a_direction_are_extension_and_arrays_in_order() -> None:
    entry = recorded(CLMM)["clmm-6-3"]
    arrays = {array["start"]: array["address"] for array in entry.case["accounts"]["tick_arrays"]}
    falling = entry.pool.further_accounts(entry.snapshot, entry.request)
    mints = entry.pool.mints
    rising = entry.pool.further_accounts(entry.snapshot, QuoteRequest(mints[1], mints[0], 1))

    extension = entry.case["accounts"]["bitmap_extension"]["address"]
    assert list(map(str, falling)) == [extension, *(arrays[s] for s in (-37800, -38400, -40800, -58200))]
    assert list(map(str, rising)) == [extension, *(arrays[s] for s in (-37800, -37200, -34800, -18000))]


def test_accounts_can_be_named_from_the_pool_alone(crossing: Recorded) -> None:
    only_pool = replace(
        crossing.snapshot,
        accounts={crossing.pool.address: crossing.snapshot.account(crossing.pool.address)},
    )

    named = crossing.pool.further_accounts(only_pool, crossing.request)

    assert named == crossing.pool.further_accounts(crossing.snapshot, crossing.request)


def test_a_pool_without_bitmap_extension_is_quoted(crossing: Recorded) -> None:
    extension, *_ = crossing.pool.further_accounts(crossing.snapshot, crossing.request)
    old = without_account(crossing.snapshot, extension)

    assert crossing.pool.quote(old, crossing.request) == crossing.pool.quote(
        crossing.snapshot, crossing.request
    )


@pytest.mark.parametrize("offset", [1096, 1122, 1175])
def test_a_dynamic_fee_is_refused(crossing: Recorded, offset: int) -> None:
    address = crossing.pool.address
    snapshot = patched(crossing.snapshot, address, offset, b"\x01")

    refused(crossing, snapshot, UnsupportedPool, "dynamic fee")
    with pytest.raises(UnsupportedPool, match="dynamic fee"):
        VENUE.open_pool(address, snapshot.account(address))


@pytest.mark.parametrize("fee_on", [1, 2])
def test_a_fee_from_one_token_only_is_refused(crossing: Recorded, fee_on: int) -> None:
    address = crossing.pool.address
    snapshot = patched(crossing.snapshot, address, 390, bytes([fee_on]))

    refused(crossing, snapshot, UnsupportedPool, "one token only")
    with pytest.raises(UnsupportedPool, match="one token only"):
        VENUE.open_pool(address, snapshot.account(address))


@pytest.mark.parametrize("field", [116, 124, 132])
@pytest.mark.parametrize("tick", [0, 59])
def test_limit_orders_on_the_way_are_refused(crossing: Recorded, field: int, tick: int) -> None:
    offset = 44 + 168 * tick + field
    for index in (0, 1):
        snapshot = patched(crossing.snapshot, array_of(crossing, index), offset, b"\x01")
        refused(crossing, snapshot, UnsupportedPool, "limit orders")


def test_limit_orders_beyond_the_swap_do_not_matter(crossing: Recorded) -> None:
    snapshot = patched(crossing.snapshot, array_of(crossing, 2), 44 + 116, b"\x01")

    assert crossing.pool.quote(snapshot, crossing.request) == crossing.pool.quote(
        crossing.snapshot, crossing.request
    )


def test_a_pool_opens_a_second_after_its_opening_time(crossing: Recorded) -> None:
    now, address = crossing.snapshot.clock.unix_timestamp, crossing.pool.address

    refused(crossing, patched(crossing.snapshot, address, 1080, pack("<Q", now)), PoolDisabled, "opened")
    opened = patched(crossing.snapshot, address, 1080, pack("<Q", now - 1))
    assert crossing.pool.quote(opened, crossing.request).amount_out == 40_370_855_184


def test_the_swap_bit_of_the_status_switches_a_pool_off(crossing: Recorded) -> None:
    address = crossing.pool.address

    refused(crossing, patched(crossing.snapshot, address, 389, b"\x10"), PoolDisabled, "switched off")
    others = patched(crossing.snapshot, address, 389, b"\x0f")
    assert crossing.pool.quote(others, crossing.request).amount_out == 40_370_855_184


def test_a_tick_array_that_is_gone_ends_the_way(crossing: Recorded) -> None:
    gone = without_account(crossing.snapshot, array_of(crossing, 1))

    refused(crossing, gone, InsufficientLiquidity, "-38400 on does not exist")
    within = replace(crossing.request, amount=1_000_000)
    assert crossing.pool.quote(gone, within) == crossing.pool.quote(crossing.snapshot, within)


def test_a_tick_array_that_was_not_fetched_is_missing(crossing: Recorded) -> None:
    accounts = dict(crossing.snapshot.accounts)
    del accounts[array_of(crossing, 1)]

    refused(crossing, replace(crossing.snapshot, accounts=accounts), AccountMissing, "no account at")


def test_foreign_tick_arrays_and_extensions_are_refused(crossing: Recorded) -> None:
    snapshot, array = crossing.snapshot, array_of(crossing, 0)
    extension, *_ = crossing.pool.further_accounts(snapshot, crossing.request)

    refused(crossing, patched(snapshot, array, 8, bytes(32)), UnknownLayout, "another should")
    refused(crossing, patched(snapshot, array, 40, pack("<i", 600)), UnknownLayout, "another should")
    refused(crossing, patched(snapshot, array, 0, bytes(8)), UnknownLayout, "TickArrayState")
    refused(crossing, with_account(snapshot, array, owner=SYSTEM_PROGRAM), WrongOwner, "TickArrayState")
    refused(crossing, patched(snapshot, extension, 8, bytes(32)), UnknownLayout, "another pool")


def test_more_than_all_ticks_hold_is_refused(crossing: Recorded) -> None:
    most = crossing._replace(request=replace(crossing.request, amount=2**64 - 1))

    refused(most, most.snapshot, InsufficientLiquidity, "does not hold that much")


def test_dust_that_the_fee_takes_whole_is_refused(crossing: Recorded) -> None:
    dust = crossing._replace(request=replace(crossing.request, amount=1))

    refused(dust, dust.snapshot, AmountTooSmall, "pays nothing")


def test_a_price_at_the_end_of_the_range_is_refused(crossing: Recorded) -> None:
    lowest = (4_295_048_017).to_bytes(16, "little")
    snapshot = patched(crossing.snapshot, crossing.pool.address, 253, lowest)

    refused(crossing, snapshot, InsufficientLiquidity, "end of the program's range")


def test_an_exact_output_with_a_transfer_fee_is_refused() -> None:
    entry = recorded(CLMM)["clmm-11-13"]

    refused(entry, entry.snapshot, UnsupportedPool, "transfer fee")


def test_a_fee_that_takes_everything_is_refused(crossing: Recorded) -> None:
    config = crossing.pool.accounts[1]

    snapshot = patched(crossing.snapshot, config, 47, pack("<I", 1_000_000))
    refused(crossing, snapshot, UnsupportedPool, "takes the whole amount")


def test_a_pool_without_tick_spacing_is_refused(crossing: Recorded) -> None:
    snapshot = patched(crossing.snapshot, crossing.pool.address, 235, bytes(2))

    refused(crossing, snapshot, UnknownLayout, "tick spacing")


def test_an_output_beyond_a_token_amount_is_refused(crossing: Recorded) -> None:
    wish = QuoteRequest(*crossing.pool.mints, 2**64, SwapMode.EXACT_OUT)

    with pytest.raises(AmountTooLarge):
        crossing.pool.quote(crossing.snapshot, wish)


def test_a_price_that_no_pool_can_have_is_refused(crossing: Recorded) -> None:
    address = crossing.pool.address
    for offset, value in ((253, bytes(16)), (253, b"\xff" * 16), (269, pack("<i", 443_637))):
        refused(crossing, patched(crossing.snapshot, address, offset, value), UnknownLayout, "no price")


def test_ticks_that_contradict_price_or_liquidity_are_refused(crossing: Recorded) -> None:
    address = crossing.pool.address
    above = patched(crossing.snapshot, address, 269, pack("<i", -37_000))
    none_in_range = patched(crossing.snapshot, address, 237, bytes(16))

    for snapshot in (above, none_in_range):
        refused(crossing, snapshot, UnknownLayout, "contradict")
