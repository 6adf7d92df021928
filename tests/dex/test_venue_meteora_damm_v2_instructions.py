"""Meteora DAMM v2: instructions, queries, failures."""

from __future__ import annotations

from dataclasses import replace
from struct import pack

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import UnknownInstruction
from dex.types import FailureKind, Swap, SwapMode
from dex.venues.meteora_damm_v2.instructions import EVENT_AUTHORITY, INSTRUCTIONS_SYSVAR, POOL_AUTHORITY
from dex.venues.meteora_damm_v2.venue import MeteoraDammV2
from tests.dex.recorded_swaps import DAMM_V2, Recorded, recorded

VENUE = MeteoraDammV2()
PROGRAM = VENUE.program_id
PAYER, ACCOUNT_IN, ACCOUNT_OUT = (Pubkey.new_unique() for _ in range(3))


@pytest.fixture
def selling_a() -> Recorded:
    """damm-3: 4,116,933 units of a for 745 of b, fee on the output."""
    return recorded(DAMM_V2)["damm-3"]


@pytest.fixture
def limited() -> Recorded:
    """damm-208: b for a while the rate limiter acts."""
    return recorded(DAMM_V2)["damm-208"]


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


def test_exact_in_instruction_lists_fourteen_accounts_in_pool_order(selling_a: Recorded) -> None:
    (instruction,) = selling_a.pool.swap_instructions(selling_a.snapshot, swap(selling_a))
    address, mint_a, mint_b = selling_a.pool.accounts
    data = selling_a.snapshot.account(address).data

    assert instruction.program_id == PROGRAM
    assert instruction.data == bytes.fromhex("414b3f4ceb5b5b88") + pack("<QQB", 5, 1, 0)
    assert instruction.accounts == [
        AccountMeta(Pubkey.from_string("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC"), False, False),
        AccountMeta(address, False, True),
        AccountMeta(ACCOUNT_IN, False, True),
        AccountMeta(ACCOUNT_OUT, False, True),
        AccountMeta(Pubkey.from_bytes(data[232:264]), False, True),
        AccountMeta(Pubkey.from_bytes(data[264:296]), False, True),
        AccountMeta(mint_a, False, False),
        AccountMeta(mint_b, False, False),
        AccountMeta(PAYER, True, False),
        AccountMeta(TOKEN_PROGRAM, False, False),
        AccountMeta(TOKEN_PROGRAM, False, False),
        AccountMeta(PROGRAM, False, False),
        AccountMeta(Pubkey.from_string("3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet"), False, False),
        AccountMeta(PROGRAM, False, False),
    ]


def test_the_known_authorities_are_the_program_addresses_of_their_seeds() -> None:
    assert Pubkey.find_program_address([b"pool_authority"], PROGRAM)[0] == POOL_AUTHORITY
    assert Pubkey.find_program_address([b"__event_authority"], PROGRAM)[0] == EVENT_AUTHORITY


def test_exact_out_uses_swap2_with_the_output_first(selling_a: Recorded) -> None:
    wish = swap(selling_a, SwapMode.EXACT_OUT, 900, 7)
    (instruction,) = selling_a.pool.swap_instructions(selling_a.snapshot, wish)

    assert instruction.data == bytes.fromhex("414b3f4ceb5b5b88") + pack("<QQB", 7, 900, 2)


def test_token_programs_follow_the_pools_flags() -> None:
    entry = recorded(DAMM_V2)["damm-424"]
    (instruction,) = entry.pool.swap_instructions(entry.snapshot, swap(entry))

    assert [meta.pubkey for meta in instruction.accounts[9:11]] == [TOKEN_PROGRAM, TOKEN_2022_PROGRAM]


def test_the_instructions_sysvar_is_passed_only_while_the_limiter_acts(limited: Recorded) -> None:
    (instruction,) = limited.pool.swap_instructions(limited.snapshot, swap(limited))
    other_way = replace(swap(limited), token_in=limited.request.token_out, token_out=limited.request.token_in)
    later = replace(limited.snapshot, clock=replace(limited.snapshot.clock, unix_timestamp=2**40, slot=2**40))

    assert instruction.accounts[14] == AccountMeta(INSTRUCTIONS_SYSVAR, False, False)
    assert len(limited.pool.swap_instructions(limited.snapshot, other_way)[0].accounts) == 14
    assert len(limited.pool.swap_instructions(later, swap(limited))[0].accounts) == 14


def test_two_queries_find_a_pair_in_both_orders() -> None:
    one, other = Pubkey.new_unique(), Pubkey.new_unique()
    queries = VENUE.pool_filters(one, other)

    assert [query.data_size for query in queries] == [1112, 1112]
    assert [query.memcmp for query in queries] == [
        ((168, bytes(one)), (200, bytes(other))),
        ((168, bytes(other)), (200, bytes(one))),
    ]


def test_the_compute_limit_covers_every_recorded_swap() -> None:
    spent = [entry.case["onchain"].get("cu", 0) for entry in recorded(DAMM_V2).values()]

    assert max(spent) == 41_312
    assert VENUE.compute_units >= max(spent) * 5 // 4


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (6002, FailureKind.SLIPPAGE_EXCEEDED),
        (6003, FailureKind.POOL_DISABLED),
        (6006, FailureKind.AMOUNT_TOO_SMALL),
        (6015, FailureKind.INSUFFICIENT_LIQUIDITY),
        (6000, FailureKind.INSUFFICIENT_LIQUIDITY),
        (1, FailureKind.INSUFFICIENT_FUNDS),
        (6049, FailureKind.OTHER),
    ],
)
def test_a_failure_without_a_log_is_classified_by_number(code: int, kind: FailureKind) -> None:
    assert VENUE.classify_failure(code, []) is kind


@pytest.mark.parametrize(
    "position",
    [
        pytest.param(0, id="pool-authority"),
        pytest.param(9, id="token-program-a"),
        pytest.param(10, id="token-program-b"),
        pytest.param(11, id="referral"),
        pytest.param(12, id="event-authority"),
        pytest.param(13, id="program"),
    ],
)
def test_a_foreign_account_in_a_constant_slot_is_no_swap(selling_a: Recorded, position: int) -> None:
    (made,) = selling_a.pool.swap_instructions(selling_a.snapshot, swap(selling_a))
    accounts = list(made.accounts)
    accounts[position] = AccountMeta(Pubkey.new_unique(), False, False)

    with pytest.raises(UnknownInstruction):
        VENUE.decode_swap(Instruction(PROGRAM, made.data, accounts))


@pytest.mark.parametrize("mode", [1, 3])
def test_partial_fill_and_unknown_modes_are_no_swap(selling_a: Recorded, mode: int) -> None:
    (made,) = selling_a.pool.swap_instructions(selling_a.snapshot, swap(selling_a))

    with pytest.raises(UnknownInstruction):
        VENUE.decode_swap(Instruction(PROGRAM, bytes(made.data)[:-1] + bytes([mode]), list(made.accounts)))


def test_only_the_instructions_sysvar_may_follow_the_accounts(limited: Recorded) -> None:
    (made,) = limited.pool.swap_instructions(limited.snapshot, swap(limited))
    accounts = list(made.accounts)

    assert VENUE.decode_swap(made).pool == limited.pool.address
    assert accounts[-1].pubkey == INSTRUCTIONS_SYSVAR
    for last in (Pubkey.new_unique(), PROGRAM):
        with pytest.raises(UnknownInstruction):
            VENUE.decode_swap(
                Instruction(PROGRAM, made.data, [*accounts[:-1], AccountMeta(last, False, False)])
            )
