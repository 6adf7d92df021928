"""Raydium CPMM: instructions, queries, failures."""

from __future__ import annotations

from dataclasses import replace
from struct import pack

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import (
    AmountTooLarge,
    AmountTooSmall,
    UnknownInstruction,
    WrongMint,
)
from dex.types import FailureKind, Swap, SwapMode
from dex.venues.raydium_cpmm.venue import DEVNET_PROGRAM, MAINNET_PROGRAM, RaydiumCpmm
from tests.dex.recorded_swaps import CPMM, Recorded, recorded

VENUE = RaydiumCpmm(MAINNET_PROGRAM)
PAYER, ACCOUNT_IN, ACCOUNT_OUT = (Pubkey.new_unique() for _ in range(3))


@pytest.fixture
def plain() -> Recorded:
    """5,000 millionths trade fee, classic mints, 0 to 1, 1,023,528 units in."""
    return recorded(CPMM)["cpmm-0"]


def swap(
    entry: Recorded, mode: SwapMode = SwapMode.EXACT_IN, amount_in: int = 5, amount_out: int = 0
) -> Swap:
    return Swap(
        payer=PAYER,
        token_in=entry.request.token_in,
        token_out=entry.request.token_out,
        account_in=ACCOUNT_IN,
        account_out=ACCOUNT_OUT,
        amount_in=amount_in,
        amount_out=amount_out,
        mode=mode,
    )


def test_exact_in_instruction_lists_thirteen_accounts_in_swap_order(plain: Recorded) -> None:
    address, config, vault_0, vault_1, mint_0, mint_1 = plain.pool.accounts
    (instruction,) = plain.pool.swap_instructions(plain.snapshot, swap(plain))
    observation = Pubkey.from_bytes(plain.snapshot.account(address).data[296:328])

    assert instruction.program_id == MAINNET_PROGRAM
    assert instruction.data == bytes.fromhex("8fbe5adac41e33de") + pack("<QQ", 5, 1)
    assert instruction.accounts == [
        AccountMeta(PAYER, True, False),
        AccountMeta(Pubkey.from_string("GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL"), False, False),
        AccountMeta(config, False, False),
        AccountMeta(address, False, True),
        AccountMeta(ACCOUNT_IN, False, True),
        AccountMeta(ACCOUNT_OUT, False, True),
        AccountMeta(vault_0, False, True),
        AccountMeta(vault_1, False, True),
        AccountMeta(TOKEN_PROGRAM, False, False),
        AccountMeta(TOKEN_PROGRAM, False, False),
        AccountMeta(mint_0, False, False),
        AccountMeta(mint_1, False, False),
        AccountMeta(observation, False, True),
    ]


def test_the_other_direction_swaps_vaults_programs_and_mints() -> None:
    entry = recorded(CPMM)["cpmm-300"]
    turned = replace(swap(entry), token_in=entry.request.token_out, token_out=entry.request.token_in)
    (instruction,) = entry.pool.swap_instructions(entry.snapshot, turned)
    _, _, vault_0, vault_1, mint_0, mint_1 = entry.pool.accounts

    assert [meta.pubkey for meta in instruction.accounts[6:12]] == [
        vault_1,
        vault_0,
        TOKEN_2022_PROGRAM,
        TOKEN_2022_PROGRAM,
        mint_1,
        mint_0,
    ]


def test_exact_out_instruction_puts_the_maximum_input_first(plain: Recorded) -> None:
    (instruction,) = plain.pool.swap_instructions(plain.snapshot, swap(plain, SwapMode.EXACT_OUT, 900, 7))

    assert instruction.data == bytes.fromhex("37d96256a34ab4ad") + pack("<QQ", 900, 7)
    assert len(instruction.accounts) == 13


@pytest.mark.parametrize(
    ("mode", "amount_in", "amount_out", "error"),
    [
        (SwapMode.EXACT_IN, 0, 1, AmountTooSmall),
        (SwapMode.EXACT_OUT, 1, 0, AmountTooSmall),
        (SwapMode.EXACT_IN, 2**64, 1, AmountTooLarge),
    ],
)
def test_no_instruction_for_amounts_out_of_range(
    plain: Recorded, mode: SwapMode, amount_in: int, amount_out: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        plain.pool.swap_instructions(plain.snapshot, swap(plain, mode, amount_in, amount_out))


def test_no_instruction_for_a_foreign_pair(plain: Recorded) -> None:
    with pytest.raises(WrongMint):
        plain.pool.swap_instructions(plain.snapshot, replace(swap(plain), token_in=Pubkey.new_unique()))


def test_devnet_has_its_own_program_and_authority() -> None:
    venue = RaydiumCpmm(DEVNET_PROGRAM)

    assert venue.program_id == Pubkey.from_string("DRaycpLY18LhpbydsBWbVJtxpNv9oXPgjRSfpF2bWpYb")
    assert venue.authority == Pubkey.from_string("CXniRufdq5xL8t8jZAPxsPZDpuudwuJSPWnbcD5Y5Nxq")


def test_one_query_finds_a_pair_in_either_order_of_mints() -> None:
    low, high = Pubkey.from_bytes(bytes([1] * 32)), Pubkey.from_bytes(bytes([2] * 32))

    (query,) = VENUE.pool_filters(high, low)

    assert query.data_size == 637
    assert query.memcmp == ((168, bytes(low)), (200, bytes(high)))
    assert VENUE.pool_filters(low, high) == (query,)


def test_a_query_describes_the_pool_that_it_looks_for(plain: Recorded) -> None:
    (query,) = VENUE.pool_filters(*plain.pool.mints)
    data = plain.snapshot.account(plain.pool.address).data

    assert len(data) == query.data_size
    assert all(data[offset : offset + len(wanted)] == wanted for offset, wanted in query.memcmp)


def test_the_compute_limit_covers_every_recorded_swap() -> None:
    spent = [(entry.case["onchain"] or {}).get("cu", 0) for entry in recorded(CPMM).values()]

    assert max(spent) == 44_149
    assert VENUE.compute_units >= max(spent) * 5 // 4


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (6005, FailureKind.SLIPPAGE_EXCEEDED),
        (6000, FailureKind.POOL_DISABLED),
        (2505, FailureKind.AMOUNT_TOO_SMALL),
        (6012, FailureKind.INSUFFICIENT_LIQUIDITY),
        (1, FailureKind.INSUFFICIENT_FUNDS),
        (6001, FailureKind.OTHER),
    ],
)
def test_a_failure_without_a_log_is_classified_by_number(code: int, kind: FailureKind) -> None:
    assert VENUE.classify_failure(code, []) is kind


@pytest.mark.parametrize("position", [1, 8, 9])
def test_a_foreign_authority_or_token_program_is_no_swap(plain: Recorded, position: int) -> None:
    (made,) = plain.pool.swap_instructions(plain.snapshot, swap(plain))
    accounts = list(made.accounts)
    accounts[position] = AccountMeta(Pubkey.new_unique(), False, False)

    with pytest.raises(UnknownInstruction):
        VENUE.decode_swap(Instruction(MAINNET_PROGRAM, made.data, accounts))


def test_an_instruction_without_a_minimum_is_not_decoded(plain: Recorded) -> None:
    (made,) = plain.pool.swap_instructions(plain.snapshot, swap(plain))

    with pytest.raises(UnknownInstruction):
        VENUE.decode_swap(Instruction(MAINNET_PROGRAM, bytes(made.data)[:16] + bytes(8), list(made.accounts)))
