"""Which instructions a signed message may hold, in the order in which it holds them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import IntEnum
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.config import (
    ASSOCIATED_TOKEN_PROGRAM,
    COMPUTE_BUDGET_PROGRAM,
    MEMO_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
)
from dex.errors import PolicyViolation
from dex.transactions.instructions import (
    CLOSE_ACCOUNT,
    CREATE_ACCOUNT_WITH_SEED,
    CREATE_IDEMPOTENT,
    INITIALIZE_ACCOUNT_3,
    SET_COMPUTE_UNIT_LIMIT,
    SET_COMPUTE_UNIT_PRICE,
    TRANSFER,
    TRANSFER_CHECKED,
)


class Kind(IntEnum):
    """What an instruction does; an instruction never stands before one of a lower number."""

    UNIT_LIMIT = 1
    UNIT_PRICE = 2
    MEMO = 3
    MAKE_ACCOUNT = 4
    MAKE_TEMPORARY = 5
    INITIALIZE = 6
    SWAP = 7
    GUARD = 8
    CLOSE = 9
    TIP = 10


# By program and the tag that its data begin with.
_TAGGED: Final[Mapping[Pubkey, Mapping[bytes, Kind]]] = {
    COMPUTE_BUDGET_PROGRAM: {
        bytes([SET_COMPUTE_UNIT_LIMIT]): Kind.UNIT_LIMIT,
        bytes([SET_COMPUTE_UNIT_PRICE]): Kind.UNIT_PRICE,
    },
    ASSOCIATED_TOKEN_PROGRAM: {bytes([CREATE_IDEMPOTENT]): Kind.MAKE_ACCOUNT},
    SYSTEM_PROGRAM: {
        CREATE_ACCOUNT_WITH_SEED.to_bytes(4, "little"): Kind.MAKE_TEMPORARY,
        TRANSFER.to_bytes(4, "little"): Kind.TIP,
    },
    TOKEN_PROGRAM: {
        bytes([INITIALIZE_ACCOUNT_3]): Kind.INITIALIZE,
        bytes([TRANSFER_CHECKED]): Kind.GUARD,
        bytes([CLOSE_ACCOUNT]): Kind.CLOSE,
    },
}


def kind_of(instruction: Instruction, venues: Collection[Pubkey]) -> Kind:
    """The kind of an instruction; ``venues`` are the programs that may swap. Raises PolicyViolation."""
    program, data = instruction.program_id, bytes(instruction.data)
    if program in venues:
        return Kind.SWAP
    if program == MEMO_PROGRAM:
        return Kind.MEMO
    tagged = _TAGGED.get(program)
    if tagged is None:
        raise PolicyViolation(f"program {program} is not allowed")
    for tag, kind in tagged.items():
        if data.startswith(tag):
            return kind
    raise PolicyViolation(f"an instruction of {program} that is not allowed: {data[:4].hex()}")
