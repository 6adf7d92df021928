"""Opening the ledger's database: on disk for one process at a time, or in memory."""

from __future__ import annotations

import fcntl
import sqlite3
import uuid
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from dex.localnet.errors import LedgerRefused


def memory_database() -> str:
    """The name of a new database in memory."""
    # A name of its own: two connections share it, other ledgers of the process do not.
    return f"file:localnet-{uuid.uuid4()}?mode=memory&cache=shared"


def lock(folder: Path) -> TextIO:
    """Makes the folder this process's own until the file is closed; raises LedgerRefused."""
    # The system frees it with the process, even after a kill -9.
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise LedgerRefused(f"the ledger in {folder} is in use by another process") from None
    return file


def database_file(folder: Path) -> str:
    """The name of the database in ``folder``, which must exist."""
    return f"file:{quote(str(folder.resolve() / 'ledger.sqlite3'))}"


def connect(target: str) -> sqlite3.Connection:
    """A connection to a database by its name."""
    connection = sqlite3.connect(target, uri=True, check_same_thread=False, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing that was committed; only a power cut could lose the last slots.
    connection.execute("PRAGMA synchronous = NORMAL")
    # In memory the connections share a cache, where reading waits for no writer only in this mode.
    connection.execute("PRAGMA read_uncommitted = 1")
    return connection
