"""What a pool's vaults hold once its price has been moved, and the supplies of the tokens with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from struct import Struct
from typing import Final

from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.errors import DexError, InsufficientLiquidity
from dex.types import AccountData
from dex.venues.account_layout import patched
from dex.venues.integer_math import require_u64

# The account at an address, None where there is none.
Read = Callable[[Pubkey], AccountData | None]
Accounts = Mapping[Pubkey, AccountData]

_U64: Final = Struct("<Q")
_AMOUNT_OFFSET: Final = 64
_SUPPLY_OFFSET: Final = 36


class NotThere(DexError):
    """An account without which a pool cannot be moved."""


def existing(read: Read, address: Pubkey) -> AccountData:
    """The account; raises NotThere."""
    found = read(address)
    if found is None:
        raise NotThere(f"there is no account at {address}")
    return found


def balance(read: Read, vault: Pubkey) -> int:
    """Base units in a token account; raises NotThere."""
    (amount,) = _U64.unpack_from(existing(read, vault).data, _AMOUNT_OFFSET)
    return int(amount)


def with_changes(
    read: Read, vaults: tuple[Pubkey, Pubkey], mints: tuple[Pubkey, Pubkey], changes: tuple[int, int]
) -> dict[Pubkey, AccountData]:
    """Both vaults after so many base units came in (or went out), minted or burnt for it.

    Wrapped SOL is lamports: they come and go with it, and its mint counts no supply.
    Raises InsufficientLiquidity, AmountTooLarge or NotThere.
    """
    written: dict[Pubkey, AccountData] = {}
    for vault, mint, change in zip(vaults, mints, changes, strict=True):
        account = existing(read, vault)
        native = change if mint == NATIVE_MINT else 0
        written[vault] = replace(_added(account, _AMOUNT_OFFSET, change), lamports=account.lamports + native)
        if mint != NATIVE_MINT:
            written[mint] = _added(existing(read, mint), _SUPPLY_OFFSET, change)
    return written


def _added(account: AccountData, offset: int, change: int) -> AccountData:
    (amount,) = _U64.unpack_from(account.data, offset)
    if amount + change < 0:
        raise InsufficientLiquidity("a vault of the pool holds less than the move takes out of it")
    return replace(account, data=patched(account.data, {offset: _U64.pack(require_u64(amount + change))}))
