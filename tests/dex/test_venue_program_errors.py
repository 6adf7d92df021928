"""Reading who failed, and why, from a transaction's log."""

from __future__ import annotations

from solders.pubkey import Pubkey

from dex.config import MEMO_PROGRAM, TOKEN_PROGRAM
from dex.types import FailureKind
from dex.venues.program_errors import ErrorTable, anchor_error_name, first_custom_failure

DEX, OTHER_DEX = Pubkey.new_unique(), Pubkey.new_unique()
TABLE = ErrorTable(
    DEX,
    {"ExceededSlippage": FailureKind.SLIPPAGE_EXCEEDED, "PoolDisabled": FailureKind.POOL_DISABLED},
    {6000: FailureKind.POOL_DISABLED, 6005: FailureKind.SLIPPAGE_EXCEEDED},
)


def anchor(name: str, number: int) -> str:
    return (
        "Program log: AnchorError thrown in programs/x/src/y.rs:1. "
        f"Error Code: {name}. Error Number: {number}. Error Message: Something."
    )


def failed(program: Pubkey, number: int, *lines: str) -> list[str]:
    return [
        f"Program {program} invoke [1]",
        *lines,
        f"Program {program} failed: custom program error: {number:#x}",
    ]


def test_the_name_decides_when_the_number_means_something_else() -> None:
    logs = failed(DEX, 6000, anchor("ExceededSlippage", 6000))

    assert TABLE.classify(6000, logs) is FailureKind.SLIPPAGE_EXCEEDED


def test_a_name_that_is_not_known_is_not_guessed_by_its_number() -> None:
    assert TABLE.classify(6005, failed(DEX, 6005, anchor("Renumbered", 6005))) is FailureKind.OTHER


def test_the_number_decides_when_no_name_is_logged() -> None:
    logs = failed(DEX, 6005, "Program log: Math error thrown at x.rs:1")

    assert TABLE.classify(6005, logs) is FailureKind.SLIPPAGE_EXCEEDED


def test_a_name_logged_by_another_program_does_not_count() -> None:
    inner = [
        f"Program {OTHER_DEX} invoke [2]",
        anchor("PoolDisabled", 6000),
        f"Program {OTHER_DEX} success",
    ]

    assert anchor_error_name(failed(DEX, 6005, *inner), DEX) is None
    assert TABLE.classify(6005, failed(DEX, 6005, *inner)) is FailureKind.SLIPPAGE_EXCEEDED


def test_a_memo_cannot_forge_an_error_name() -> None:
    memo = [
        f"Program {MEMO_PROGRAM} invoke [1]",
        anchor("PoolDisabled", 1),
        f"Program {MEMO_PROGRAM} success",
    ]

    assert TABLE.classify(6005, memo + failed(DEX, 6005)) is FailureKind.SLIPPAGE_EXCEEDED


def test_custom_1_of_the_token_program_means_too_few_tokens() -> None:
    inner = [
        f"Program {TOKEN_PROGRAM} invoke [2]",
        "Program log: Error: insufficient funds",
        f"Program {TOKEN_PROGRAM} failed: custom program error: 0x1",
    ]
    logs = failed(DEX, 1, *inner)

    assert first_custom_failure(logs) == (str(TOKEN_PROGRAM), 1)
    assert TABLE.classify(1, logs) is FailureKind.INSUFFICIENT_FUNDS


def test_another_error_of_the_token_program_is_not_read_as_the_venues() -> None:
    inner = [
        f"Program {TOKEN_PROGRAM} invoke [2]",
        f"Program {TOKEN_PROGRAM} failed: custom program error: {6005:#x}",
    ]

    assert TABLE.classify(6005, failed(DEX, 6005, *inner)) is FailureKind.OTHER


def test_a_failure_of_a_program_called_elsewhere_is_not_the_venues() -> None:
    assert TABLE.classify(6005, failed(OTHER_DEX, 6005)) is FailureKind.OTHER


def test_custom_1_of_a_program_without_funds_is_not_read_as_too_few_tokens() -> None:
    assert TABLE.classify(1, failed(OTHER_DEX, 1)) is FailureKind.OTHER
