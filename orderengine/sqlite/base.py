"""SQLite with a queue for writers, and without a query log.

SQLite lets one connection write at a time. The others look again after growing pauses of up to
100 ms, so that a writer that comes at the wrong moments starves beside a busy one. Here a writer
first takes a lock of ours: one among the threads of a process, and a file lock, looked at
every millisecond, among processes. SQLite's own lock is then free as a rule; it stays the one
that counts. Django finds this class by the name of its module.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
import time
from collections import defaultdict
from typing import Any, Final

from django.db.backends.sqlite3 import base
from django.db.utils import DatabaseError, OperationalError

_LOOK_AGAIN_SECONDS: Final = 0.001
_DEFAULT_TIMEOUT_SECONDS: Final = 5
_NO_FILE: Final = -1

# Database files that this process has opened: none of them is made anew when it is gone.
_opened: Final[set[str]] = set()
_thread_locks: Final[defaultdict[str, threading.Lock]] = defaultdict(threading.Lock)


class WriterLock:
    """The right to write to one database file, for one connection at a time.

    The file lock goes away with its process, so that a killed writer holds nobody up.
    """

    def __init__(self, database: str) -> None:
        self._thread_lock = _thread_locks[database]
        self._path = f"{database}.writer"
        self._file = self._opened()
        self._mine = False

    def take(self, timeout_seconds: float) -> None:
        """Wait for the lock; raises OperationalError when it is not free in time."""
        deadline = time.monotonic() + timeout_seconds
        if not self._thread_lock.acquire(timeout=timeout_seconds):
            raise OperationalError("database is locked by another thread")
        try:
            while not self._lock_file():
                if time.monotonic() > deadline:
                    raise OperationalError("database is locked by another process")
                time.sleep(_LOOK_AGAIN_SECONDS)
        except OSError as error:
            self._thread_lock.release()
            raise OperationalError(f"no writer lock for the database: {error.strerror}") from error
        except BaseException:
            self._thread_lock.release()
            raise
        self._mine = True

    def give_up(self) -> None:
        """Let the next writer in, if this one has the lock."""
        if not self._mine:
            return
        self._mine = False
        try:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        except OSError:
            # What it was taken for is done. A file that is closed is unlocked too.
            self._close_file()
        finally:
            self._thread_lock.release()

    def close(self) -> None:
        """Give up the lock and the file."""
        self.give_up()
        self._close_file()

    def _opened(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise OperationalError(f"no writer lock for the database: {error.strerror}") from error

    def _close_file(self) -> None:
        if self._file != _NO_FILE:
            os.close(self._file)
            self._file = _NO_FILE

    def _lock_file(self) -> bool:
        if self._file == _NO_FILE:
            self._file = self._opened()
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _identity_of(name: str) -> tuple[int, int]:
    """Device and number of the file of this name; raises OperationalError where there is none."""
    try:
        found = os.stat(name)  # noqa: PTH116 -- before every transaction
    except OSError as error:
        raise OperationalError(f"the database's file cannot be found: {error.strerror}") from error
    return found.st_dev, found.st_ino


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that holds the writer lock from BEGIN IMMEDIATE to the end of the transaction."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._writer_lock: WriterLock | None = None
        self._opened_file: tuple[int, int] | None = None

    @property
    def queries_logged(self) -> bool:
        """Whether queries are kept in memory: only when asked for, not for DEBUG alone.

        A worker under DEBUG would otherwise format and keep the text of every statement.
        """
        return bool(self.force_debug_cursor)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """SQLite makes a missing file readable for all, and its journals like it: here it is the user's.

        A file that was there before is not made anew: SQLite would throw away what its journal still holds.
        """
        if self.is_in_memory_db():
            return super().get_new_connection(conn_params)
        name = str(self.settings_dict["NAME"])
        if name in _opened:
            _identity_of(name)
        else:
            # Only a missing one: closing a file gives up the locks that this process holds on it.
            with contextlib.suppress(OSError):
                os.close(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        connection = super().get_new_connection(conn_params)
        self._opened_file = _identity_of(name)
        _opened.add(name)
        return connection

    def is_usable(self) -> bool:
        """Asked after an error: not when another file stands where this connection's was."""
        return not self._has_lost_its_file() and bool(super().is_usable())

    def _has_lost_its_file(self) -> bool:
        if self._opened_file is None:
            return False
        try:
            return _identity_of(str(self.settings_dict["NAME"])) != self._opened_file
        except OperationalError:
            return True

    def _start_transaction_under_autocommit(self) -> None:
        if self.is_in_memory_db():
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
            return
        if self._has_lost_its_file():
            # What is written to a file without a name is lost when the last one closes it.
            self.errors_occurred = True
            raise OperationalError("the database's file was removed or replaced") from FileNotFoundError(
                errno.ENOENT, os.strerror(errno.ENOENT)
            )
        if self._writer_lock is None:
            self._writer_lock = WriterLock(str(self.settings_dict["NAME"]))
        self._writer_lock.take(self.settings_dict["OPTIONS"].get("timeout", _DEFAULT_TIMEOUT_SECONDS))
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._writer_lock.give_up()
            raise

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        except DatabaseError:
            # Django rolls back, which releases the lock.
            raise
        except BaseException:
            # It does not after any other error (out of memory, say), and every writer would wait.
            self._rollback()
            raise
        self._release()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._release()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            lock, self._writer_lock = self._writer_lock, None
            if lock is not None:
                lock.close()

    def _release(self) -> None:
        if self._writer_lock is not None:
            self._writer_lock.give_up()
