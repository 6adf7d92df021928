"""Orca Whirlpool: what a quote says and reads, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from struct import pack
from typing import Any

import pytest
from solders.pubkey import Pubkey

from dex.config import SYSTEM_PROGRAM
from dex.errors import (
    AccountMissing,
    DexError,
    PoolDisabled,
    UnknownLayout,
    UnsupportedPool,
    WrongOwner,
)
from dex.venues.orca_whirlpool.tick_price import MAX_TICK, MIN_TICK, sqrt_price_at, tick_at
from tests.dex.recorded_swaps import patched, with_account
from tests.dex.whirlpool_recordings import RecordedSwap, paid_swaps, recorded_swaps

ADAPTIVE = "whirlpool-17.1-0"
TICK, REWARDS_UPDATED, TRADE_ENABLED = 81, 261, 40


@pytest.fixture
def plain() -> RecordedSwap:
    """whirlpool-0.0-1: 229,266,688 units of a for 437,732,138 of b, one step, no tick crossed."""
    return recorded_swaps()["whirlpool-0.0-1"]


@pytest.fixture
def adaptive() -> RecordedSwap:
    return recorded_swaps()[ADAPTIVE]


def test_a_quote_names_pool_fee_and_impact(plain: RecordedSwap) -> None:
    quote = plain.quote()

    assert (quote.dex, quote.venue, quote.pool) == ("orca", "orca-whirlpool-immutable", plain.pool.address)
    assert (quote.fee_amount, quote.fee_mint) == (22_927, plain.request.token_in)
    assert (quote.price_impact_bps, quote.slot) == (8, 400_000_150)
    assert quote.compute_units == 64_000


def test_accounts_are_pool_and_mints_and_an_adaptive_pools_oracle(
    plain: RecordedSwap, adaptive: RecordedSwap
) -> None:
    oracle = Pubkey.from_string(adaptive.case["accounts"]["oracle_address"])

    assert plain.pool.accounts == (plain.pool.address, *plain.pool.mints)
    assert adaptive.pool.accounts == (adaptive.pool.address, *adaptive.pool.mints, oracle)


def test_further_accounts_are_three_arrays_in_the_direction(plain: RecordedSwap) -> None:
    down = plain.pool.further_accounts(plain.snapshot, plain.request)
    back = replace(plain.request, token_in=plain.request.token_out, token_out=plain.request.token_in)
    up = plain.pool.further_accounts(plain.snapshot, back)

    assert set(down) == set(plain.snapshot.accounts) - set(plain.pool.accounts)
    assert down[0] == up[0]
    assert len(set(down + up)) == 5


def test_a_pool_over_the_full_range_has_two_arrays() -> None:
    entry = recorded_swaps()["whirlpool-10.0-0"]

    assert entry.case["tick_spacing"] == 32_896
    assert len(entry.pool.further_accounts(entry.snapshot, entry.request)) in (1, 2)


def test_at_the_end_of_the_range_the_quote_says_what_is_paid() -> None:
    entry = recorded_swaps()["whirlpool-10.0-17"]
    quote = entry.quote()

    assert entry.request.amount == 4_611_686_018_427_387_904
    assert (quote.amount_in, quote.amount_out) == (254_312_752_192_837_859, 8_877_465)


def test_an_array_that_was_not_read_is_missing(plain: RecordedSwap) -> None:
    without = replace(
        plain.snapshot, accounts={key: plain.snapshot.accounts[key] for key in plain.pool.accounts}
    )

    first, second, _ = plain.pool.further_accounts(plain.snapshot, plain.request)
    with pytest.raises(AccountMissing, match=str(first)):
        plain.pool.quote(without, plain.request)
    one = replace(without, accounts={**without.accounts, first: plain.snapshot.accounts[first]})
    assert plain.pool.quote(one, plain.request) == plain.quote()
    with pytest.raises(AccountMissing, match=str(second)):
        plain.pool.quote(one, replace(plain.request, amount=2**62))


def test_a_pool_is_refused_until_trading_is_enabled(adaptive: RecordedSwap) -> None:
    oracle, now = adaptive.pool.accounts[3], adaptive.snapshot.clock.unix_timestamp

    with pytest.raises(PoolDisabled):
        adaptive.pool.quote(
            patched(adaptive.snapshot, oracle, TRADE_ENABLED, pack("<Q", now + 1)), adaptive.request
        )
    opened = patched(adaptive.snapshot, oracle, TRADE_ENABLED, pack("<Q", now))
    assert adaptive.pool.quote(opened, adaptive.request) == adaptive.quote()


def test_an_adaptive_pool_needs_its_oracle(adaptive: RecordedSwap) -> None:
    oracle = adaptive.pool.accounts[3]
    without = replace(adaptive.snapshot, accounts={**adaptive.snapshot.accounts, oracle: None})

    with pytest.raises(AccountMissing):
        adaptive.pool.quote(without, adaptive.request)


def test_a_clock_before_the_pools_last_update_is_refused(plain: RecordedSwap) -> None:
    now = plain.snapshot.clock.unix_timestamp
    later = patched(plain.snapshot, plain.pool.address, REWARDS_UPDATED, pack("<Q", now + 1))

    with pytest.raises(PoolDisabled):
        plain.pool.quote(later, plain.request)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"owner": Pubkey.new_unique()}, WrongOwner),
        ({"data": bytes(9_988)}, UnknownLayout),
        ({"data": b""}, UnknownLayout),
    ],
)
def test_an_account_that_is_no_tick_array_is_refused(
    plain: RecordedSwap, changes: dict[str, Any], error: type[DexError]
) -> None:
    first = plain.pool.further_accounts(plain.snapshot, plain.request)[0]

    with pytest.raises(error):
        plain.pool.quote(with_account(plain.snapshot, first, **changes), plain.request)


def test_another_pools_tick_array_is_refused(plain: RecordedSwap) -> None:
    first = plain.pool.further_accounts(plain.snapshot, plain.request)[0]

    with pytest.raises(UnknownLayout):
        plain.pool.quote(patched(plain.snapshot, first, 12, bytes(32)), plain.request)


def test_an_address_that_only_holds_lamports_has_no_ticks(plain: RecordedSwap) -> None:
    last = plain.pool.further_accounts(plain.snapshot, plain.request)[-1]
    dusted = dict(plain.snapshot.accounts)
    absent = replace(plain.snapshot, accounts={**dusted, last: None})
    held = with_account(plain.snapshot, plain.pool.address)
    held = replace(
        held,
        accounts={**dusted, last: replace(held.account(plain.pool.address), owner=SYSTEM_PROGRAM, data=b"")},
    )

    assert plain.pool.quote(held, plain.request) == plain.pool.quote(absent, plain.request)


def test_a_mint_with_a_transfer_hook_is_refused() -> None:
    entry = next(e for e in paid_swaps() if len(e.snapshot.account(e.pool.mints[0]).data) > 170)
    mint = entry.pool.mints[0]
    data = entry.snapshot.account(mint).data[:166] + pack("<HH", 14, 64) + bytes([1] * 64)

    with pytest.raises(UnsupportedPool, match="extension 14"):
        entry.pool.quote(with_account(entry.snapshot, mint, data=data), entry.request)


@pytest.mark.parametrize("tick", [MIN_TICK, -443_635, -32_769, -1, 0, 1, 2, 32_768, 443_635, MAX_TICK])
def test_ticks_and_their_prices_agree(tick: int) -> None:
    price = sqrt_price_at(tick)

    assert tick_at(price) == tick
    if tick < MAX_TICK:
        assert tick_at(sqrt_price_at(tick + 1) - 1) == tick


def test_a_changed_account_is_read_anew(plain: RecordedSwap) -> None:
    first = plain.quote()
    cheaper = patched(plain.snapshot, plain.pool.address, 45, pack("<H", 0))

    assert plain.pool.quote(cheaper, plain.request).amount_out > first.amount_out
    assert plain.quote() == first
