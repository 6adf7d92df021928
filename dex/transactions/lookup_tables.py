"""Address lookup tables as the chain has them. Pure.

Layout: solana-address-lookup-table-interface ``state.rs``: u32 type (1), u64 deactivation slot, u64 last
extended slot, u8 first index of that extension, an optional authority, padding to 56 bytes, then addresses.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.pubkey import Pubkey

from dex.config import LOOKUP_TABLE_PROGRAM
from dex.errors import UnknownLayout, WrongOwner
from dex.types import AccountData

MOST_ADDRESSES: Final = 256
# A deactivated table can be closed once so many slots have passed: solana-slot-hashes MAX_ENTRIES.
SLOTS_UNTIL_CLOSED: Final = 513
META_BYTES: Final = 56
_HEAD: Final = struct.Struct("<IQQBB32s")
_TABLE: Final = 1
_ACTIVE: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table; ``deactivated_at`` is a slot, None while it is in use, ``authority`` None where it is frozen.

    Of ``addresses`` those from ``first_new`` on were added in the slot ``extended_at``.
    """

    address: Pubkey
    authority: Pubkey | None
    deactivated_at: int | None
    extended_at: int
    first_new: int
    addresses: tuple[Pubkey, ...]

    def slots_until_closable(self, slot: int) -> int:
        """How many slots after ``slot`` a deactivated table can be closed; 0 when it can be."""
        return 0 if self.deactivated_at is None else max(0, self.deactivated_at + SLOTS_UNTIL_CLOSED - slot)

    def usable(self, slot: int) -> tuple[Pubkey, ...]:
        """What a transaction of ``slot`` or later may look up: not what was added in that slot itself."""
        return self.addresses if slot > self.extended_at else self.addresses[: self.first_new]


def read_lookup_table(address: Pubkey, account: AccountData) -> LookupTable:
    """The table of an account; raises WrongOwner, or UnknownLayout for what is no table."""
    if account.owner != LOOKUP_TABLE_PROGRAM:
        raise WrongOwner(f"{address} is owned by {account.owner}, not by the lookup table program")
    data = account.data
    if len(data) < META_BYTES or (len(data) - META_BYTES) % Pubkey.LENGTH:
        raise UnknownLayout(f"{len(data)} bytes are no lookup table")
    kind, deactivated, extended, first_new, is_owned, authority = _HEAD.unpack_from(data)
    if kind != _TABLE:
        raise UnknownLayout(f"{address} is no lookup table")
    addresses = (
        Pubkey.from_bytes(data[at : at + Pubkey.LENGTH]) for at in range(META_BYTES, len(data), Pubkey.LENGTH)
    )
    return LookupTable(
        address=address,
        authority=Pubkey.from_bytes(authority) if is_owned else None,
        deactivated_at=None if deactivated == _ACTIVE else deactivated,
        extended_at=extended,
        first_new=first_new,
        addresses=tuple(addresses),
    )


def parse_lookup_table(address: Pubkey, account: AccountData, slot: int) -> AddressLookupTableAccount:
    """The table with the addresses that a transaction of ``slot`` or later may look up.

    Raises WrongOwner, or UnknownLayout for what is no table, or one that is being closed.
    """
    table = read_lookup_table(address, account)
    if table.deactivated_at is not None:
        raise UnknownLayout(f"{address} is a lookup table that is being closed")
    return AddressLookupTableAccount(address, list(table.usable(slot)))
