"""The instructions that make, fill and end an address lookup table of the payer. Pure.

Source of the formats: solana-address-lookup-table-interface ``instruction.rs`` (bincode: u32 tag, then the
fields; CreateLookupTable = 0, ExtendLookupTable = 2, DeactivateLookupTable = 3, CloseLookupTable = 4). The
address of a table is derived from its authority and a slot that the cluster still remembers.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import LOOKUP_TABLE_PROGRAM, SYSTEM_PROGRAM

CREATE: Final = 0
EXTEND: Final = 2
DEACTIVATE: Final = 3
CLOSE: Final = 4


def table_address(authority: Pubkey, recent_slot: int) -> Pubkey:
    """Where the table is that ``authority`` makes with this slot."""
    return _derived(authority, recent_slot)[0]


def create_table(payer: Pubkey, recent_slot: int) -> Instruction:
    """Make an empty table that belongs to ``payer``, who pays its rent."""
    address, bump = _derived(payer, recent_slot)
    metas = [
        AccountMeta(address, is_signer=False, is_writable=True),
        AccountMeta(payer, is_signer=False, is_writable=False),
        AccountMeta(payer, is_signer=True, is_writable=True),
        AccountMeta(SYSTEM_PROGRAM, is_signer=False, is_writable=False),
    ]
    return Instruction(LOOKUP_TABLE_PROGRAM, struct.pack("<IQB", CREATE, recent_slot, bump), metas)


def extend_table(table: Pubkey, payer: Pubkey, addresses: Sequence[Pubkey]) -> Instruction:
    """Add addresses at the table's end; ``payer`` is its authority and pays for the room."""
    data = struct.pack("<IQ", EXTEND, len(addresses)) + b"".join(bytes(each) for each in addresses)
    metas = [
        AccountMeta(table, is_signer=False, is_writable=True),
        AccountMeta(payer, is_signer=True, is_writable=False),
        AccountMeta(payer, is_signer=True, is_writable=True),
        AccountMeta(SYSTEM_PROGRAM, is_signer=False, is_writable=False),
    ]
    return Instruction(LOOKUP_TABLE_PROGRAM, data, metas)


def deactivate_table(table: Pubkey, authority: Pubkey) -> Instruction:
    """Let no new transaction look it up; it can be closed once the cluster has forgotten this slot."""
    metas = [
        AccountMeta(table, is_signer=False, is_writable=True),
        AccountMeta(authority, is_signer=True, is_writable=False),
    ]
    return Instruction(LOOKUP_TABLE_PROGRAM, struct.pack("<I", DEACTIVATE), metas)


def close_table(table: Pubkey, authority: Pubkey) -> Instruction:
    """Remove a deactivated table; its rent goes back to ``authority``."""
    metas = [
        AccountMeta(table, is_signer=False, is_writable=True),
        AccountMeta(authority, is_signer=True, is_writable=False),
        AccountMeta(authority, is_signer=False, is_writable=True),
    ]
    return Instruction(LOOKUP_TABLE_PROGRAM, struct.pack("<I", CLOSE), metas)


def _derived(authority: Pubkey, recent_slot: int) -> tuple[Pubkey, int]:
    seeds = [bytes(authority), struct.pack("<Q", recent_slot)]
    return Pubkey.find_program_address(seeds, LOOKUP_TABLE_PROGRAM)
