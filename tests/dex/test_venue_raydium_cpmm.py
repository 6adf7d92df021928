"""Raydium CPMM: refusals, quote fields."""

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
from dex.types import AccountData, QuoteRequest, SwapMode
from dex.venues.raydium_cpmm.venue import DEVNET_PROGRAM, MAINNET_PROGRAM, RaydiumCpmm
from tests.dex.recorded_swaps import (
    CPMM,
    Recorded,
    patched,
    recorded,
    with_account,
    without_account,
)

VENUE = RaydiumCpmm(MAINNET_PROGRAM)
STATUS, OPEN_TIME, CREATOR_FEE_ON, ENABLE_CREATOR_FEE = 329, 373, 389, 390


@pytest.fixture
def plain() -> Recorded:
    """5,000 millionths trade fee, classic mints, 0 to 1, 1,023,528 units in."""
    return recorded(CPMM)["cpmm-0"]


def test_quote_names_venue_pool_fee_and_slot(plain: Recorded) -> None:
    quote = plain.pool.quote(plain.snapshot, plain.request)

    assert (quote.dex, quote.venue, quote.pool) == ("raydium", "raydium-cpmm", plain.pool.address)
    assert (quote.amount_in, quote.amount_out) == (1_023_528, 461_021)
    assert (quote.fee_amount, quote.fee_mint) == (5_118, plain.request.token_in)
    assert (quote.slot, quote.mode) == (400_000_000, SwapMode.EXACT_IN)


def test_price_impact_leaves_the_fee_out_and_rounds_up(plain: Recorded) -> None:
    # Reserves 51,817,385,779 and 23,457,520,986; 1,018,410 units after fee buy 461,021:
    # 1 - 461021*51817385779/(1018410*23457520986) is 0.22 bps.
    assert plain.pool.quote(plain.snapshot, plain.request).price_impact_bps == 1

    half = replace(plain.request, amount=51_817_385_779)
    # Selling the whole reserve less the fee: 995/1995 of the ideal is missing.
    assert plain.pool.quote(plain.snapshot, half).price_impact_bps == 4_988


def test_creator_fee_on_the_output_is_valued_in_input_units(plain: Recorded) -> None:
    config = plain.pool.accounts[1]
    snapshot = patched(plain.snapshot, plain.pool.address, CREATOR_FEE_ON, b"\x02\x01")
    snapshot = patched(snapshot, config, 108, pack("<Q", 10_000))

    quote = plain.pool.quote(snapshot, plain.request)

    # 1 % of the 461,021 traded, rounded up, stays with the creator: 4,611 units of the output, which
    # are 10,185.7 units of the input at the pool's price.
    assert quote.amount_out == 461_021 - 4_611
    assert quote.fee_amount == 5_118 + 10_186
    assert quote.fee_mint == plain.request.token_in


def test_accounts_name_pool_config_vaults_and_mints(plain: Recorded) -> None:
    address, config, vault_0, vault_1, *mints = plain.pool.accounts

    assert (address, tuple(mints)) == (plain.pool.address, plain.pool.mints)
    assert len({address, config, vault_0, vault_1, *mints}) == 6
    assert {config, *mints} < set(plain.snapshot.accounts)


@pytest.mark.parametrize("data_change", [b"\x00" * 8, None], ids=["discriminator", "size"])
def test_open_pool_refuses_an_unknown_layout(plain: Recorded, data_change: bytes | None) -> None:
    account = plain.snapshot.account(plain.pool.address)
    data = data_change + account.data[8:] if data_change else account.data + b"\x00"

    with pytest.raises(UnknownLayout):
        VENUE.open_pool(plain.pool.address, replace(account, data=data))


def test_open_pool_refuses_an_account_of_another_program(plain: Recorded) -> None:
    account = plain.snapshot.account(plain.pool.address)

    with pytest.raises(WrongOwner):
        RaydiumCpmm(DEVNET_PROGRAM).open_pool(plain.pool.address, account)


def test_open_pool_refuses_an_unknown_creator_fee_side(plain: Recorded) -> None:
    snapshot = patched(plain.snapshot, plain.pool.address, CREATOR_FEE_ON, b"\x03")

    with pytest.raises(UnsupportedPool):
        VENUE.open_pool(plain.pool.address, snapshot.account(plain.pool.address))


@pytest.mark.parametrize("both", [False, True], ids=["one foreign mint", "the same mint twice"])
def test_quote_refuses_a_pair_that_the_pool_does_not_trade(plain: Recorded, both: bool) -> None:
    token_out = plain.request.token_in if both else Pubkey.new_unique()

    with pytest.raises(WrongMint):
        plain.pool.quote(plain.snapshot, replace(plain.request, token_out=token_out))


def test_quote_refuses_when_the_swap_bit_is_set(plain: Recorded) -> None:
    with pytest.raises(PoolDisabled):
        plain.pool.quote(patched(plain.snapshot, plain.pool.address, STATUS, b"\x04"), plain.request)


def test_quote_ignores_the_bits_for_deposit_and_withdrawal(plain: Recorded) -> None:
    snapshot = patched(plain.snapshot, plain.pool.address, STATUS, b"\x03")

    assert plain.pool.quote(snapshot, plain.request).amount_out == 461_021


def test_quote_opens_at_the_opening_time_of_the_cluster_clock(plain: Recorded) -> None:
    opening = pack("<Q", plain.snapshot.clock.unix_timestamp)
    opened = patched(plain.snapshot, plain.pool.address, OPEN_TIME, opening)
    early = replace(opened, clock=replace(opened.clock, unix_timestamp=opened.clock.unix_timestamp - 1))

    assert plain.pool.quote(opened, plain.request).amount_out == 461_021
    with pytest.raises(PoolDisabled):
        plain.pool.quote(early, plain.request)


def test_quote_reads_the_pool_of_the_snapshot_not_the_one_it_was_opened_with(plain: Recorded) -> None:
    closed = with_account(plain.snapshot, plain.pool.address, owner=SYSTEM_PROGRAM, data=b"")

    with pytest.raises(WrongOwner):
        plain.pool.quote(closed, plain.request)


@pytest.mark.parametrize("position", [0, 1, 2, 3], ids=["pool", "config", "vault 0", "vault 1"])
def test_quote_says_which_account_is_missing(plain: Recorded, position: int) -> None:
    address = plain.pool.accounts[position]

    with pytest.raises(AccountMissing, match=str(address)):
        plain.pool.quote(without_account(plain.snapshot, address), plain.request)


def test_quote_refuses_a_config_of_another_layout(plain: Recorded) -> None:
    with pytest.raises(UnknownLayout):
        plain.pool.quote(with_account(plain.snapshot, plain.pool.accounts[1], data=b""), plain.request)


@pytest.mark.parametrize("change", [{"owner": SYSTEM_PROGRAM}, {"data": b"\x00" * 72}])
def test_quote_refuses_a_vault_that_is_no_token_account(plain: Recorded, change: dict[str, object]) -> None:
    with pytest.raises(UnknownLayout):
        plain.pool.quote(with_account(plain.snapshot, plain.pool.accounts[2], **change), plain.request)


@pytest.mark.parametrize(
    ("amount", "error"), [(0, AmountTooSmall), (-1, AmountTooSmall), (2**64, AmountTooLarge)]
)
@pytest.mark.parametrize("mode", list(SwapMode))
def test_quote_refuses_amounts_out_of_range(
    plain: Recorded, amount: int, error: type[Exception], mode: SwapMode
) -> None:
    with pytest.raises(error):
        plain.pool.quote(plain.snapshot, replace(plain.request, amount=amount, mode=mode))


def test_buying_the_whole_reserve_is_refused(plain: Recorded) -> None:
    most = replace(plain.request, amount=23_457_520_985, mode=SwapMode.EXACT_OUT)
    # All but one unit costs r_in*(r_out-1) before the fee, far more than a token amount can hold.
    with pytest.raises(AmountTooLarge):
        plain.pool.quote(plain.snapshot, most)
    with pytest.raises(InsufficientLiquidity):
        plain.pool.quote(plain.snapshot, replace(most, amount=23_457_520_986))


def test_an_empty_vault_is_refused(plain: Recorded) -> None:
    vault = plain.pool.accounts[3]

    with pytest.raises(InsufficientLiquidity):
        plain.pool.quote(patched(plain.snapshot, vault, 64, bytes(8)), plain.request)


def test_fees_of_the_whole_amount_are_refused(plain: Recorded) -> None:
    snapshot = patched(plain.snapshot, plain.pool.accounts[1], 12, pack("<Q", 1_000_000))

    with pytest.raises(UnsupportedPool):
        plain.pool.quote(snapshot, plain.request)


def test_zero_rates_are_refused_only_where_the_program_shares_a_creator_fee(plain: Recorded) -> None:
    free = patched(plain.snapshot, plain.pool.accounts[1], 12, bytes(8))
    shared = patched(free, plain.pool.address, ENABLE_CREATOR_FEE, b"\x01")

    assert plain.pool.quote(free, plain.request).fee_amount == 0
    with pytest.raises(UnsupportedPool):
        plain.pool.quote(shared, plain.request)


def test_a_mint_with_an_unsupported_extension_is_refused() -> None:
    entry = recorded(CPMM)["cpmm-300"]
    mint = entry.pool.mints[0]
    permanent_delegate = pack("<HH", 12, 32) + bytes(32)
    data = entry.snapshot.account(mint).data + permanent_delegate

    with pytest.raises(UnsupportedPool, match="extension 12"):
        entry.pool.quote(with_account(entry.snapshot, mint, data=data), entry.request)


def test_a_quote_needs_no_more_than_the_named_accounts(plain: Recorded) -> None:
    named = {address: plain.snapshot.account(address) for address in plain.pool.accounts}
    bare = replace(plain.snapshot, accounts=named)

    assert plain.pool.quote(bare, plain.request) == plain.pool.quote(plain.snapshot, plain.request)


def test_open_pool_needs_only_the_pool_account(plain: Recorded) -> None:
    account = plain.snapshot.account(plain.pool.address)
    pool = VENUE.open_pool(plain.pool.address, AccountData(account.owner, 1, account.data))

    assert pool.mints == plain.pool.mints
    assert pool.quote(plain.snapshot, QuoteRequest(*pool.mints, amount=1_023_528)).amount_out == 461_021
