"""Meteora DAMM v2: refusals, quote fields, fees over time."""

from __future__ import annotations

from dataclasses import replace
from struct import pack

import pytest
from solders.pubkey import Pubkey

from dex.config import SYSTEM_PROGRAM
from dex.errors import (
    AccountMissing,
    AmountTooLarge,
    AmountTooSmall,
    InsufficientLiquidity,
    PoolDisabled,
    UnknownLayout,
    UnsupportedPool,
    WrongMint,
    WrongOwner,
)
from dex.types import Snapshot, SwapMode
from dex.venues.meteora_damm_v2 import rate_limiter
from dex.venues.meteora_damm_v2.layout import BaseFee
from dex.venues.meteora_damm_v2.venue import MeteoraDammV2
from tests.dex.recorded_swaps import (
    DAMM_V2,
    Recorded,
    patched,
    recorded,
    with_account,
    without_account,
)

VENUE = MeteoraDammV2()
PROGRAM = VENUE.program_id
FEE_MODE, DYNAMIC, LIQUIDITY = 16, 56, 360
ACTIVATION_POINT, ACTIVATION_TYPE, STATUS, COLLECT, VERSION = 472, 480, 481, 484, 486


@pytest.fixture
def selling_a() -> Recorded:
    """damm-3: 4,116,933 units of a for 745 of b, fee on the output."""
    return recorded(DAMM_V2)["damm-3"]


def with_pool_bytes(entry: Recorded, offset: int, new: bytes) -> Snapshot:
    return patched(entry.snapshot, entry.pool.address, offset, new)


def test_quote_names_venue_pool_fee_and_slot(selling_a: Recorded) -> None:
    quote = selling_a.pool.quote(selling_a.snapshot, selling_a.request)

    assert (quote.dex, quote.venue, quote.pool) == ("meteora", "meteora-damm-v2", selling_a.pool.address)
    assert (quote.amount_in, quote.amount_out) == (4_116_933, 745)
    assert (quote.fee_amount, quote.fee_mint) == (669 + 167, selling_a.request.token_out)
    assert (quote.slot, quote.mode) == (400_000_000, SwapMode.EXACT_IN)


def test_the_fee_is_in_the_input_when_b_is_sold_and_only_b_pays() -> None:
    entry = recorded(DAMM_V2)["damm-208"]
    quote = entry.pool.quote(entry.snapshot, entry.request)

    assert (entry.case["direction"], entry.case["summary"]["collect_fee_mode"]) == ("b_to_a", 1)
    assert quote.fee_mint == entry.request.token_in == entry.pool.mints[1]


def test_price_impact_grows_with_the_amount_and_stays_in_range() -> None:
    entry = recorded(DAMM_V2)["damm-208"]
    impacts = [
        entry.pool.quote(entry.snapshot, replace(entry.request, amount=amount)).price_impact_bps
        for amount in (10**6, 10**8, 895_820_971)
    ]

    assert impacts == sorted(impacts)
    assert (impacts[0], impacts[-1]) == (1, 533)


def test_accounts_are_the_pool_and_its_mints(selling_a: Recorded) -> None:
    assert selling_a.pool.accounts == (selling_a.pool.address, *selling_a.pool.mints)


@pytest.mark.parametrize("change", ["discriminator", "size"])
def test_open_pool_refuses_an_unknown_layout(selling_a: Recorded, change: str) -> None:
    account = selling_a.snapshot.account(selling_a.pool.address)
    data = bytes(8) + account.data[8:] if change == "discriminator" else account.data[:-1]

    with pytest.raises(UnknownLayout):
        VENUE.open_pool(selling_a.pool.address, replace(account, data=data))


def test_open_pool_refuses_an_account_of_another_program(selling_a: Recorded) -> None:
    account = selling_a.snapshot.account(selling_a.pool.address)

    with pytest.raises(WrongOwner):
        VENUE.open_pool(selling_a.pool.address, replace(account, owner=SYSTEM_PROGRAM))


@pytest.mark.parametrize(("offset", "value"), [(COLLECT, b"\x03"), (FEE_MODE, b"\x05")])
def test_open_pool_refuses_unknown_fee_modes(selling_a: Recorded, offset: int, value: bytes) -> None:
    account = with_pool_bytes(selling_a, offset, value).account(selling_a.pool.address)

    with pytest.raises(UnsupportedPool):
        VENUE.open_pool(selling_a.pool.address, account)


def test_quote_refuses_an_unknown_fee_version(selling_a: Recorded) -> None:
    with pytest.raises(UnsupportedPool):
        selling_a.pool.quote(with_pool_bytes(selling_a, VERSION, b"\x02"), selling_a.request)


def test_quote_refuses_a_pair_that_the_pool_does_not_trade(selling_a: Recorded) -> None:
    with pytest.raises(WrongMint):
        selling_a.pool.quote(selling_a.snapshot, replace(selling_a.request, token_in=Pubkey.new_unique()))


def test_quote_refuses_a_disabled_pool(selling_a: Recorded) -> None:
    with pytest.raises(PoolDisabled):
        selling_a.pool.quote(with_pool_bytes(selling_a, STATUS, b"\x01"), selling_a.request)


@pytest.mark.parametrize(("kind", "point"), [(0, 400_000_000), (1, 1_760_000_000)], ids=["slot", "time"])
def test_quote_opens_at_the_activation_point_of_the_cluster_clock(
    selling_a: Recorded, kind: int, point: int
) -> None:
    opens_now = pack("<QB", point, kind)
    opens_next = pack("<QB", point + 1, kind)

    selling_a.pool.quote(with_pool_bytes(selling_a, ACTIVATION_POINT, opens_now), selling_a.request)
    with pytest.raises(PoolDisabled):
        selling_a.pool.quote(with_pool_bytes(selling_a, ACTIVATION_POINT, opens_next), selling_a.request)


def test_quote_says_that_the_pool_is_missing(selling_a: Recorded) -> None:
    snapshot = without_account(selling_a.snapshot, selling_a.pool.address)

    with pytest.raises(AccountMissing, match=str(selling_a.pool.address)):
        selling_a.pool.quote(snapshot, selling_a.request)


def test_a_token_2022_mint_that_is_missing_is_named() -> None:
    entry = next(e for e in recorded(DAMM_V2).values() if e.case["summary"]["token_2022"][1])

    with pytest.raises(AccountMissing, match=str(entry.pool.mints[1])):
        entry.pool.quote(without_account(entry.snapshot, entry.pool.mints[1]), entry.request)


@pytest.mark.parametrize(
    ("hook", "is_refused"), [(bytes(64), False), (bytes(63) + b"\x01", True)], ids=["dead", "alive"]
)
def test_a_transfer_hook_is_accepted_only_when_nobody_can_set_it(hook: bytes, is_refused: bool) -> None:
    entry = next(
        entry
        for entry in recorded(DAMM_V2).values()
        if entry.case["summary"]["token_2022"][1] and int(entry.case["onchain"].get("received", 0))
    )
    mint, request = entry.pool.mints[1], entry.request
    data = entry.snapshot.account(mint).data + pack("<HH", 14, 64) + hook
    snapshot = with_account(entry.snapshot, mint, data=data)

    if is_refused:
        with pytest.raises(UnsupportedPool, match="extension 14"):
            entry.pool.quote(snapshot, request)
    else:
        assert entry.pool.quote(snapshot, request) == entry.pool.quote(entry.snapshot, request)


def test_a_pool_without_liquidity_is_refused(selling_a: Recorded) -> None:
    with pytest.raises(InsufficientLiquidity):
        selling_a.pool.quote(with_pool_bytes(selling_a, LIQUIDITY, bytes(16)), selling_a.request)


def test_an_amount_past_the_price_range_is_refused(selling_a: Recorded) -> None:
    for mode in SwapMode:
        with pytest.raises(InsufficientLiquidity):
            selling_a.pool.quote(selling_a.snapshot, replace(selling_a.request, amount=2**60, mode=mode))


def test_a_swap_that_would_pay_nothing_is_refused() -> None:
    entry = next(e for e in recorded(DAMM_V2).values() if e.case["onchain"].get("received") == "0")

    with pytest.raises(AmountTooSmall):
        entry.pool.quote(entry.snapshot, entry.request)


@pytest.mark.parametrize(
    ("amount", "error"), [(0, AmountTooSmall), (-1, AmountTooSmall), (2**64, AmountTooLarge)]
)
def test_quote_refuses_amounts_out_of_range(selling_a: Recorded, amount: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        selling_a.pool.quote(selling_a.snapshot, replace(selling_a.request, amount=amount))


def test_the_fee_falls_by_a_period_at_the_second_that_the_period_ends() -> None:
    entry = recorded(DAMM_V2)["damm-208"]
    now = entry.snapshot.clock.unix_timestamp
    # 10 % less 1 % a period of 100 s, at most 5 periods, fee on the output, no dynamic fee.
    fee = pack("<QB5xHQQ", 100_000_000, 0, 5, 100, 10_000_000)
    snapshot = with_pool_bytes(entry, 8, fee)
    snapshot = patched(snapshot, entry.pool.address, DYNAMIC, b"\x00")
    snapshot = patched(snapshot, entry.pool.address, COLLECT, b"\x00")

    def rate_after(seconds: int) -> int:
        opened = patched(snapshot, entry.pool.address, ACTIVATION_POINT, pack("<QB", now - seconds, 1))
        quote = entry.pool.quote(opened, replace(entry.request, amount=10**8))
        return quote.fee_amount * 1000 // (quote.amount_out + quote.fee_amount)

    assert [rate_after(seconds) for seconds in (0, 99, 100, 250, 500, 10**6)] == [100, 100, 90, 80, 50, 50]


def test_the_fee_is_capped_by_the_fee_version() -> None:
    entry = recorded(DAMM_V2)["damm-208"]
    fee = pack("<QB5xHQQ", 999_000_000, 0, 0, 0, 0)
    snapshot = with_pool_bytes(entry, 8, fee)
    snapshot = patched(snapshot, entry.pool.address, DYNAMIC, b"\x00")
    request = replace(entry.request, amount=10**6)
    fees = [
        entry.pool.quote(patched(snapshot, entry.pool.address, VERSION, bytes([version])), request).fee_amount
        for version in (0, 1)
    ]

    assert fees == [500_000, 990_000]


LIMITER = BaseFee(cliff=10_000_000, mode=2, first=100, second=600, third=500, fourth=1_000_000)


@pytest.mark.parametrize(
    ("amount", "numerator"),
    [
        (1, 10_000_000),
        (1_000_000, 10_000_000),
        # 1 % of the first million, 2 % of the second.
        (2_000_000, 15_000_000),
        # 1, 2, 3, 4 % and then 5 % of all the rest.
        (5_000_000, 30_000_000),
        (10_000_000, 40_000_000),
    ],
)
def test_the_rate_limiter_charges_every_slice_its_own_rate(amount: int, numerator: int) -> None:
    assert rate_limiter.numerator_of_included(LIMITER, amount) == numerator


@pytest.mark.parametrize("amount", [1, 999_999, 1_000_001, 1_500_000, 2_000_000, 5_000_000, 7_777_777])
def test_the_rate_limiter_inverts_to_within_its_roundings(amount: int) -> None:
    left = amount - -(-amount * rate_limiter.numerator_of_included(LIMITER, amount) // 10**9)
    numerator = rate_limiter.numerator_of_excluded(LIMITER, left)

    assert abs(-(-left * 10**9 // (10**9 - numerator)) - amount) <= 2


def test_the_rate_limiter_has_no_inverse_past_the_token_range() -> None:
    wide = LIMITER._replace(fourth=2**63)

    with pytest.raises(AmountTooLarge):
        rate_limiter.numerator_of_excluded(wide, 2**64 - 1)
