"""Accounts of the chain as they were read at one slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from dex.errors import AccountMissing


@dataclass(frozen=True, slots=True)
class AccountData:
    """One account as a node returned it."""

    owner: Pubkey
    lamports: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Clock:
    """The cluster's clock sysvar: slot, seconds since the epoch, epoch number."""

    slot: int
    unix_timestamp: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Accounts read at one slot, with the cluster's clock at that slot."""

    clock: Clock
    accounts: Mapping[Pubkey, AccountData | None]

    def account(self, address: Pubkey) -> AccountData:
        """The account at ``address``; raises AccountMissing when the chain has none."""
        found = self.accounts.get(address)
        if found is None:
            raise AccountMissing(address)
        return found


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """A getProgramAccounts query: data size in bytes (None: any) and bytes expected at offsets."""

    data_size: int | None
    memcmp: tuple[tuple[int, bytes], ...]
