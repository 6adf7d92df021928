"""Checks that an account is what an adapter takes it for, before any offset is read."""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from dex.errors import UnknownLayout, WrongOwner
from dex.types import AccountData


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
