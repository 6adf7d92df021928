"""Raydium CLMM in states that no recording covers: adapter and stand-in program agree on each.

The stand-in follows the program's loop and equals the recordings byte for byte; the adapter works the way
of the price out beforehand. They share no code.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from solders.pubkey import Pubkey

from dex.errors import AmountTooLarge, AmountTooSmall, DexError, InsufficientLiquidity
from dex.localnet.programs import RAYDIUM_CLMM
from dex.types import QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.raydium_clmm.curve import between
from dex.venues.raydium_clmm.tick_math import (
    MAX_SQRT_PRICE,
    MAX_TICK,
    MIN_SQRT_PRICE,
    MIN_TICK,
    sqrt_price_at,
    tick_at,
)
from tests.dex.clmm_pools import NOW, MadePool, made_pool
from tests.dex.localnet.test_programs import Bank

RICH = 2**62
# A vault of the scene that is emptied, and a counter of fees that is full, are no states of a quote.
OF_THE_SCENE = (1, "ProgramFailedToComplete")


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(RAYDIUM_CLMM)


def set_scene(bank: Bank, made: MadePool) -> None:
    for address, account in made.snapshot.accounts.items():
        if account is not None:
            bank.set(address, account.owner, account.data, account.lamports)
    for vault, mint in zip(made.pool.vaults, made.pool.mints, strict=True):
        bank.set_token_account(vault, mint, made.address, RICH + RICH // 2)
    bank.set_clock(NOW.slot, NOW.epoch, NOW.unix_timestamp)


def execute(
    bank: Bank, made: MadePool, snapshot: Snapshot, request: QuoteRequest
) -> tuple[int, int] | int | str:
    """(paid, received), or the program's error."""
    user = bank.user.pubkey()
    source = bank.new_token_account(request.token_in, user, RICH)
    target = bank.new_token_account(request.token_out, user, 0)
    is_in = request.mode is SwapMode.EXACT_IN
    amounts = (request.amount, 1) if is_in else (2**64 - 1, request.amount)
    swap = Swap(user, request.token_in, request.token_out, source, target, *amounts, request.mode)
    try:
        (instruction,) = made.pool.swap_instructions(snapshot, swap)
    except InsufficientLiquidity:
        return 6041
    outcome = bank.run(instruction.program_id, instruction.accounts, bytes(instruction.data))
    if outcome.error is not None:
        return outcome.error
    return RICH - bank.balance(source), bank.balance(target)


def any_pool(source: random.Random) -> MadePool:
    """Overlapping and far positions of all sizes around a base, often with the price on an edge."""
    spacing = source.choice([1, 10, 60])
    edge_of_bitmap = 512 * 60 * spacing
    base = source.choice([0, source.randint(-400_000, 400_000), edge_of_bitmap, -edge_of_bitmap])
    base = max(-443_000, min(443_000, base))
    width = source.choice([3, 30, 200, 1_000]) * spacing

    def tick() -> int:
        found = (base + source.randint(-width, width)) // spacing * spacing
        lowest = MIN_TICK // spacing * spacing + spacing
        return max(lowest + spacing, min(MAX_TICK // spacing * spacing, found))

    positions = []
    for _ in range(source.randint(1, 6)):
        low, high = sorted((tick(), tick()))
        sizes = (1, source.randint(1, 1_000), 10 ** source.randint(3, 25), source.randint(1, 2**90))
        positions.append((low if low < high else high - spacing, high, source.choice(sizes)))
    at, current = source.choice([end for low, high, _ in positions for end in (low, high)]), None
    price = sqrt_price_at(at) + source.choice([0, 0, 1, -1])
    if price == sqrt_price_at(at):
        current = source.choice([at, at - 1])
    if source.random() < 0.5:
        at = max(MIN_TICK, min(MAX_TICK - 2, base + source.randint(-width, width)))
        price, current = source.randint(sqrt_price_at(at), sqrt_price_at(at + 1) - 1), None
    price = max(MIN_SQRT_PRICE, min(MAX_SQRT_PRICE - 1, price))
    current = current if current is not None and MIN_TICK <= current < MAX_TICK else None
    rate = source.choice([0, 1, 100, 2_500, 10_000])
    return made_pool(price, positions, spacing=spacing, trade_rate=rate, tick=current)


def any_request(source: random.Random, made: MadePool) -> QuoteRequest:
    amount = source.choice([1, source.randint(1, 1_000), source.randint(1, 10 ** source.randint(4, 17))])
    return made.request(amount, falling=source.random() < 0.5, mode=source.choice(list(SwapMode)))


@pytest.mark.parametrize("seed", range(8))
def test_adapter_and_program_agree_in_any_state(bank: Bank, seed: int) -> None:
    source, counted = random.Random(seed), Counter[str]()
    for _ in range(60):
        made = any_pool(source)
        set_scene(bank, made)
        snapshot = made.snapshot
        for _ in range(4):
            request = any_request(source, made)
            moved = execute(bank, made, snapshot, request)
            if isinstance(moved, tuple):
                quote = made.pool.quote(snapshot, request)
                assert (quote.amount_in, quote.amount_out) == moved
                snapshot = made.pool.after(snapshot, quote)
                left = snapshot.account(made.address).data[235:273]
                assert bank.data(made.address)[235:273] == left
                counted["quoted"] += 1
            elif moved not in OF_THE_SCENE and not str(moved).endswith("Complete))"):
                with pytest.raises(DexError):
                    made.pool.quote(snapshot, request)
                counted["refused"] += 1

    assert counted["quoted"] > 40
    assert counted["refused"] > 40


def exact(bank: Bank, made: MadePool, request: QuoteRequest) -> Snapshot:
    """Quote and execute; the snapshot afterwards."""
    set_scene(bank, made)
    quote = made.pool.quote(made.snapshot, request)
    assert execute(bank, made, made.snapshot, request) == (quote.amount_in, quote.amount_out)
    after = made.pool.after(made.snapshot, quote)
    assert after.account(made.address).data[235:273] == bank.data(made.address)[235:273]
    return after


def state(made: MadePool, snapshot: Snapshot) -> tuple[int, int, int]:
    """Liquidity, square-root price and tick."""
    data = snapshot.account(made.address).data
    liquidity, price = (int.from_bytes(data[at : at + 16], "little") for at in (237, 253))
    return liquidity, price, int.from_bytes(data[269:273], "little", signed=True)


@pytest.mark.parametrize("falling", [True, False])
@pytest.mark.parametrize("mode", list(SwapMode))
def test_an_amount_that_ends_on_a_tick_crosses_it(bank: Bank, falling: bool, mode: SwapMode) -> None:
    made = made_pool(sqrt_price_at(5), [(-100, 100, 10**15), (-600, 600, 10**15)])
    everything = made.pool.quote(made.snapshot, made.request(10**13, falling=falling))
    within = made.request(everything.amount_in, falling=falling)
    edge = -100 if falling else 100
    low, high = sorted((sqrt_price_at(5), sqrt_price_at(edge)))
    liquidity = 2 * 10**15
    first_up, second_up = (
        -(-(liquidity << 64) * (high - low) // (high * low)),
        -(-liquidity * (high - low) >> 64),
    )
    first, second = (liquidity << 64) * (high - low) // (high * low), liquidity * (high - low) >> 64
    net, out = (first_up, second) if falling else (second_up, first)
    amount = net + -(-net * 2_500 // 997_500) if mode is SwapMode.EXACT_IN else out
    after = exact(bank, made, replace(within, amount=amount, mode=mode))

    assert state(made, after) == (10**15, sqrt_price_at(edge), edge - 1 if falling else edge)


def test_a_price_on_a_tick_that_was_crossed_downwards_goes_up_over_it_again(bank: Bank) -> None:
    made = made_pool(sqrt_price_at(100), [(100, 200, 10**15), (-100, 100, 10**12)], tick=99)
    after = exact(bank, made, made.request(10**10, falling=False))

    liquidity, price, tick = state(made, after)
    assert (liquidity, tick) == (10**15, 100)
    assert price > sqrt_price_at(100)


@pytest.mark.parametrize("falling", [True, False])
def test_a_gap_without_liquidity_is_passed_for_nothing(bank: Bank, falling: bool) -> None:
    made = made_pool(sqrt_price_at(0), [(-300, -200, 10**15), (200, 300, 10**15)])
    after = exact(bank, made, made.request(10**9, falling=falling))

    liquidity, price, tick = state(made, after)
    assert liquidity == 10**15
    assert (price, tick) == (price, tick_at(price))
    assert (price < sqrt_price_at(-200)) if falling else (price > sqrt_price_at(200))


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("falling", [True, False])
def test_arrays_beyond_the_pools_own_bitmap_are_found(bank: Bank, side: int, falling: bool) -> None:
    edge = side * 512 * 60
    ranges = [(edge - 120, edge - 61), (edge - 60, edge + 60), (edge, edge + 180)]
    made = made_pool(sqrt_price_at(edge + 7), [(*ends, 10**15) for ends in ranges], spacing=1)
    arrays = made.pool.further_accounts(made.snapshot, made.request(1, falling=falling))[1:]

    assert all(made.snapshot.accounts[array] is not None for array in arrays)
    assert len(arrays) == 3
    edges = (edge + 7, edge, edge - 30) if falling else (edge + 7, edge + 60, edge + 100)
    first, second = (
        between(sqrt_price_at(begin), sqrt_price_at(end), liquidity)[0]
        for (begin, end), liquidity in zip(pairwise(edges), (2 * 10**15, 10**15), strict=True)
    )
    for amount, liquidity in ((first // 2, 2 * 10**15), (first + second, 10**15)):
        left = state(made, exact(bank, made, made.request(amount, falling=falling)))
        assert left[0] == liquidity


def test_bitmaps_outside_need_the_extension() -> None:
    edge = 512 * 60
    made = made_pool(sqrt_price_at(edge - 70), [(edge - 120, edge + 120, 10**15)], spacing=1)
    request = made.request(10**15, falling=False)
    extension, *arrays = made.pool.further_accounts(made.snapshot, request)
    old = replace(made.snapshot, accounts={**made.snapshot.accounts, extension: None})

    assert len(arrays) == 2
    assert made.pool.further_accounts(old, request) == (extension, arrays[0])
    with pytest.raises(InsufficientLiquidity, match="does not hold that much"):
        made.pool.quote(old, request)


def test_a_swap_over_more_arrays_than_a_transaction_carries_is_refused() -> None:
    positions = [(600 * number, 600 * number + 10, 10**12) for number in range(12)]
    made = made_pool(sqrt_price_at(1), positions)

    assert len(made.pool.further_accounts(made.snapshot, made.request(1, falling=False))) == 1 + 8
    with pytest.raises(InsufficientLiquidity, match="more than the 8 tick arrays"):
        made.pool.quote(made.snapshot, made.request(10**18, falling=False))


def test_amounts_past_64_bits_are_refused(bank: Bank) -> None:
    made = made_pool(sqrt_price_at(-443_000), [(-443_600, -400_000, 10**30)])
    wish = made.request(2**64 - 1, falling=False)

    with pytest.raises(AmountTooLarge):
        made.pool.quote(made.snapshot, wish)


def test_the_end_of_the_price_range_stops_a_swap(bank: Bank) -> None:
    made = made_pool(sqrt_price_at(-443_600), [(MIN_TICK, -443_000, 10**9)], spacing=1)
    set_scene(bank, made)
    request = made.request(2**61, falling=True)

    assert execute(bank, made, made.snapshot, request) == 6026
    with pytest.raises(AmountTooSmall, match="end of the program's range"):
        made.pool.quote(made.snapshot, request)


def test_a_partial_fill_at_the_end_of_the_range_is_refused(bank: Bank) -> None:
    made = made_pool(2**64, [(MIN_TICK, 10, 10**9)], spacing=1)
    set_scene(bank, made)
    request = made.request(4_500_000_000_000_000_000, falling=True)

    assert execute(bank, made, made.snapshot, request) == 2501
    with pytest.raises(InsufficientLiquidity, match="leave the program's range"):
        made.pool.quote(made.snapshot, request)


def test_square_root_prices_of_ticks_ascend_and_are_found_again() -> None:
    ticks = [MIN_TICK, -443_635, -100_001, -60, -1, 0, 1, 2, 59, 60, 100_000, 443_635]
    prices = [sqrt_price_at(tick) for tick in ticks]

    assert (sqrt_price_at(MIN_TICK), sqrt_price_at(MAX_TICK)) == (MIN_SQRT_PRICE, MAX_SQRT_PRICE)
    assert all(low < high for low, high in pairwise(prices))
    assert sqrt_price_at(0) == 2**64
    for tick, price in zip(ticks, prices, strict=True):
        assert tick_at(price) == tick
        assert tick_at(price + 1) == tick
        assert tick == MIN_TICK or tick_at(price - 1) == tick - 1


def test_what_is_kept_of_one_snapshot_is_not_used_for_another() -> None:
    made = made_pool(sqrt_price_at(5), [(-100, 100, 10**15), (-600, 600, 10**15)])
    request = made.request(10**13, falling=True)
    before = made.pool.quote(made.snapshot, request)
    array: Pubkey = made.pool.further_accounts(made.snapshot, request)[1]
    thinner = made_pool(sqrt_price_at(5), [(-100, 100, 10**15)])
    emptied = replace(made.snapshot.account(array), data=bytes(made.snapshot.account(array).data))
    same = replace(made.snapshot, accounts={**made.snapshot.accounts, array: emptied})
    gone = replace(made.snapshot, accounts={**made.snapshot.accounts, array: None})

    assert made.pool.quote(same, request) == before
    with pytest.raises(InsufficientLiquidity, match="does not exist"):
        made.pool.quote(gone, request)
    assert made.pool.quote(made.snapshot, request) == before
    assert thinner.pool.address != made.pool.address
