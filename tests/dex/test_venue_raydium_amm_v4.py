"""Raydium AMM v4: quotes, refusals, the state after a swap."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from struct import pack
from typing import Any

import pytest
from solders.pubkey import Pubkey

from dex.errors import (
    AccountMissing,
    AmountTooLarge,
    AmountTooSmall,
    InsufficientLiquidity,
    PoolDisabled,
    UnknownLayout,
    UnsupportedPool,
    WrongMint,
)
from dex.types import AccountData, QuoteRequest, SwapMode
from dex.venues.raydium_amm_v4.venue import DEVNET_PROGRAM, MAINNET_PROGRAM, RaydiumAmmV4
from dex.verify.recording import open_recorded, recorded_clock
from tests.dex.recorded_swaps import (
    AMM_V4,
    DATA,
    Recorded,
    patched,
    recorded,
    with_account,
    without_account,
)

VENUE = RaydiumAmmV4(MAINNET_PROGRAM)
STATUS, NONCE, FEE_NUMERATOR, FEE_DENOMINATOR, PNL_COIN, OPEN_TIME = 0, 8, 176, 184, 192, 224


@pytest.fixture
def plain() -> Recorded:
    """ammv4-0: 25 bps, coin for pc, 29,363 units in for 3,266."""
    return recorded(AMM_V4)["ammv4-0"]


def test_quote_names_venue_pool_fee_and_slot(plain: Recorded) -> None:
    quote = plain.pool.quote(plain.snapshot, plain.request)

    assert (quote.dex, quote.venue, quote.pool) == ("raydium", "raydium-amm-v4", plain.pool.address)
    assert (quote.amount_in, quote.amount_out) == (29_363, 3_266)
    # 29,363 units at 25 bps are 73.4.
    assert (quote.fee_amount, quote.fee_mint) == (74, plain.request.token_in)
    assert (quote.slot, quote.mode) == (400_000_000, SwapMode.EXACT_IN)


def test_accounts_name_the_pool_its_vaults_and_mints(plain: Recorded) -> None:
    assert plain.pool.accounts == (plain.pool.address, *plain.pool.vaults, *plain.pool.mints)
    assert plain.pool.further_accounts(plain.snapshot, plain.request) == ()


@pytest.mark.parametrize("status", [0, 2, 3, 4, 8, 2**63])
def test_a_status_without_swaps_is_disabled(plain: Recorded, status: int) -> None:
    snapshot = patched(plain.snapshot, plain.pool.address, STATUS, pack("<Q", status))

    with pytest.raises(PoolDisabled):
        plain.pool.quote(snapshot, plain.request)


@pytest.mark.parametrize("status", [1, 5])
def test_a_pool_with_an_order_book_is_not_supported(plain: Recorded, status: int) -> None:
    snapshot = patched(plain.snapshot, plain.pool.address, STATUS, pack("<Q", status))

    with pytest.raises(UnsupportedPool, match="order book"):
        plain.pool.quote(snapshot, plain.request)
    with pytest.raises(UnsupportedPool, match="order book"):
        VENUE.open_pool(plain.pool.address, snapshot.account(plain.pool.address))


def test_a_waiting_pool_opens_at_its_open_time(plain: Recorded) -> None:
    now = plain.snapshot.clock.unix_timestamp
    waiting = patched(plain.snapshot, plain.pool.address, STATUS, pack("<Q", 7))
    later = patched(waiting, plain.pool.address, OPEN_TIME, pack("<Q", now + 1))
    opened = patched(waiting, plain.pool.address, OPEN_TIME, pack("<Q", now))

    with pytest.raises(PoolDisabled):
        plain.pool.quote(later, plain.request)
    assert plain.pool.quote(opened, plain.request).amount_out == 3_266


def test_the_open_time_of_a_pool_that_swaps_does_not_matter(plain: Recorded) -> None:
    swapping = patched(plain.snapshot, plain.pool.address, STATUS, pack("<Q", 6))
    snapshot = patched(swapping, plain.pool.address, OPEN_TIME, pack("<Q", 2**62))

    assert plain.pool.quote(snapshot, plain.request).amount_out == 3_266


def test_profit_that_waits_in_a_vault_is_no_liquidity(plain: Recorded) -> None:
    vault = int.from_bytes(plain.snapshot.account(plain.pool.vaults[0]).data[64:72], "little")
    for owed in (vault, vault + 1):
        snapshot = patched(plain.snapshot, plain.pool.address, PNL_COIN, pack("<Q", owed))
        with pytest.raises(InsufficientLiquidity):
            plain.pool.quote(snapshot, plain.request)


@pytest.mark.parametrize(("numerator", "denominator"), [(10_000, 10_000), (1, 0), (0, 0)])
def test_a_fee_without_meaning_is_not_supported(plain: Recorded, numerator: int, denominator: int) -> None:
    fee = pack("<QQ", numerator, denominator)
    snapshot = patched(plain.snapshot, plain.pool.address, FEE_NUMERATOR, fee)

    with pytest.raises(UnsupportedPool):
        plain.pool.quote(snapshot, plain.request)


def test_a_foreign_authority_is_not_supported(plain: Recorded) -> None:
    snapshot = patched(plain.snapshot, plain.pool.address, NONCE, pack("<Q", 253))

    with pytest.raises(UnsupportedPool):
        VENUE.open_pool(plain.pool.address, snapshot.account(plain.pool.address))


def test_an_output_that_the_pool_lacks_is_refused(plain: Recorded) -> None:
    reserve = int.from_bytes(plain.snapshot.account(plain.pool.vaults[1]).data[64:72], "little")
    request = replace(plain.request, mode=SwapMode.EXACT_OUT)

    for amount in (reserve, reserve + 1):
        with pytest.raises(InsufficientLiquidity):
            plain.pool.quote(plain.snapshot, replace(request, amount=amount))


def test_an_output_worth_less_than_half_a_unit_is_refused() -> None:
    entry = recorded(AMM_V4)["ammv4-3"]
    request = replace(entry.request, amount=1, mode=SwapMode.EXACT_OUT)

    # One unit in buys 2,722: one of them is worth nothing that could be paid.
    with pytest.raises(AmountTooSmall):
        entry.pool.quote(entry.snapshot, request)


def test_an_input_past_64_bits_is_too_large(plain: Recorded) -> None:
    huge = patched(plain.snapshot, plain.pool.vaults[0], 64, pack("<Q", 2**64 - 1))
    # Of the 28,232 units of pc in the vault 13,829 wait as profit.
    request = replace(plain.request, amount=14_402, mode=SwapMode.EXACT_OUT)

    with pytest.raises(AmountTooLarge):
        plain.pool.quote(huge, request)


def test_a_vault_of_another_program_or_a_missing_one_is_refused(plain: Recorded) -> None:
    vault = plain.pool.vaults[0]

    with pytest.raises(UnknownLayout):
        plain.pool.quote(with_account(plain.snapshot, vault, owner=Pubkey.new_unique()), plain.request)
    with pytest.raises(AccountMissing):
        plain.pool.quote(without_account(plain.snapshot, vault), plain.request)


def test_a_pool_of_zeros_has_no_authority() -> None:
    with pytest.raises(UnsupportedPool):
        VENUE.open_pool(Pubkey.new_unique(), AccountData(MAINNET_PROGRAM, 1, bytes(752)))


def test_a_foreign_pair_is_refused(plain: Recorded) -> None:
    with pytest.raises(WrongMint):
        plain.pool.quote(plain.snapshot, replace(plain.request, token_out=Pubkey.new_unique()))


def test_devnet_has_its_own_program_and_authority() -> None:
    devnet = RaydiumAmmV4(DEVNET_PROGRAM)

    assert str(VENUE.authority) == "5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1"
    assert str(devnet.program_id) == "DRaya7Kj3aMWQSy19kSjvmuwq9docCHofyP9kanQGaav"
    assert devnet.authority != VENUE.authority


def sequences() -> list[Any]:
    loaded = json.loads(gzip.decompress((DATA / "batches.json.gz").read_bytes()))["sequences"]
    return [sequence for sequence in loaded if sequence["venue"] == "raydium-amm-v4"]


@pytest.mark.parametrize("sequence", sequences(), ids=lambda sequence: sequence["id"])
def test_every_byte_of_the_pool_after_a_swap_is_the_programs(sequence: Any) -> None:
    pool, snapshot = open_recorded(VENUE, sequence["accounts"], recorded_clock(sequence["start"]))
    for step in sequence["steps"]:
        snapshot = replace(snapshot, clock=recorded_clock(step["clock"]))
        mints = Pubkey.from_string(step["mint_in"]), Pubkey.from_string(step["mint_out"])
        request = QuoteRequest(*mints, amount=int(step["amount"]), mode=SwapMode(step["mode"]))
        snapshot = pool.after(snapshot, pool.quote(snapshot, request))
        left = snapshot.account(pool.address).data
        assert left == base64.b64decode(step["changed"][str(pool.address)])


def test_the_first_swap_of_a_waiting_pool_ends_the_wait(plain: Recorded) -> None:
    waiting = patched(plain.snapshot, plain.pool.address, STATUS, pack("<Q", 7))
    left = plain.pool.after(waiting, plain.pool.quote(waiting, plain.request))

    assert left.account(plain.pool.address).data[:8] == pack("<Q", 6)
