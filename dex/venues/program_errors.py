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

from dex.config import SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.types import FailureKind

_INVOKE: Final = re.compile(r"^Program (\w+) invoke \[\d+\]")
_LEAVE: Final = re.compile(r"^Program (\w+) (?:success|failed)")
_CUSTOM: Final = re.compile(r"^Program (\w+) failed: custom program error: 0x([0-9a-fA-F]+)")
_ANCHOR_NAME: Final = re.compile(r"^Program log: AnchorError .*?Error Code: (\w+)\.")
_FUNDS_CODE: Final = 1
# Error 1 of these is "too few tokens" or "too few lamports".
_HOLDERS_OF_FUNDS: Final = frozenset(map(str, (TOKEN_PROGRAM, TOKEN_2022_PROGRAM, SYSTEM_PROGRAM)))


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


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """What a program's errors mean, by name and, for logs without a name, by number."""

    program_id: Pubkey
    names: Mapping[str, FailureKind]
    numbers: Mapping[int, FailureKind]

    def classify(self, error_code: int, logs: Sequence[str]) -> FailureKind:
        """The meaning of a failed instruction of this program."""
        program, number = first_custom_failure(logs) or (str(self.program_id), error_code)
        if program in _HOLDERS_OF_FUNDS:
            return FailureKind.INSUFFICIENT_FUNDS if number == _FUNDS_CODE else FailureKind.OTHER
        if program != str(self.program_id):
            return FailureKind.OTHER
        name = anchor_error_name(logs, self.program_id)
        if name is not None:
            return self.names.get(name, FailureKind.OTHER)
        # Anchor programs have no error 1 of their own: it came out of a token transfer.
        if number == _FUNDS_CODE:
            return FailureKind.INSUFFICIENT_FUNDS
        return self.numbers.get(number, FailureKind.OTHER)
