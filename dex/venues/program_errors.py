"""Which program of a failed transaction said what, read from its log.

Anchor programs log ``AnchorError … Error Code: NAME. Error Number: N.``; the runtime frames every
program's lines by ``Program ID invoke [depth]`` and ``Program ID success`` or ``failed: …``.
Names outlive releases, numbers shift when a variant is removed, so a name decides before a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.types import FailureKind
from dex.venues.error_names import ANCHOR, SHARED

_INVOKE: Final = re.compile(r"^Program (\w+) invoke \[\d+\]")
_LEAVE: Final = re.compile(r"^Program (\w+) (?:success|failed)")
_CUSTOM: Final = re.compile(r"^Program (\w+) failed: custom program error: 0x([0-9a-fA-F]+)")
_FAILED: Final = re.compile(r"^Program (\w+) failed: ")
_ANCHOR_NAME: Final = re.compile(r"^Program log: AnchorError .*?Error Code: (\w+)\.")
_FUNDS_CODE: Final = 1
_SHARED: Final = {str(program): names for program, names in SHARED.items()}
# What errors of the programs mean that every venue calls: "too few tokens" or "too few lamports" first.
_SHARED_KINDS: Final = {
    "InsufficientFunds": FailureKind.INSUFFICIENT_FUNDS,
    "ResultWithNegativeLamports": FailureKind.INSUFFICIENT_FUNDS,
    "AccountFrozen": FailureKind.ACCOUNT_FROZEN,
    "MintPaused": FailureKind.TRANSFER_REFUSED,
    "NonTransferable": FailureKind.TRANSFER_REFUSED,
    "NonConfidentialTransfersDisabled": FailureKind.TRANSFER_REFUSED,
    "CpiGuardTransferBlocked": FailureKind.TRANSFER_REFUSED,
    "NoMemo": FailureKind.TRANSFER_REFUSED,
}
# Anchor's own errors with which a program refuses whatever it is asked.
_REFUSALS: Final = frozenset(
    {"DeclaredProgramIdMismatch", "InstructionMissing", "InstructionFallbackNotFound"}
)


def anchor_error_name(logs: Sequence[str], program_id: Pubkey) -> str | None:
    """The first Anchor error name that ``program_id`` itself logged, if any.

    A log without frames (a single recorded line) is taken as the program's own.
    """
    wanted = str(program_id)
    running: list[str] = []
    for line in logs:
        if entered := _INVOKE.match(line):
            running.append(entered[1])
        elif _LEAVE.match(line):
            del running[-1:]
        elif (found := _ANCHOR_NAME.match(line)) and (not running or running[-1] == wanted):
            return found[1]
    return None


def first_custom_failure(logs: Sequence[str]) -> tuple[str, int] | None:
    """The innermost failure: the first program that failed with a custom error, and its number."""
    for line in logs:
        if found := _CUSTOM.match(line):
            return found[1], int(found[2], 16)
    return None


def failing_program(logs: Sequence[str]) -> str | None:
    """The program of the instruction that failed: the last one to be left with an error."""
    for line in reversed(logs):
        if found := _FAILED.match(line):
            return found[1]
    return None


def error_name(error_code: int, logs: Sequence[str], program_id: Pubkey, names: Mapping[int, str]) -> str:
    """The name of a failed instruction of ``program_id``, whose own numbers ``names`` gives.

    By the log of the program that failed first, else by number; ``ProgramError6042`` where neither knows it.
    """
    program, number = first_custom_failure(logs) or (str(program_id), error_code)
    if program in _SHARED:
        return _SHARED[program].get(number) or f"ProgramError{number}"
    if program != str(program_id):
        return ANCHOR.get(number) or f"ProgramError{number}"
    logged = anchor_error_name(logs, program_id)
    # Programs without an error 1 of their own pass on that of a token transfer.
    passed_on = "InsufficientFunds" if number == _FUNDS_CODE else f"ProgramError{number}"
    return logged or names.get(number) or ANCHOR.get(number) or passed_on


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """What a program's errors mean, by name and, for logs without a name, by number.

    Anchor programs have no error 1 of their own, so theirs came out of a token transfer; a program that is
    not made with Anchor (``is_anchor`` False) counts its errors from 0.
    """

    program_id: Pubkey
    names: Mapping[str, FailureKind]
    numbers: Mapping[int, FailureKind]
    is_anchor: bool = True

    def classify(self, error_code: int, logs: Sequence[str]) -> FailureKind:
        """The meaning of a failed instruction of this program."""
        program, number = first_custom_failure(logs) or (str(self.program_id), error_code)
        if program in _SHARED:
            return _SHARED_KINDS.get(_SHARED[program].get(number, ""), FailureKind.OTHER)
        if program != str(self.program_id):
            return FailureKind.OTHER
        name = anchor_error_name(logs, self.program_id)
        if name is not None:
            unlisted = FailureKind.PROGRAM_REFUSED if name in _REFUSALS else FailureKind.OTHER
            return self.names.get(name, unlisted)
        if number == _FUNDS_CODE and self.is_anchor:
            return FailureKind.INSUFFICIENT_FUNDS
        return self.numbers.get(number, FailureKind.OTHER)
