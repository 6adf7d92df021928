"""Accounts of a node's answers, read anew only where they have changed.

Most accounts of a snapshot are those of the one before. One that is the same is the same object too, so that
what was worked out from it is found again without a look at its bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from solders.pubkey import Pubkey

from dex.rpc.answers import read_account
from dex.types import AccountData

# Some 25 kB each at the most: a tick array as text and as bytes.
_REMEMBERED: Final = 512


class KeptAccounts:
    """The newest answer about each address; belongs to one event loop."""

    def __init__(self) -> None:
        self._kept: dict[Pubkey, tuple[Any, AccountData]] = {}

    def read(self, keys: Sequence[Pubkey], entries: Sequence[Any]) -> dict[Pubkey, AccountData | None]:
        """The accounts by address; an answer that makes no sense raises as `read_account` does."""
        return {
            key: None if entry is None else self._read(key, entry)
            for key, entry in zip(keys, entries, strict=True)
        }

    def _read(self, key: Pubkey, entry: Any) -> AccountData:
        kept = self._kept.get(key)
        if kept is not None and kept[0] == entry:
            return kept[1]
        account = read_account(entry)
        self._kept.pop(key, None)
        self._kept[key] = entry, account
        if len(self._kept) > _REMEMBERED:
            del self._kept[next(iter(self._kept))]
        return account
