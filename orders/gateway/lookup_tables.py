"""The lookup tables of the settings, read from the chain with whatever else is read."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.conf import settings
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.pubkey import Pubkey

from dex.errors import AccountMissing, PoolRefused
from dex.transactions.lookup_tables import parse_lookup_table
from dex.types import Snapshot

logger = logging.getLogger(__name__)


def table_config_errors() -> list[str]:
    """What is wrong with LOOKUP_TABLES, in words."""
    return [
        f"LOOKUP_TABLES: {text} is no address" for text in settings.LOOKUP_TABLES if not _is_address(text)
    ]


def table_addresses() -> list[Pubkey]:
    """Where the tables are."""
    return [Pubkey.from_string(text) for text in settings.LOOKUP_TABLES]


def tables_in(snapshot: Snapshot) -> tuple[AddressLookupTableAccount, ...]:
    """The tables as a snapshot that holds them shows them, those that cannot be used left out."""
    found = (_table(address, snapshot) for address in table_addresses())
    return tuple(table for table in found if table is not None)


def addresses_by_table(tables: Sequence[AddressLookupTableAccount]) -> dict[Pubkey, Sequence[Pubkey]]:
    """What the signer's policy looks addresses up in."""
    return {table.key: table.addresses for table in tables}


def _table(address: Pubkey, snapshot: Snapshot) -> AddressLookupTableAccount | None:
    try:
        return parse_lookup_table(address, snapshot.account(address), snapshot.clock.slot)
    except (AccountMissing, PoolRefused) as error:
        logger.error("a lookup table of the settings is not used: %s", error)
        return None


def _is_address(text: str) -> bool:
    try:
        return str(Pubkey.from_string(text)) == text
    except ValueError:
        return False
