"""What the parent has answered, on disk: by address with the slot it was read at."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from solders.account import Account
from solders.pubkey import Pubkey

from dex.localnet.epochs import Epochs
from dex.localnet.errors import ForkRefused
from dex.localnet.fork.parent import Position

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS accounts (
    address BLOB PRIMARY KEY, slot INTEGER NOT NULL, lamports TEXT, owner BLOB, executable INTEGER,
    rent_epoch TEXT, data BLOB);
CREATE TABLE IF NOT EXISTS listings (query TEXT PRIMARY KEY, addresses BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS position (
    id INTEGER PRIMARY KEY CHECK (id = 0), genesis_hash TEXT NOT NULL, slot INTEGER NOT NULL,
    epochs TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class CachedAccount:
    """An answer of the parent: ``account`` None says that there was none at ``slot``."""

    slot: int
    account: Account | None


class AnswerCache:
    """One SQLite file for one parent; several processes may use it."""

    def __init__(self, folder: Path) -> None:
        """Opens the cache in ``folder``, made if missing; raises OSError, ForkRefused for a broken file."""
        folder.mkdir(parents=True, exist_ok=True)
        file = f"file:{quote(str(folder.resolve() / 'parent.sqlite3'))}"
        self._database = sqlite3.connect(file, uri=True, timeout=10)
        try:
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            self._database.close()
            raise ForkRefused(f"the cache in {folder} cannot be used: {error}; remove it") from error

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def position(self) -> Position | None:
        """Where the parent was when it last answered; None when it never has."""
        row = self._database.execute("SELECT genesis_hash, slot, epochs FROM position").fetchone()
        return Position(row[0], row[1], Epochs.from_text(row[2])) if row else None

    def keep_position(self, position: Position) -> None:
        """Keeps the newest position. All answers of another network are forgotten first."""
        known = self.position()
        with self._database:
            if known is not None and known.genesis_hash != position.genesis_hash:
                self._database.execute("DELETE FROM accounts")
                self._database.execute("DELETE FROM listings")
            self._database.execute(
                "INSERT OR REPLACE INTO position VALUES (0, ?, ?, ?)",
                (position.genesis_hash, position.slot, position.epochs.as_text()),
            )

    def account(self, address: Pubkey) -> CachedAccount | None:
        """The last answer about an address; None when it was never asked for."""
        row = self._database.execute(
            "SELECT slot, lamports, owner, executable, rent_epoch, data FROM accounts WHERE address = ?",
            (bytes(address),),
        ).fetchone()
        if row is None:
            return None
        slot, lamports, owner, executable, rent_epoch, data = row
        if owner is None:
            return CachedAccount(slot, None)
        account = Account(int(lamports), data, Pubkey.from_bytes(owner), bool(executable), int(rent_epoch))
        return CachedAccount(slot, account)

    def keep_accounts(self, slot: int, accounts: Mapping[Pubkey, Account | None]) -> None:
        """Keeps what addresses held (None: nothing) at ``slot``."""
        with self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?)",
                (_row(address, slot, account) for address, account in accounts.items()),
            )

    def listing(self, query: str) -> list[Pubkey] | None:
        """The addresses that a query last found; None when it was never asked."""
        row = self._database.execute("SELECT addresses FROM listings WHERE query = ?", (query,)).fetchone()
        if row is None:
            return None
        return [Pubkey.from_bytes(row[0][start : start + 32]) for start in range(0, len(row[0]), 32)]

    def keep_listing(self, query: str, addresses: Iterable[Pubkey]) -> None:
        """Keeps what a query found."""
        joined = b"".join(bytes(address) for address in addresses)
        with self._database:
            self._database.execute("INSERT OR REPLACE INTO listings VALUES (?, ?)", (query, joined))


def _row(address: Pubkey, slot: int, account: Account | None) -> tuple[object, ...]:
    if account is None:
        return (bytes(address), slot, None, None, None, None, None)
    # Lamports and rent epoch are u64, beyond SQLite's signed integers.
    return (
        bytes(address),
        slot,
        str(account.lamports),
        bytes(account.owner),
        int(account.executable),
        str(account.rent_epoch),
        account.data,
    )
