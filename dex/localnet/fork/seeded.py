"""Accounts that a transaction makes at addresses derived from a key and a seed.

solana-system-interface SystemInstruction::CreateAccountWithSeed: u32 3, base (32 bytes), seed (u64 length and
text), lamports u64, space u64, owner (32 bytes); accounts: payer, new account, and the base if it is not the
payer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey

from dex.config import SYSTEM_PROGRAM

_CREATE_WITH_SEED: Final = (3).to_bytes(4, "little")
_BASE: Final = slice(4, 36)
_SEED_LENGTH: Final = slice(36, 44)
_LONGEST_SEED: Final = 32
_AMOUNTS_BYTES: Final = 16
_OWNER_BYTES: Final = 32


def seeded_accounts(message: Message | MessageV0) -> Iterator[tuple[Pubkey, Pubkey]]:
    """(address, base) of each such account whose address is indeed derived from its base."""
    keys = message.account_keys
    for instruction in message.instructions:
        data = bytes(instruction.data)
        if data[:4] != _CREATE_WITH_SEED or keys[instruction.program_id_index] != SYSTEM_PROGRAM:
            continue
        found = _derived(data)
        if found is not None and found[0] in keys:
            yield found


def _derived(data: bytes) -> tuple[Pubkey, Pubkey] | None:
    length = int.from_bytes(data[_SEED_LENGTH], "little")
    end = _SEED_LENGTH.stop + length
    if length > _LONGEST_SEED or len(data) < end + _AMOUNTS_BYTES + _OWNER_BYTES:
        return None
    base, owner = Pubkey.from_bytes(data[_BASE]), Pubkey.from_bytes(data[-_OWNER_BYTES:])
    try:
        return Pubkey.create_with_seed(base, data[_SEED_LENGTH.stop : end].decode(), owner), base
    except ValueError:
        return None
