"""The chain on disk: one SQLite database, written once a slot in one transaction.

A slot that is not in the ledger was never confirmed. After a kill -9 the chain goes on from the last
written slot: what ran after it is gone with all its account changes, as on a dropped fork.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
from solders.account import Account
from solders.hash import Hash
from solders.pubkey import Pubkey

from dex.localnet.errors import LedgerRefused
from dex.localnet.execution import TransactionRecord
from dex.localnet.ledger_file import connect, database_file, lock, memory_database

KEPT_TRANSACTIONS: Final = 200_000
KEPT_TRANSACTIONS_IN_MEMORY: Final = 10_000
KEPT_SLOTS: Final = 100_000
_PRUNE_EVERY_SLOTS: Final = 250
_FASTEST: Final = 1  # zlib level: logs shrink to a quarter, with the interpreter lock released

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accounts (
    address BLOB PRIMARY KEY, lamports TEXT NOT NULL, owner BLOB NOT NULL, executable INTEGER NOT NULL,
    rent_epoch TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS slots (
    slot INTEGER PRIMARY KEY, blockhash BLOB NOT NULL, block_time INTEGER NOT NULL,
    transactions INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS transactions (
    position INTEGER PRIMARY KEY AUTOINCREMENT, signature TEXT NOT NULL UNIQUE, slot INTEGER NOT NULL,
    block_time INTEGER NOT NULL, raw BLOB NOT NULL, loaded BLOB NOT NULL, error TEXT NOT NULL,
    meta BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS transactions_slot ON transactions (slot);
"""
_COLUMNS: Final = "signature, slot, block_time, raw, error, meta"


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One slot: its blockhash, wall time in seconds, and how many transactions it holds."""

    slot: int
    blockhash: Hash
    block_time: int
    transactions: int


@dataclass(frozen=True, slots=True)
class SlotWrite:
    """All that a slot adds to the ledger."""

    row: SlotRow
    accounts: Mapping[Pubkey, Account | None]
    transactions: Iterable[TransactionRecord]
    transaction_count: int


class Ledger:
    """Reads and writes the chain's record. One writer at a time; reads may come from another thread."""

    def __init__(self, folder: Path | None) -> None:
        """Opens the ledger in ``folder`` (made if missing); None keeps it in memory.

        Raises LedgerRefused when another process has it open.
        """
        self._lock = None if folder is None else lock(folder)
        self._kept_transactions = KEPT_TRANSACTIONS_IN_MEMORY if folder is None else KEPT_TRANSACTIONS
        target = memory_database() if folder is None else database_file(folder)
        self._writer = connect(target)
        self._writer.executescript(_SCHEMA)
        self._reader = connect(target)

    def close(self) -> None:
        """Closes the database."""
        self._reader.close()
        self._writer.close()
        if self._lock is not None:
            self._lock.close()

    def fact(self, key: str) -> str | None:
        """A stored fact of the chain (genesis hash, fingerprint, transaction count)."""
        row = self._reader.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def facts(self, prefix: str) -> dict[str, str]:
        """The stored facts whose keys begin with ``prefix``."""
        rows = self._reader.execute(
            "SELECT key, value FROM meta WHERE substr(key, 1, ?) = ?", (len(prefix), prefix)
        )
        return dict(rows.fetchall())

    def begin(self, facts: Mapping[str, str], write: SlotWrite) -> None:
        """Writes the genesis: its facts, slot and accounts."""
        with self._writer:
            self._writer.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
            self._write_slot(write)

    def fund(self, facts: Mapping[str, str], accounts: Mapping[Pubkey, Account | None]) -> None:
        """Adds accounts outside any slot, and remembers why."""
        with self._writer:
            self._writer.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts.items())
            self._write_accounts(accounts)

    def check(self, facts: Mapping[str, str], folder: Path) -> None:
        """Raises LedgerRefused when the ledger was begun with other facts than these."""
        for key, wanted in facts.items():
            kept = self.fact(key)
            if kept != wanted:
                raise LedgerRefused(
                    f"the ledger in {folder} was begun with {key} {kept}, not {wanted}: "
                    f"give it another folder, or remove this one to start a new chain"
                )

    def write(self, write: SlotWrite) -> None:
        """Adds one slot, all of it or nothing."""
        with self._writer:
            self._write_slot(write)
        if write.row.slot % _PRUNE_EVERY_SLOTS == 0:
            self._prune(write.row.slot)

    def remove_after(self, slot: int, accounts: Mapping[Pubkey, Account | None]) -> None:
        """Forgets the slots after ``slot``, whose fork was dropped; ``accounts`` as they were before it."""
        with self._writer:
            self._writer.execute("DELETE FROM transactions WHERE slot > ?", (slot,))
            self._writer.execute("DELETE FROM slots WHERE slot > ?", (slot,))
            self._write_accounts(accounts)

    def accounts(self) -> Iterator[tuple[Pubkey, Account]]:
        """Every account, programs after what they run."""
        rows = self._reader.execute(
            "SELECT address, lamports, owner, executable, rent_epoch, data FROM accounts ORDER BY executable"
        )
        for address, lamports, owner, executable, rent_epoch, data in rows:
            account = Account(
                int(lamports), data, Pubkey.from_bytes(owner), bool(executable), int(rent_epoch)
            )
            yield Pubkey.from_bytes(address), account

    def last_slots(self, count: int) -> list[SlotRow]:
        """The newest ``count`` slots, oldest first."""
        rows = self._reader.execute(
            "SELECT slot, blockhash, block_time, transactions FROM slots ORDER BY slot DESC LIMIT ?", (count,)
        ).fetchall()
        return [SlotRow(row[0], Hash.from_bytes(row[1]), row[2], row[3]) for row in reversed(rows)]

    def forget_before(self, slot: int) -> None:
        """Removes slots and transactions before ``slot``, as a node does that keeps little."""
        with self._writer:
            self._writer.execute("DELETE FROM transactions WHERE slot < ?", (slot,))
            self._writer.execute("DELETE FROM slots WHERE slot < ?", (slot,))

    def first_slot(self) -> int:
        """The oldest slot that is still kept."""
        return int(self._reader.execute("SELECT min(slot) FROM slots").fetchone()[0])

    def block_time(self, slot: int) -> int | None:
        """Wall time of ``slot`` in seconds; None when it is not kept."""
        row = self._reader.execute("SELECT block_time FROM slots WHERE slot = ?", (slot,)).fetchone()
        return row[0] if row else None

    def statuses_since(self, slot: int) -> Iterator[tuple[str, int, object]]:
        """(signature, slot, error) of the transactions in ``slot`` and later, oldest first."""
        rows = self._reader.execute(
            "SELECT signature, slot, error FROM transactions WHERE slot >= ? ORDER BY position", (slot,)
        )
        for signature, landed, error in rows:
            yield signature, landed, orjson.loads(error)

    def status(self, signature: str) -> tuple[int, object] | None:
        """(slot, error) of a transaction; None when the ledger has none."""
        row = self._reader.execute(
            "SELECT slot, error FROM transactions WHERE signature = ?", (signature,)
        ).fetchone()
        return (row[0], orjson.loads(row[1])) if row else None

    def transaction(self, signature: str) -> TransactionRecord | None:
        """A transaction with its meta; None when the ledger has none."""
        row = self._reader.execute(
            f"SELECT {_COLUMNS} FROM transactions WHERE signature = ?",  # noqa: S608 -- constant columns
            (signature,),
        ).fetchone()
        return _record(row) if row else None

    def mentioning(
        self, address: Pubkey, slot: int, before: str | None, until: str | None, limit: int
    ) -> list[TransactionRecord]:
        """Transactions up to ``slot`` whose bytes name ``address``, newest first, between two signatures.

        A scan, newest first: an index by address would cost every transaction some twenty rows, and only
        explorers ask for this.
        """
        rows = self._reader.execute(
            f"SELECT {_COLUMNS} FROM transactions"  # noqa: S608 -- constant columns
            " WHERE slot <= :slot AND (instr(raw, :address) OR instr(loaded, :address))"
            " AND position < coalesce((SELECT position FROM transactions WHERE signature = :before), 1 << 62)"
            " AND position > coalesce((SELECT position FROM transactions WHERE signature = :until), 0)"
            " ORDER BY position DESC LIMIT :limit",
            {"slot": slot, "address": bytes(address), "before": before, "until": until, "limit": limit},
        )
        return [_record(row) for row in rows]

    def _write_slot(self, write: SlotWrite) -> None:
        row = write.row
        self._writer.execute(
            "INSERT OR REPLACE INTO slots VALUES (?, ?, ?, ?)",
            (row.slot, bytes(row.blockhash), row.block_time, row.transactions),
        )
        self._writer.execute(
            "INSERT OR REPLACE INTO meta VALUES ('transaction_count', ?)", (str(write.transaction_count),)
        )
        self._write_accounts(write.accounts)
        self._writer.executemany(
            "INSERT INTO transactions (signature, slot, block_time, raw, loaded, error, meta)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (_transaction_row(record) for record in write.transactions),
        )

    def _write_accounts(self, accounts: Mapping[Pubkey, Account | None]) -> None:
        self._writer.executemany(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?)",
            (_account_row(address, account) for address, account in accounts.items() if account is not None),
        )
        self._writer.executemany(
            "DELETE FROM accounts WHERE address = ?",
            ((bytes(address),) for address, account in accounts.items() if account is None),
        )

    def _prune(self, slot: int) -> None:
        with self._writer:
            self._writer.execute(
                "DELETE FROM transactions WHERE position <= (SELECT max(position) FROM transactions) - ?",
                (self._kept_transactions,),
            )
            self._writer.execute("DELETE FROM slots WHERE slot <= ?", (slot - KEPT_SLOTS,))


def _account_row(address: Pubkey, account: Account) -> tuple[bytes, str, bytes, int, str, bytes]:
    # Lamports and rent epoch are u64, beyond SQLite's signed integers.
    return (
        bytes(address),
        str(account.lamports),
        bytes(account.owner),
        int(account.executable),
        str(account.rent_epoch),
        account.data,
    )


def _transaction_row(record: TransactionRecord) -> tuple[str, int, int, bytes, bytes, str, bytes]:
    return (
        record.signature,
        record.slot,
        record.block_time,
        record.raw,
        b"".join(_loaded_addresses(record.meta)),
        orjson.dumps(record.error).decode(),
        zlib.compress(orjson.dumps(record.meta), _FASTEST),
    )


def _loaded_addresses(meta: Mapping[str, object]) -> Iterable[bytes]:
    loaded = meta["loadedAddresses"]
    if isinstance(loaded, dict):
        for addresses in loaded.values():
            for address in addresses:
                yield bytes(Pubkey.from_string(address))


def _record(row: tuple[str, int, int, bytes, str, bytes]) -> TransactionRecord:
    return TransactionRecord(
        row[0], row[1], row[2], row[3], orjson.loads(row[4]), orjson.loads(zlib.decompress(row[5]))
    )


def funded_facts(wallets: Sequence[Pubkey]) -> dict[str, str]:
    """What a ledger keeps of wallets that genesis has funded."""
    return {f"funded {wallet}": "yes" for wallet in wallets}
