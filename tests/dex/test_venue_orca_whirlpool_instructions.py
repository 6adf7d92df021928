"""Orca Whirlpool: instructions made and read, queries, failures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.errors import AmountTooLarge, AmountTooSmall, DexError, UnknownInstruction, WrongMint
from dex.types import DecodedSwap, FailureKind, Snapshot, Swap, SwapMode
from dex.venues.orca_whirlpool.failures import BY_NAME, ERROR_NAMES
from dex.venues.orca_whirlpool.pool import WhirlpoolPool
from dex.venues.orca_whirlpool.venue import IMMUTABLE_PROGRAM, OrcaWhirlpool
from tests.dex.whirlpool_recordings import (
    VENUES,
    clock,
    known_accounts,
    open_pool,
    recorded_instructions,
    recorded_swaps,
)

VENUE = OrcaWhirlpool()
# These recordings name tick arrays, an oracle or an instruction as this adapter never does.
OTHERWISE_MADE = {28, 30, 34, 35, 37, 40}
MADE = [name for name in recorded_instructions() if int(name.rsplit("-", 1)[1]) not in OTHERWISE_MADE]


def golden(case: Any) -> Instruction:
    recorded = case["instruction"]
    accounts = [AccountMeta(Pubkey.from_string(key), *flags) for key, *flags in recorded["accounts"]]
    return Instruction(Pubkey.from_string(recorded["program"]), bytes.fromhex(recorded["data"]), accounts)


def scene(case: Any) -> tuple[WhirlpoolPool, Snapshot]:
    _, pool = open_pool(case["program"], case["accounts"])
    return pool, Snapshot(clock(case["clock"]), known_accounts(case["program"], case["accounts"]))


def swap_of(case: Any) -> Swap:
    mode = SwapMode(case["mode"])
    amount, limit = int(case["amount"]), int(case["limit"])
    return Swap(
        payer=Pubkey.from_string(case["payer"]),
        token_in=Pubkey.from_string(case["mint_in"]),
        token_out=Pubkey.from_string(case["mint_out"]),
        account_in=Pubkey.from_string(case["user_in"]),
        account_out=Pubkey.from_string(case["user_out"]),
        amount_in=amount if mode is SwapMode.EXACT_IN else limit,
        amount_out=limit if mode is SwapMode.EXACT_IN else amount,
        mode=mode,
    )


@pytest.mark.parametrize("name", MADE)
def test_instructions_are_those_that_the_real_program_took(name: str) -> None:
    case = recorded_instructions()[name]
    pool, snapshot = scene(case)
    (made,) = pool.swap_instructions(snapshot, swap_of(case))

    assert made == golden(case)


@pytest.mark.parametrize("name", MADE)
def test_recorded_instructions_are_decoded(name: str) -> None:
    case = recorded_instructions()[name]
    pool, _ = scene(case)
    swap = swap_of(case)

    assert VENUES[case["program"]].decode_swap(golden(case)) == DecodedSwap(
        venue=pool.venue,
        pool=pool.address,
        payer=swap.payer,
        account_in=swap.account_in,
        account_out=swap.account_out,
        vaults=pool.vaults,
        mode=swap.mode,
        amount_in=swap.amount_in,
        amount_out=swap.amount_out,
        sells_first=case["direction"] == "a_to_b",
    )


@pytest.mark.parametrize("number", [28, 30, 37])
def test_v1_swaps_further_arrays_and_zero_amounts_are_not_decoded(number: int) -> None:
    case = recorded_instructions()[f"orca-whirlpool-ix-{number}"]

    with pytest.raises(UnknownInstruction):
        VENUES[case["program"]].decode_swap(golden(case))


@pytest.mark.parametrize(
    ("position", "named"),
    [(0, "program"), (1, "program"), (2, "memo program"), (14, "oracle")],
)
def test_another_program_or_oracle_is_not_decoded(position: int, named: str) -> None:
    made = golden(recorded_instructions()["orca-whirlpool-ix-0"])
    accounts = list(made.accounts)
    accounts[position] = AccountMeta(Pubkey.new_unique(), False, False)

    with pytest.raises(UnknownInstruction):
        VENUES[str(made.program_id)].decode_swap(Instruction(made.program_id, bytes(made.data), accounts))


def test_mints_in_the_other_order_are_not_decoded() -> None:
    made = golden(recorded_instructions()["orca-whirlpool-ix-0"])
    accounts = list(made.accounts)
    accounts[5], accounts[6] = accounts[6], accounts[5]

    with pytest.raises(UnknownInstruction, match="smaller mint"):
        VENUES[str(made.program_id)].decode_swap(Instruction(made.program_id, bytes(made.data), accounts))


@pytest.mark.parametrize(
    ("offset", "byte"),
    [(24, 1), (39, 1), (40, 2), (41, 2), (42, 1)],
    ids=["limit", "limit", "in", "a", "more"],
)
def test_price_limits_and_odd_flags_are_not_decoded(offset: int, byte: int) -> None:
    made = golden(recorded_instructions()["orca-whirlpool-ix-0"])
    data = bytearray(bytes(made.data))
    data[offset] = byte

    with pytest.raises(UnknownInstruction):
        VENUES[str(made.program_id)].decode_swap(Instruction(made.program_id, bytes(data), made.accounts))


def test_the_other_deployments_instruction_is_not_decoded() -> None:
    made = golden(recorded_instructions()["orca-whirlpool-ix-0"])

    assert made.program_id == IMMUTABLE_PROGRAM
    with pytest.raises(UnknownInstruction):
        VENUE.decode_swap(made)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"amount_in": 0}, AmountTooSmall),
        ({"amount_in": 2**64}, AmountTooLarge),
        ({"mode": SwapMode.EXACT_OUT, "amount_out": 0}, AmountTooSmall),
        ({"token_in": Pubkey.new_unique()}, WrongMint),
    ],
)
def test_no_instruction_for_impossible_swaps(changes: dict[str, Any], error: type[DexError]) -> None:
    case = recorded_instructions()["orca-whirlpool-ix-0"]
    pool, snapshot = scene(case)

    with pytest.raises(error):
        pool.swap_instructions(snapshot, replace(swap_of(case), **changes))


def test_a_single_tick_array_is_named_three_times() -> None:
    entry = recorded_swaps()["whirlpool-10.0-27"]
    swap = Swap(*(Pubkey.new_unique() for _ in range(5)), amount_in=5, amount_out=1)
    swap = replace(swap, token_in=entry.request.token_in, token_out=entry.request.token_out)
    (made,) = entry.pool.swap_instructions(entry.snapshot, swap)
    arrays = [meta.pubkey for meta in made.accounts[11:14]]

    assert arrays == [Pubkey.from_string(entry.case["tick_arrays_passed"][0])] * 3


def test_one_query_finds_a_pair_in_either_order_of_mints() -> None:
    low, high = Pubkey.from_bytes(bytes([1] * 32)), Pubkey.from_bytes(bytes([2] * 32))

    (query,) = VENUE.pool_filters(high, low)

    assert query.data_size == 653
    assert query.memcmp == ((101, bytes(low)), (181, bytes(high)))
    assert VENUE.pool_filters(low, high) == (query,)


def test_every_meaning_belongs_to_an_error_of_the_program() -> None:
    assert set(BY_NAME) <= set(ERROR_NAMES.values())
    assert ERROR_NAMES[6064] == "TradeIsNotEnabled"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (6036, FailureKind.SLIPPAGE_EXCEEDED),
        (6037, FailureKind.SLIPPAGE_EXCEEDED),
        (6064, FailureKind.POOL_DISABLED),
        (6022, FailureKind.POOL_DISABLED),
        (6035, FailureKind.AMOUNT_TOO_SMALL),
        (6038, FailureKind.INSUFFICIENT_LIQUIDITY),
        (6057, FailureKind.INSUFFICIENT_LIQUIDITY),
        (1, FailureKind.INSUFFICIENT_FUNDS),
        (6056, FailureKind.OTHER),
    ],
)
def test_a_failure_without_a_log_is_classified_by_number(code: int, kind: FailureKind) -> None:
    assert VENUE.classify_failure(code, []) is kind


def test_a_name_in_the_log_outweighs_the_number() -> None:
    log = ["Program log: AnchorError occurred. Error Code: TradeIsNotEnabled. Error Number: 6099."]

    assert VENUE.classify_failure(6036, log) is FailureKind.POOL_DISABLED
