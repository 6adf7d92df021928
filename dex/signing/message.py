"""A compiled message read back into instructions, addresses from lookup tables included. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solders.instruction import AccountMeta, Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey

from dex.errors import PolicyViolation


def instructions_of(message: MessageV0, tables: Mapping[Pubkey, Sequence[Pubkey]]) -> list[Instruction]:
    """The instructions as the runtime will run them; ``tables`` are lookup tables as the chain has them.

    Raises PolicyViolation for a table that is not known, an index beyond its end, or a program that is
    looked up. No meta says that an account is writable: a message merges that over its instructions.
    """
    static = list(message.account_keys)
    keys = static + _looked_up(message, tables)
    signers = message.header.num_required_signatures
    found = []
    for compiled in message.instructions:
        if compiled.program_id_index >= len(static):
            raise PolicyViolation("a program comes from a lookup table")
        if any(index >= len(keys) for index in compiled.accounts):
            raise PolicyViolation("an instruction names an account that the message does not have")
        metas = [AccountMeta(keys[index], index < signers, False) for index in compiled.accounts]
        found.append(Instruction(static[compiled.program_id_index], bytes(compiled.data), metas))
    return found


def _looked_up(message: MessageV0, tables: Mapping[Pubkey, Sequence[Pubkey]]) -> list[Pubkey]:
    # The runtime appends what all tables give to write to, then what they give to read.
    lookups = message.address_table_lookups
    written = [(one.account_key, index) for one in lookups for index in one.writable_indexes]
    read = [(one.account_key, index) for one in lookups for index in one.readonly_indexes]
    return [_entry(tables, table, index) for table, index in (*written, *read)]


def _entry(tables: Mapping[Pubkey, Sequence[Pubkey]], table: Pubkey, index: int) -> Pubkey:
    addresses = tables.get(table)
    if addresses is None:
        raise PolicyViolation(f"the lookup table {table} is not one of the settings")
    if index >= len(addresses):
        raise PolicyViolation(f"the lookup table {table} has no entry {index}")
    return addresses[index]
