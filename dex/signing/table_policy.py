"""What a wallet signs of its own lookup tables: another message than a swap, under rules of its own.

No order leads here. Only who asks for a change of one table by name gets a message of these instructions
signed, and nothing but them; as with swaps each must equal, to the byte, the one that this engine makes.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey

from dex.config import COMPUTE_BUDGET_PROGRAM, LOOKUP_TABLE_PROGRAM
from dex.errors import PolicyViolation
from dex.signing.message import instructions_of
from dex.signing.wallet_instructions import priority_fee_lamports, require_equal
from dex.transactions.table_instructions import (
    CLOSE,
    CREATE,
    DEACTIVATE,
    EXTEND,
    close_table,
    create_table,
    deactivate_table,
    extend_table,
    table_address,
)

_TAG: Final = struct.Struct("<I")
_SLOT: Final = struct.Struct("<Q")
_FIELDS_AT: Final = _TAG.size
_ADDRESSES_AT: Final = _FIELDS_AT + _SLOT.size


class TableStep(Enum):
    """What may be done to a table in one transaction."""

    FILL = frozenset({CREATE, EXTEND})
    DEACTIVATE = frozenset({DEACTIVATE})
    CLOSE = frozenset({CLOSE})


@dataclass(frozen=True, slots=True)
class TableTerms:
    """One step on one table of ``wallet``; ``addresses`` may be added to it."""

    wallet: Pubkey
    table: Pubkey
    step: TableStep
    addresses: Collection[Pubkey] = ()


def check_table_policy(message: MessageV0, terms: TableTerms, blockhash: Hash, most_lamports: int) -> None:
    """Raise PolicyViolation unless ``message`` does what ``terms`` allow, and nothing else.

    ``most_lamports`` is the most that it may pay for its place in a block. The program itself takes the rent
    of what is added from the payer; what no more than 256 addresses cost is its bound.
    """
    _require(message.header.num_required_signatures == 1, "others than the wallet would have to sign")
    _require(message.account_keys[0] == terms.wallet, "the fee payer is not the wallet")
    _require(message.recent_blockhash == blockhash, "the blockhash is not the one that was asked for")
    _require(not message.address_table_lookups, "a message about a table looks nothing up")
    budget, changes = _parted(instructions_of(message, {}))
    fee = priority_fee_lamports(budget[:1], budget[1:])
    _require(fee <= most_lamports, f"a priority fee of {fee} lamports is above the ceiling")
    for change in changes:
        _check_change(change, terms)


def _parted(instructions: Sequence[Instruction]) -> tuple[list[Instruction], list[Instruction]]:
    budget = [one for one in instructions if one.program_id == COMPUTE_BUDGET_PROGRAM]
    changes = list(instructions[len(budget) :])
    _require(1 <= len(budget) <= 2, "the compute budget is not a limit and at most a price")
    _require(list(instructions[: len(budget)]) == budget, "the compute budget does not stand first")
    _require(bool(changes), "nothing is done to the table")
    for one in changes:
        _require(one.program_id == LOOKUP_TABLE_PROGRAM, f"program {one.program_id} is not allowed")
    return budget, changes


def _check_change(change: Instruction, terms: TableTerms) -> None:
    data = bytes(change.data)
    _require(len(data) >= _FIELDS_AT, "an instruction without its tag")
    [tag] = _TAG.unpack_from(data)
    _require(tag in terms.step.value, f"instruction {tag} of the lookup table program is not allowed here")
    made = _made(tag, data, terms)
    require_equal(change, made, "the instruction is not about the table that was named")


def _made(tag: int, data: bytes, terms: TableTerms) -> Instruction:
    if tag == CREATE:
        _require(len(data) >= _ADDRESSES_AT, "a creation without its slot")
        [slot] = _SLOT.unpack_from(data, _FIELDS_AT)
        _require(table_address(terms.wallet, slot) == terms.table, "another table would be made")
        return create_table(terms.wallet, slot)
    if tag == EXTEND:
        return extend_table(terms.table, terms.wallet, _added(data, terms))
    return (deactivate_table if tag == DEACTIVATE else close_table)(terms.table, terms.wallet)


def _added(data: bytes, terms: TableTerms) -> list[Pubkey]:
    raw = data[_ADDRESSES_AT:]
    _require(len(raw) % Pubkey.LENGTH == 0, "an address is cut short")
    added = [Pubkey.from_bytes(raw[at : at + Pubkey.LENGTH]) for at in range(0, len(raw), Pubkey.LENGTH)]
    strange = [address for address in added if address not in terms.addresses]
    _require(not strange, f"{strange[0] if strange else ''} is not among the addresses to be added")
    return added


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise PolicyViolation(message)
