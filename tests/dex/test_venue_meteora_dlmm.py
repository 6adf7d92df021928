"""What the DLMM adapter refuses, which accounts it asks for, and how its parts round."""

from __future__ import annotations

import struct
from dataclasses import replace
from random import Random

import pytest
from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM
from dex.errors import (
    AmountTooLarge,
    DexError,
    InsufficientLiquidity,
    PoolDisabled,
    UnsupportedPool,
    WrongOwner,
)
from dex.types import AccountData, QuoteRequest, Snapshot, SwapMode
from dex.venues.meteora_dlmm.bitmap import arrays_from
from dex.venues.meteora_dlmm.errors import NAMES
from dex.venues.meteora_dlmm.fees import accumulator_at, rate_of, references_at
from dex.venues.meteora_dlmm.layout import parse_bin, parse_state
from dex.venues.meteora_dlmm.pool import DlmmPool
from dex.venues.meteora_dlmm.prices import price_of
from tests.dex.recorded_dlmm import VENUE, Executed, instructions
from tests.dex.recorded_swaps import DLMM, Recorded, patched, recorded, with_account, without_account

STATUS, PAIR_TYPE, ACTIVATION_TYPE, ACTIVATION_POINT = 82, 75, 86, 816


def five_arrays() -> Executed:
    """A pair with liquidity in arrays -6 to -2, active in -4, asked for 3,216,200 of x."""
    return instructions()["meteora-dlmm-ix-0"]


def at_the_edge() -> Executed:
    """A pair active in array 511 of the default bitmap, with arrays 510 to 513; y for x."""
    return instructions()["meteora-dlmm-ix-27"]


def with_orders() -> Recorded:
    """A recorded sale that limit orders filled in part."""
    return recorded(DLMM)[
        next(
            name
            for name, entry in recorded(DLMM).items()
            if entry.case["params"]["limit_orders"] and entry.case["onchain"].get("cu", 0) > 120_000
        )
    ]


def asked(entry: Executed, amount: int, mode: SwapMode = SwapMode.EXACT_IN) -> QuoteRequest:
    return replace(entry.request, amount=amount, mode=mode)


def read_from(entry: Executed, names: tuple[Pubkey, ...]) -> Snapshot:
    """The pool's own accounts and ``names``: what a node would answer; those that do not exist are None."""
    wanted = (*entry.pool.accounts, *names)
    return replace(entry.snapshot, accounts={key: entry.snapshot.accounts.get(key) for key in wanted})


def array(entry: Executed, index: int) -> Pubkey:
    seeds = [b"bin_array", bytes(entry.pool.address), struct.pack("<q", index)]
    return Pubkey.find_program_address(seeds, VENUE.program_id)[0]


def extension(entry: Executed) -> Pubkey:
    return Pubkey.find_program_address([b"bitmap", bytes(entry.pool.address)], VENUE.program_id)[0]


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


def test_a_bin_array_that_does_not_exist_ends_the_walk_with_its_reason() -> None:
    entry = five_arrays()
    large = asked(entry, 42_000_000_000)
    snapshot = without_account(entry.snapshot, array(entry, -5))

    assert entry.pool.quote(snapshot, entry.request).amount_out == 1_606_505
    with pytest.raises(InsufficientLiquidity, match="bin array -5 is needed and does not exist"):
        entry.pool.quote(snapshot, large)
    assert entry.pool.quote(entry.snapshot, large).amount_out == 20_338_095_418


def test_a_bin_array_of_another_program_is_refused() -> None:
    entry = five_arrays()
    snapshot = with_account(entry.snapshot, array(entry, -4), owner=TOKEN_2022_PROGRAM)

    with pytest.raises(WrongOwner):
        entry.pool.quote(snapshot, entry.request)


def test_arrays_beyond_what_a_swap_can_carry_are_told_from_no_liquidity() -> None:
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


def test_a_first_look_names_two_arrays_and_the_next_only_what_is_needed() -> None:
    entry = five_arrays()
    first = tuple(entry.pool.further_accounts(read_from(entry, ()), entry.request))
    second = tuple(entry.pool.further_accounts(read_from(entry, first), entry.request))

    assert first == second == (array(entry, -4), array(entry, -5))


def test_a_large_amount_names_further_arrays_and_then_the_extension() -> None:
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


def test_an_exact_output_from_limit_orders_is_refused() -> None:
    entry = with_orders()
    sold = entry.pool.quote(entry.snapshot, entry.request)
    wish = replace(entry.request, amount=sold.amount_out, mode=SwapMode.EXACT_OUT)

    with pytest.raises(UnsupportedPool, match="limit orders"):
        entry.pool.quote(entry.snapshot, wish)


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


def test_one_unit_out_may_cost_a_bin_that_pays_nothing_and_the_next() -> None:
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


def test_without_an_extension_the_walk_stays_in_the_pairs_own_bitmap() -> None:
    default = bits(0, 512, 1023)

    assert arrays_from(3, True, default, None, 5) == [0, -512]
    assert arrays_from(3, False, default, None, 5) == [511]
    assert arrays_from(512, True, default, None, 5) == []
    assert arrays_from(-513, False, default, None, 5) == []


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


def test_a_pair_account_of_another_pool_is_not_read_as_a_bin_array() -> None:
    entry = five_arrays()
    pair = entry.snapshot.account(entry.pool.address)
    snapshot = with_account(entry.snapshot, array(entry, -4), data=pair.data)

    with pytest.raises(DexError):
        entry.pool.quote(snapshot, entry.request)
    assert isinstance(pair, AccountData)
