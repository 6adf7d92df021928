"""What the DLMM adapter refuses, what a swap leaves, and how its parts round."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM
from dex.errors import (
    AmountTooLarge,
    DexError,
    InsufficientLiquidity,
    PoolDisabled,
    UnsupportedPool,
)
from dex.types import SwapMode
from dex.venues.meteora_dlmm.errors import NAMES
from dex.venues.meteora_dlmm.fees import accumulator_at, rate_of, references_at
from dex.venues.meteora_dlmm.layout import parse_bin, parse_state
from dex.venues.meteora_dlmm.prices import price_of
from tests.dex.recorded_dlmm import VENUE, array, asked, five_arrays, instructions
from tests.dex.recorded_swaps import DLMM, Recorded, patched, recorded, with_account

STATUS, PAIR_TYPE, ACTIVATION_TYPE, ACTIVATION_POINT = 82, 75, 86, 816


def with_orders() -> Recorded:
    """A recorded sale that limit orders filled in part."""
    return recorded(DLMM)[
        next(
            name
            for name, entry in recorded(DLMM).items()
            if entry.case["params"]["limit_orders"] and entry.case["onchain"].get("cu", 0) > 120_000
        )
    ]


@pytest.mark.parametrize("status", [1, 2])
def test_a_disabled_pair_is_refused(status: int) -> None:
    entry = five_arrays()
    snapshot = patched(entry.snapshot, entry.pool.address, STATUS, bytes([status]))

    with pytest.raises(PoolDisabled):
        entry.pool.quote(snapshot, entry.request)


@pytest.mark.parametrize(
    ("pair_type", "kind", "point", "is_open"),
    [
        (2, 0, 420_000_075, True),
        (2, 0, 420_000_076, False),
        (2, 1, 1_765_000_030, True),
        (2, 1, 1_765_000_031, False),
        (1, 0, 420_000_076, False),
        (0, 0, 420_000_076, True),
        (3, 1, 1_765_000_031, True),
    ],
)
def test_a_customizable_pair_opens_at_its_point(pair_type: int, kind: int, point: int, is_open: bool) -> None:
    entry = five_arrays()
    snapshot = patched(entry.snapshot, entry.pool.address, PAIR_TYPE, bytes([pair_type]))
    snapshot = patched(snapshot, entry.pool.address, ACTIVATION_TYPE, bytes([kind]))
    snapshot = patched(snapshot, entry.pool.address, ACTIVATION_POINT, struct.pack("<Q", point))

    if is_open:
        assert entry.pool.quote(snapshot, entry.request).amount_out == 1_606_505
    else:
        with pytest.raises(PoolDisabled):
            entry.pool.quote(snapshot, entry.request)


@pytest.mark.parametrize(("offset", "value"), [(36, 2), (35, 3), (75, 4)])
def test_a_pair_of_an_unknown_kind_is_refused(offset: int, value: int) -> None:
    entry = five_arrays()
    snapshot = patched(entry.snapshot, entry.pool.address, offset, bytes([value]))

    with pytest.raises(UnsupportedPool):
        VENUE.open_pool(entry.pool.address, snapshot.account(entry.pool.address))


@pytest.mark.parametrize(("authority", "refused"), [(bytes(32), False), (bytes([7]) * 32, True)])
def test_a_mint_with_a_transfer_hook_is_refused(authority: bytes, refused: bool) -> None:
    entry = five_arrays()
    hook = struct.pack("<HH", 14, 64) + authority + bytes(32)
    mint = entry.snapshot.account(entry.pool.mints[0]).data + bytes(83) + bytes([1]) + hook
    snapshot = patched(entry.snapshot, entry.pool.address, 880, bytes([1]))
    snapshot = with_account(snapshot, entry.pool.mints[0], data=mint, owner=TOKEN_2022_PROGRAM)
    pool = VENUE.open_pool(entry.pool.address, snapshot.account(entry.pool.address))

    if refused:
        with pytest.raises(UnsupportedPool):
            pool.quote(snapshot, entry.request)
    else:
        assert pool.quote(snapshot, entry.request).amount_out == 1_606_505


def test_an_exact_output_from_limit_orders_is_refused() -> None:
    entry = with_orders()
    sold = entry.pool.quote(entry.snapshot, entry.request)
    wish = replace(entry.request, amount=sold.amount_out, mode=SwapMode.EXACT_OUT)

    with pytest.raises(UnsupportedPool, match="limit orders"):
        entry.pool.quote(entry.snapshot, wish)


@pytest.mark.parametrize("version", [1, 2])
def test_orders_in_a_bin_array_of_an_older_layout_are_refused(version: int) -> None:
    entry, snapshot = with_orders(), with_orders().snapshot
    for recorded_array in entry.case["accounts"]["bin_arrays"]:
        address = Pubkey.from_string(recorded_array["address"])
        snapshot = patched(snapshot, address, 16, bytes([version]))

    for _ in range(2):
        with pytest.raises(UnsupportedPool, match="before limit orders"):
            entry.pool.quote(snapshot, entry.request)


def test_a_state_after_filled_limit_orders_is_refused() -> None:
    entry = with_orders()
    sold = entry.pool.quote(entry.snapshot, entry.request)

    with pytest.raises(UnsupportedPool, match="limit orders"):
        entry.pool.after(entry.snapshot, sold)


def test_a_sale_that_leaves_limit_orders_alone_has_a_state() -> None:
    states = 0
    for entry in recorded(DLMM).values():
        if not entry.case["params"]["limit_orders"]:
            continue
        try:
            left = entry.pool.after(entry.snapshot, entry.pool.quote(entry.snapshot, entry.request))
        except DexError:
            continue
        active = parse_state(left.account(entry.pool.address).data).active_id
        assert active == entry.case["onchain"]["active_id_after"]
        states += 1

    assert states >= 1


def test_the_recorded_pair_fields_follow_from_every_swap() -> None:
    compared = 0
    for name, entry in recorded(DLMM).items():
        chain = entry.case["onchain"]
        if not chain["ok"] or entry.case["params"]["limit_orders"]:
            continue
        left = entry.pool.after(entry.snapshot, entry.pool.quote(entry.snapshot, entry.request))
        data = {
            at: snapshot.account(entry.pool.address).data for at, snapshot in ((0, entry.snapshot), (1, left))
        }
        state, owed = parse_state(data[1]), [struct.unpack_from("<QQ", data[at], 216) for at in (0, 1)]
        fees = [str(after - before) for before, after in zip(*owed, strict=True)]
        assert (state.active_id, state.volatility_accumulator, fees) == (
            chain["active_id_after"],
            chain["vol_acc_after"],
            chain["protocol_fee_delta"],
        ), name
        compared += 1

    assert compared == 64


def test_buying_what_a_sale_paid_never_costs_more() -> None:
    compared = 0
    for name, entry in recorded(DLMM).items():
        if entry.request.mode is SwapMode.EXACT_OUT or entry.case["params"]["limit_orders"]:
            continue
        try:
            sold = entry.pool.quote(entry.snapshot, entry.request)
        except DexError:
            continue
        wish = replace(entry.request, amount=sold.amount_out, mode=SwapMode.EXACT_OUT)
        assert entry.pool.quote(entry.snapshot, wish).amount_in <= sold.amount_in, name
        compared += 1

    assert compared == 46


def test_a_bin_without_a_stored_price_has_the_price_of_its_id() -> None:
    compared = 0
    for entry in recorded(DLMM).values():
        step = entry.case["params"]["bin_step"]
        for recorded_array in entry.case["accounts"]["bin_arrays"]:
            data = entry.snapshot.account(Pubkey.from_string(recorded_array["address"])).data
            (index,) = struct.unpack_from("<q", data, 8)
            for position in (0, 34, 69):
                stored = int.from_bytes(parse_bin(data, position).price, "little")
                assert price_of(index * 70 + position, step) == stored
                compared += 1

    assert compared == 82 * 9
    with pytest.raises(UnsupportedPool):
        price_of(443_636, 400)


def test_a_quote_needs_no_stored_price() -> None:
    entry = instructions()["meteora-dlmm-ix-6"]
    snapshot = entry.snapshot
    for index in (-4, -3):
        for position in range(70):
            snapshot = patched(snapshot, array(entry, index), 72 + 144 * position, bytes(16))

    assert entry.pool.quote(snapshot, entry.request) == entry.pool.quote(entry.snapshot, entry.request)


@pytest.mark.parametrize(
    ("elapsed", "references"),
    [(29, (1000, 50_000)), (30, (1007, 40_000)), (599, (1007, 40_000)), (600, (1007, 0)), (9999, (1007, 0))],
)
def test_volatility_is_kept_halved_or_forgotten_with_time(elapsed: int, references: tuple[int, int]) -> None:
    state = parse_state(five_arrays().snapshot.account(five_arrays().pool.address).data)._replace(
        index_reference=1000,
        volatility_reference=50_000,
        volatility_accumulator=80_000,
        active_id=1007,
        last_update=1_000_000,
    )

    assert (state.filter_period, state.decay_period, state.reduction_factor) == (30, 600, 5000)
    assert references_at(state, 1_000_000 + elapsed) == references


def test_the_fee_rises_with_bins_crossed_up_to_a_tenth() -> None:
    state = parse_state(five_arrays().snapshot.account(five_arrays().pool.address).data)
    references = references_at(state, state.last_update + 10_000)
    rates = [
        rate_of(state, accumulator_at(state, references, state.active_id - far)) for far in (0, 1, 3, 23)
    ]

    assert rates == [2_500_000, 2_525_000, 2_725_000, 15_725_000]
    dear = state._replace(base_factor=65_535, bin_step=400, base_fee_power_factor=1)
    assert rate_of(dear, 0) == 100_000_000


def test_the_fee_side_follows_the_collect_fee_mode() -> None:
    sides = set()
    for entry in recorded(DLMM).values():
        if not entry.case["onchain"]["ok"]:
            continue
        quote = entry.pool.quote(entry.snapshot, entry.request)
        sells_x = quote.token_in == entry.pool.mints[0]
        sides.add((entry.case["params"]["collect_fee_mode"], sells_x, quote.fee_mint == quote.token_in))

    assert sides == {(0, True, True), (0, False, True), (1, True, False), (1, False, True)}


def test_one_unit_out_may_cost_a_bin_that_pays_nothing() -> None:
    entry = recorded(DLMM)["dlmm-s254"]
    quote = entry.pool.quote(entry.snapshot, entry.request)

    assert (quote.amount_in, quote.amount_out) == (311_173, 1)


def test_an_exact_output_beyond_the_liquidity_is_refused() -> None:
    entry = five_arrays()

    with pytest.raises(InsufficientLiquidity):
        entry.pool.quote(entry.snapshot, asked(entry, 10**14, SwapMode.EXACT_OUT))


def test_a_bin_that_takes_more_than_a_token_amount_is_refused() -> None:
    entry = five_arrays()
    at = 56 + 144 * (-277 + 4 * 70)
    snapshot = patched(entry.snapshot, array(entry, -4), at + 8, struct.pack("<Q", 2**64 - 1))

    with pytest.raises(AmountTooLarge):
        entry.pool.quote(snapshot, entry.request)


def test_the_error_table_has_the_programs_numbers() -> None:
    assert {number: NAMES[number] for number in (6000, 6003, 6012, 6036, 6039, 6042, 6104, 6110)} == {
        6000: "InvalidStartBinIndex",
        6003: "ExceededAmountSlippageTolerance",
        6012: "PairInsufficientLiquidity",
        6036: "BitmapExtensionAccountIsNotProvided",
        6039: "InsufficientOutAmount",
        6042: "PoolDisabled",
        6104: "InsufficientInAmount",
        6110: "InvalidCollectFeeMode",
    }
