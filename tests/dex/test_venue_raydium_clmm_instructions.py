"""Raydium CLMM: golden instructions, batches on one pool, queries, failures."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.errors import AmountTooSmall, DexError, InsufficientLiquidity, UnknownInstruction, UnsupportedPool
from dex.types import AccountData, Clock, FailureKind, QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.base import Pool
from dex.venues.raydium_clmm.failures import NUMBERINGS
from dex.venues.raydium_clmm.venue import DEVNET_PROGRAM, MAINNET_PROGRAM, RaydiumClmm
from tests.dex.recorded_swaps import DATA

VENUE = RaydiumClmm(MAINNET_PROGRAM)
# The recording left the extension out on purpose; the adapter always passes it.
WITHOUT_EXTENSION = ("raydium-clmm-ix-21", "raydium-clmm-ix-23")


@cache
def content(name: str) -> Any:
    return json.loads(gzip.decompress((DATA / f"{name}.json.gz").read_bytes()))


def cases() -> dict[str, Any]:
    return {case["id"]: case for case in content("instructions")["cases"] if case["venue"] == VENUE.name}


EXECUTED = [name for name, case in cases().items() if case["onchain"]["ok"]]


def account(entry: Any) -> tuple[Pubkey, AccountData]:
    data = base64.b64decode(entry["data"])
    return Pubkey.from_string(entry["address"]), AccountData(Pubkey.from_string(entry["owner"]), 1, data)


def clock(entry: Any) -> Clock:
    return Clock(entry["slot"], entry["ts"], entry["epoch"])


def opened(accounts: Any, at: Any) -> tuple[Pool, Snapshot]:
    entries = [e for value in accounts.values() for e in (value if isinstance(value, list) else [value])]
    return VENUE.open_pool(*account(accounts["pool"])), Snapshot(clock(at), dict(map(account, entries)))


def request(case: Any) -> QuoteRequest:
    mints = Pubkey.from_string(case["mint_in"]), Pubkey.from_string(case["mint_out"])
    return QuoteRequest(*mints, int(case["amount"]), SwapMode(case["mode"]))


def swap(case: Any) -> Swap:
    asked = request(case)
    amount, limit = int(case["amount"]), int(case["limit"])
    amounts = (amount, limit) if asked.mode is SwapMode.EXACT_IN else (limit, amount)
    users = (Pubkey.from_string(case[name]) for name in ("payer", "user_in", "user_out"))
    payer, account_in, account_out = users
    return Swap(payer, asked.token_in, asked.token_out, account_in, account_out, *amounts, asked.mode)


def golden(case: Any) -> Instruction:
    recorded = case["instruction"]
    metas = [AccountMeta(Pubkey.from_string(key), *flags) for key, *flags in recorded["accounts"]]
    return Instruction(Pubkey.from_string(recorded["program"]), bytes.fromhex(recorded["data"]), metas)


def made(case: Any) -> Instruction:
    pool, snapshot = opened(case["accounts"], case["clock"])
    (instruction,) = pool.swap_instructions(snapshot, swap(case))
    return instruction


@pytest.mark.parametrize("name", EXECUTED)
def test_an_executed_instruction_is_made_byte_for_byte(name: str) -> None:
    case = cases()[name]
    pool, snapshot = opened(case["accounts"], case["clock"])
    quote, theirs, ours = pool.quote(snapshot, request(case)), golden(case), made(case)

    assert (quote.amount_in, quote.amount_out) == (
        int(case["onchain"]["paid"]),
        int(case["onchain"]["received"]),
    )
    assert bytes(ours.data) == bytes(theirs.data)
    passed = list(ours.accounts)
    if name in WITHOUT_EXTENSION:
        del passed[13]
    shared = min(len(passed), len(theirs.accounts))
    assert passed[:shared] == theirs.accounts[:shared]
    assert len(passed) >= 14


def test_the_executed_instructions_are_those_of_both_modes() -> None:
    assert len(EXECUTED) == 18
    assert {cases()[name]["mode"] for name in EXECUTED} == {"exact_in", "exact_out"}


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("raydium-clmm-ix-26", UnsupportedPool),
        ("raydium-clmm-ix-36", InsufficientLiquidity),
        ("raydium-clmm-ix-38", AmountTooSmall),
    ],
)
def test_what_the_program_refused_is_not_quoted(name: str, error: type[DexError]) -> None:
    case = cases()[name]
    pool, snapshot = opened(case["accounts"], case["clock"])

    with pytest.raises(error):
        pool.quote(snapshot, request(case))


@pytest.mark.parametrize("name", EXECUTED)
def test_the_programs_own_instructions_are_decoded(name: str) -> None:
    case = cases()[name]
    pool, _ = opened(case["accounts"], case["clock"])
    decoded, wanted = VENUE.decode_swap(golden(case)), swap(case)

    assert (decoded.pool, decoded.payer) == (pool.address, wanted.payer)
    assert (decoded.account_in, decoded.account_out) == (wanted.account_in, wanted.account_out)
    assert (decoded.mode, decoded.amount_in, decoded.amount_out) == (
        wanted.mode,
        wanted.amount_in,
        wanted.amount_out,
    )
    first_in = case["direction"] == "0to1"
    assert decoded.sells_first is first_in
    assert decoded.vaults == (pool.vaults if first_in else pool.vaults[::-1])


@pytest.fixture
def instruction() -> Instruction:
    return golden(cases()["raydium-clmm-ix-0"])


def test_other_arguments_are_no_swap_of_the_adapter(instruction: Instruction) -> None:
    data = bytes(instruction.data)
    price_limit = data[:24] + (1 << 64).to_bytes(16, "little") + data[40:]
    neither = data[:40] + b"\x02"
    minimum_of_nothing = data[:16] + bytes(8) + data[24:]

    for other in (price_limit, neither, minimum_of_nothing):
        with pytest.raises(UnknownInstruction):
            VENUE.decode_swap(Instruction(instruction.program_id, other, instruction.accounts))


def test_other_programs_in_the_constant_slots_are_refused(instruction: Instruction) -> None:
    for index in (8, 9, 10):
        accounts = list(instruction.accounts)
        accounts[index] = AccountMeta(Pubkey.new_unique(), False, False)
        with pytest.raises(UnknownInstruction):
            VENUE.decode_swap(Instruction(instruction.program_id, bytes(instruction.data), accounts))


def test_a_swap_without_tick_arrays_or_with_nine_is_refused(instruction: Instruction) -> None:
    data, accounts = bytes(instruction.data), instruction.accounts
    array = AccountMeta(Pubkey.new_unique(), False, True)

    VENUE.decode_swap(Instruction(MAINNET_PROGRAM, data, [*accounts[:14], *[array] * 8]))
    for remaining in ([], [array] * 9):
        with pytest.raises(UnknownInstruction):
            VENUE.decode_swap(Instruction(MAINNET_PROGRAM, data, [*accounts[:14], *remaining]))
    with pytest.raises(UnknownInstruction):
        VENUE.decode_swap(Instruction(MAINNET_PROGRAM, data, accounts[:13]))


def test_a_swap_passes_three_arrays_and_one_more_than_it_needs() -> None:
    case = cases()["raydium-clmm-ix-0"]
    pool, snapshot = opened(case["accounts"], case["clock"])
    smaller = pool.swap_instructions(snapshot, swap(case))[0]
    wish = replace(swap(case), amount_in=10**13)
    beyond = pool.swap_instructions(snapshot, wish)[0]

    assert len(smaller.accounts) == 14 + 3
    assert len(beyond.accounts) == 14 + len(pool.further_accounts(snapshot, request(case))) - 1


@pytest.mark.parametrize("name", ["clmm-0", "clmm-1"])
def test_orders_of_a_batch_are_quoted_against_what_is_left(name: str) -> None:
    sequence = next(entry for entry in content("batches")["sequences"] if entry["id"] == name)
    pool, snapshot = opened(sequence["accounts"], sequence["start"])
    for step in sequence["steps"]:
        snapshot = replace(snapshot, clock=clock(step["clock"]))
        quote = pool.quote(snapshot, request(step))
        snapshot = pool.after(snapshot, quote)
        recorded = base64.b64decode(step["changed"][str(pool.address)])
        assert (quote.amount_in, quote.amount_out) == (int(step["paid"]), int(step["received"]))
        assert snapshot.account(pool.address).data[235:273] == recorded[235:273]

    assert len(sequence["steps"]) == 8


def test_devnet_has_its_own_program() -> None:
    assert RaydiumClmm(DEVNET_PROGRAM).program_id == Pubkey.from_string(
        "DRayAUgENGQBKVaX8owNhgzkEDyoHTGVEGHVJT1E9pfH"
    )


def test_one_query_finds_a_pair_in_either_order_of_mints() -> None:
    low, high = Pubkey.from_bytes(bytes([1] * 32)), Pubkey.from_bytes(bytes([2] * 32))

    (query,) = VENUE.pool_filters(high, low)

    assert query.data_size == 1544
    assert query.memcmp == ((73, bytes(low)), (105, bytes(high)))
    assert VENUE.pool_filters(low, high) == (query,)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("raydium-clmm-ix-26", FailureKind.OTHER),
        ("raydium-clmm-ix-29", FailureKind.SLIPPAGE_EXCEEDED),
        ("raydium-clmm-ix-30", FailureKind.INSUFFICIENT_FUNDS),
        ("raydium-clmm-ix-33", FailureKind.OTHER),
        ("raydium-clmm-ix-35", FailureKind.POOL_DISABLED),
        ("raydium-clmm-ix-36", FailureKind.INSUFFICIENT_LIQUIDITY),
        ("raydium-clmm-ix-38", FailureKind.AMOUNT_TOO_SMALL),
    ],
)
def test_a_recorded_failure_is_explained(name: str, kind: FailureKind) -> None:
    chain = cases()[name]["onchain"]

    assert VENUE.classify_failure(chain["error"], chain["logs"]) is kind


def test_a_price_that_did_not_move_is_told_from_a_closed_pool() -> None:
    line = "Program log: AnchorError thrown in programs/amm/src/instructions/swap_v2.rs:{}. "
    line += "Error Code: RequireGtViolated. Error Number: 2505. Error Message: A require_gt expression."
    transferred = ["Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA success", line.format(90)]

    assert VENUE.classify_failure(2505, [line.format(116)]) is FailureKind.POOL_DISABLED
    assert VENUE.classify_failure(2505, [line.format(304)]) is FailureKind.AMOUNT_TOO_SMALL
    assert VENUE.classify_failure(2505, transferred) is FailureKind.AMOUNT_TOO_SMALL


def test_a_partly_filled_swap_lacked_liquidity() -> None:
    name = "Program log: AnchorError occurred. Error Code: RequireEqViolated. Error Number: 2501. "
    logs = [name, "Program log: Left: 10000000", "Program log: Right: {}"]

    less = [line.format(9_999_999) for line in logs]
    more = [line.format(10_101_011) for line in logs]
    assert VENUE.classify_failure(2501, less) is FailureKind.INSUFFICIENT_LIQUIDITY
    assert VENUE.classify_failure(2501, more) is FailureKind.OTHER


@pytest.mark.parametrize(
    ("name", "before", "since"),
    [
        ("NotApproved", 6001, 6000),
        ("LiquidityInsufficient", 6019, 6016),
        ("TooLittleOutputReceived", 6022, 6018),
        ("TooMuchInputPaid", 6023, 6019),
        ("TooSmallInputOrOutputAmount", 6026, 6022),
        ("NotEnoughTickArrayAccount", 6027, 6023),
        ("InvalidFirstTickArrayAccount", 6028, 6024),
        ("MissingTickArrayBitmapExtensionAccount", 6040, 6035),
        ("InsufficientLiquidityForDirection", 6041, 6036),
    ],
)
def test_both_numberings_name_the_errors_of_a_swap(name: str, before: int, since: int) -> None:
    assert NUMBERINGS[0][before] == NUMBERINGS[1][since] == name
    assert VENUE.error_names[since] == name


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (6026, FailureKind.AMOUNT_TOO_SMALL),
        (6041, FailureKind.INSUFFICIENT_LIQUIDITY),
        (2501, FailureKind.OTHER),
        (2505, FailureKind.POOL_DISABLED),
        (1, FailureKind.INSUFFICIENT_FUNDS),
        (6022, FailureKind.OTHER),
        (6023, FailureKind.OTHER),
        (6019, FailureKind.OTHER),
        (6024, FailureKind.OTHER),
        (6018, FailureKind.SLIPPAGE_EXCEEDED),
        (6000, FailureKind.POOL_DISABLED),
        (6001, FailureKind.POOL_DISABLED),
    ],
)
def test_a_number_alone_counts_where_it_is_one_error_of_a_swap(number: int, kind: FailureKind) -> None:
    assert VENUE.classify_failure(number, []) is kind
