"""Reading and replacing bytes of accounts, after a check that they are what an adapter takes them for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from solders.pubkey import Pubkey

from dex.errors import UnknownLayout, WrongOwner
from dex.types import AccountData, Snapshot


@dataclass(frozen=True, slots=True)
class Layout:
    """An Anchor account: its name, its size in bytes and the 8 bytes that it begins with.

    Programs share account names and hence discriminators, so owner and size are checked too.
    """

    name: str
    size: int
    discriminator: bytes

    def check(self, account: AccountData, owner: Pubkey) -> bytes:
        """The account's data; raises WrongOwner or UnknownLayout."""
        data = account.data
        if account.owner != owner:
            raise WrongOwner(f"a {self.name} of {owner} was expected, its owner is {account.owner}")
        if len(data) != self.size or not data.startswith(self.discriminator):
            raise UnknownLayout(f"{len(data)} bytes starting {data[:8].hex()} are no {self.name}")
        return data


def pubkey_at(data: bytes, offset: int) -> Pubkey:
    """The 32-byte address at ``offset``."""
    return Pubkey.from_bytes(data[offset : offset + 32])


def patched(data: bytes, fields: Mapping[int, bytes]) -> bytes:
    """``data`` with new bytes at the given offsets."""
    changed = bytearray(data)
    for offset, new in fields.items():
        changed[offset : offset + len(new)] = new
    return bytes(changed)


def with_data(snapshot: Snapshot, changed: Mapping[Pubkey, bytes]) -> Snapshot:
    """The snapshot with other bytes in some accounts; raises AccountMissing for one that it lacks."""
    accounts = {address: replace(snapshot.account(address), data=data) for address, data in changed.items()}
    return replace(snapshot, accounts={**snapshot.accounts, **accounts})
