"""Raydium AMM v4: instructions, decoding, queries, failures."""

from __future__ import annotations

from struct import pack

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import TOKEN_PROGRAM
from dex.errors import UnknownInstruction
from dex.types import FailureKind, Swap, SwapMode
from dex.venues.raydium_amm_v4.venue import MAINNET_PROGRAM, RaydiumAmmV4
from tests.dex.recorded_swaps import AMM_V4, Recorded, recorded

VENUE = RaydiumAmmV4(MAINNET_PROGRAM)
PAYER, ACCOUNT_IN, ACCOUNT_OUT = (Pubkey.new_unique() for _ in range(3))


@pytest.fixture
def plain() -> Recorded:
    return recorded(AMM_V4)["ammv4-0"]


def swap(entry: Recorded, mode: SwapMode = SwapMode.EXACT_IN) -> Swap:
    return Swap(
        payer=PAYER,
        token_in=entry.request.token_in,
        token_out=entry.request.token_out,
        account_in=ACCOUNT_IN,
        account_out=ACCOUNT_OUT,
        amount_in=900,
        amount_out=7,
        mode=mode,
    )


def made(entry: Recorded, mode: SwapMode = SwapMode.EXACT_IN) -> Instruction:
    (instruction,) = entry.pool.swap_instructions(entry.snapshot, swap(entry, mode))
    return instruction


def test_the_pools_own_address_fills_the_slots_of_the_market(plain: Recorded) -> None:
    instruction = made(plain)
    address = plain.pool.address
    open_orders = Pubkey.from_bytes(plain.snapshot.account(address).data[496:528])

    assert instruction.program_id == MAINNET_PROGRAM
    assert instruction.data == pack("<BQQ", 9, 900, 7)
    assert instruction.accounts == [
        AccountMeta(TOKEN_PROGRAM, False, False),
        AccountMeta(address, False, True),
        AccountMeta(VENUE.authority, False, False),
        AccountMeta(open_orders, False, True),
        AccountMeta(plain.pool.vaults[0], False, True),
        AccountMeta(plain.pool.vaults[1], False, True),
        AccountMeta(address, False, False),
        *[AccountMeta(address, False, True)] * 6,
        AccountMeta(address, False, False),
        AccountMeta(ACCOUNT_IN, False, True),
        AccountMeta(ACCOUNT_OUT, False, True),
        AccountMeta(PAYER, True, False),
    ]


def test_exact_out_puts_the_maximum_input_first(plain: Recorded) -> None:
    assert made(plain, SwapMode.EXACT_OUT).data == pack("<BQQ", 11, 900, 7)


def test_the_direction_is_left_to_the_payers_accounts(plain: Recorded) -> None:
    decoded = VENUE.decode_swap(made(plain))

    assert decoded.sells_first is None
    assert decoded.vaults == plain.pool.vaults


@pytest.mark.parametrize("position", [0, 2, *range(6, 14)])
def test_a_foreign_account_in_a_constant_slot_is_no_swap(plain: Recorded, position: int) -> None:
    instruction = made(plain)
    accounts = list(instruction.accounts)
    accounts[position] = AccountMeta(Pubkey.new_unique(), False, False)

    with pytest.raises(UnknownInstruction):
        VENUE.decode_swap(Instruction(MAINNET_PROGRAM, instruction.data, accounts))


@pytest.mark.parametrize("tag", [0, 1, 3, 10, 16, 17, 255])
def test_another_tag_is_no_swap(plain: Recorded, tag: int) -> None:
    instruction = made(plain)
    data = bytes([tag]) + bytes(instruction.data)[1:]

    with pytest.raises(UnknownInstruction):
        VENUE.decode_swap(Instruction(MAINNET_PROGRAM, data, list(instruction.accounts)))


@pytest.mark.parametrize(("amount_in", "amount_out"), [(0, 1), (1, 0), (0, 0)])
def test_a_limit_of_nothing_is_no_swap(plain: Recorded, amount_in: int, amount_out: int) -> None:
    for mode, tag in ((SwapMode.EXACT_IN, 9), (SwapMode.EXACT_OUT, 11)):
        data = pack("<BQQ", tag, amount_in, amount_out)
        with pytest.raises(UnknownInstruction):
            VENUE.decode_swap(Instruction(MAINNET_PROGRAM, data, list(made(plain, mode).accounts)))


def test_two_queries_find_a_pair_in_either_order_of_mints(plain: Recorded) -> None:
    coin, pc = plain.pool.mints
    first, second = VENUE.pool_filters(coin, pc)

    assert (first.data_size, second.data_size) == (752, 752)
    assert first.memcmp == ((400, bytes(coin)), (432, bytes(pc)))
    assert second.memcmp == ((400, bytes(pc)), (432, bytes(coin)))


def test_the_compute_limit_covers_every_recorded_swap() -> None:
    spent = [entry.case["onchain"].get("cu", 0) for entry in recorded(AMM_V4).values()]

    assert max(spent) == 23_432
    assert VENUE.compute_units >= max(spent) * 5 // 4


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (30, FailureKind.SLIPPAGE_EXCEEDED),
        (22, FailureKind.POOL_DISABLED),
        (29, FailureKind.AMOUNT_TOO_SMALL),
        (40, FailureKind.INSUFFICIENT_FUNDS),
        (42, FailureKind.OTHER),
        (1, FailureKind.OTHER),
        (0, FailureKind.OTHER),
    ],
)
def test_a_failure_is_classified_by_number(code: int, kind: FailureKind) -> None:
    program = str(MAINNET_PROGRAM)
    log = [f"Program {program} invoke [1]", f"Program {program} failed: custom program error: {code:#x}"]

    assert VENUE.classify_failure(code, log) is kind
    assert VENUE.classify_failure(code, []) is kind


def test_a_transfer_that_fails_for_lack_of_tokens_is_told_apart() -> None:
    log = [
        f"Program {MAINNET_PROGRAM} invoke [1]",
        f"Program {TOKEN_PROGRAM} invoke [2]",
        f"Program {TOKEN_PROGRAM} failed: custom program error: 0x1",
        f"Program {MAINNET_PROGRAM} failed: custom program error: 0x1",
    ]

    assert VENUE.classify_failure(1, log) is FailureKind.INSUFFICIENT_FUNDS
