"""SQLite with a queue for writers, and without a query log.

SQLite lets one connection write at a time; the others poll the file with growing pauses, and
whoever polls at the right moment wins. Threads of one process wait on a lock here instead, so
that only processes poll. Django finds this class by the name of its module.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any, Final

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

_writer_locks: Final[defaultdict[str, threading.Lock]] = defaultdict(threading.Lock)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection; it holds the writer's lock of its file from BEGIN IMMEDIATE to the end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._writer_lock: threading.Lock | None = None

    @property
    def queries_logged(self) -> bool:
        """Whether queries are kept in memory: only when asked for, not for DEBUG alone.

        A worker under DEBUG would otherwise format and keep the text of every statement.
        """
        return bool(self.force_debug_cursor)

    def _start_transaction_under_autocommit(self) -> None:
        lock = _writer_locks[str(self.settings_dict["NAME"])]
        if not lock.acquire(timeout=self.settings_dict["OPTIONS"].get("timeout", 5)):
            raise OperationalError("database is locked by another thread")
        self._writer_lock = lock
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._let_next_writer_in()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._let_next_writer_in()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._let_next_writer_in()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._let_next_writer_in()

    def _let_next_writer_in(self) -> None:
        lock, self._writer_lock = self._writer_lock, None
        if lock is not None:
            lock.release()
