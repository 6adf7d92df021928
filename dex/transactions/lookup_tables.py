"""Address lookup tables as the chain has them. Pure.

Layout: solana-address-lookup-table-interface ``state.rs``: u32 type (1), u64 deactivation slot, u64 last
extended slot, u8 first index of that extension, an optional authority, padding to 56 bytes, then addresses.
"""

from __future__ import annotations

import struct
from typing import Final

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.pubkey import Pubkey

from dex.config import LOOKUP_TABLE_PROGRAM
from dex.errors import UnknownLayout, WrongOwner
from dex.types import AccountData

MOST_ADDRESSES: Final = 256
_META_BYTES: Final = 56
_HEAD: Final = struct.Struct("<IQQB")
_TABLE: Final = 1
_ACTIVE: Final = 2**64 - 1


def parse_lookup_table(address: Pubkey, account: AccountData, slot: int) -> AddressLookupTableAccount:
    """The table with the addresses that a transaction of ``slot`` or later may look up.

    What was added in ``slot`` itself cannot be used yet. Raises WrongOwner, or UnknownLayout for what is no
    table, or one that is being closed.
    """
    if account.owner != LOOKUP_TABLE_PROGRAM:
        raise WrongOwner(f"{address} is owned by {account.owner}, not by the lookup table program")
    data = account.data
    if len(data) < _META_BYTES or (len(data) - _META_BYTES) % Pubkey.LENGTH:
        raise UnknownLayout(f"{len(data)} bytes are no lookup table")
    kind, deactivated, extended, first_new = _HEAD.unpack_from(data)
    if kind != _TABLE or deactivated != _ACTIVE:
        raise UnknownLayout(f"{address} is no lookup table in use")
    addresses = [
        Pubkey.from_bytes(data[at : at + Pubkey.LENGTH])
        for at in range(_META_BYTES, len(data), Pubkey.LENGTH)
    ]
    usable = addresses if slot > extended else addresses[:first_new]
    return AddressLookupTableAccount(address, usable)
