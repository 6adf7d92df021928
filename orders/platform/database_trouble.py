"""Which errors are the database's own trouble, and what it is: they say nothing about the work at hand."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Final

from django.db import DataError, Error, IntegrityError, NotSupportedError, ProgrammingError

_NO_ANSWER: Final = "it does not answer"
_NO_ROOM: Final = "there is no room on its disk"
_NO_DESCRIPTORS: Final = "the engine has no file descriptors left"
_READ_ONLY: Final = "it takes no writes: it is read-only"
_NO_TABLES: Final = "tables of the engine are missing"
_LOCKED: Final = "another writer holds it locked"
_DISK_ERRORS: Final = "its disk gives errors"
FILE_IS_GONE: Final = "its file has been removed or replaced"

# By SQLite's primary result codes (sqlite.org/rescode.html).
_OF_SQLITE: Final[Mapping[int, str]] = {
    1: _NO_TABLES,
    5: _LOCKED,
    6: _LOCKED,
    7: "there is no memory for it",
    8: _READ_ONLY,
    10: _DISK_ERRORS,
    11: "its file is damaged",
    13: _NO_ROOM,
    14: "its file cannot be opened",
    26: "its file is damaged",
}
_PRIMARY: Final = 0xFF
# By PostgreSQL's error codes (its manual, appendix A).
_OF_POSTGRES: Final[Mapping[str, str]] = {
    "25006": _READ_ONLY,
    "42P01": _NO_TABLES,
    "42501": "the engine's user may not write there",
    "53100": _NO_ROOM,
    "53200": "there is no memory for it",
    "53300": "it takes no more connections",
    "55P03": _LOCKED,
    "57P03": "it is starting or stopping",
    "58030": _DISK_ERRORS,
}
_FOR_THE_OPERATOR: Final = frozenset({"42P01", "42501"})
_OF_FILES: Final[Mapping[int, str]] = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EMFILE: _NO_DESCRIPTORS,
    errno.ENFILE: "the machine has no file descriptors left",
    errno.EROFS: _READ_ONLY,
    errno.EIO: _DISK_ERRORS,
    errno.ENOENT: FILE_IS_GONE,
}


def is_database_trouble(error: BaseException) -> bool:
    """Whether the database could not do what it was asked, whatever it was asked.

    Away, full, read-only, locked, cut off or without a permission. A value that it does not take
    (DataError, IntegrityError) is a fault of who asked.
    """
    return isinstance(error, Error) and not isinstance(error, DataError | IntegrityError)


def is_fault_of_the_program(error: Error) -> bool:
    """Whether the database answered and refused, so that asking again does not help.

    PostgreSQL refuses what it has no table or no permission for: that is for its operator to give.
    """
    refused = isinstance(error, DataError | IntegrityError | NotSupportedError | ProgrammingError)
    return refused and getattr(error.__cause__, "sqlstate", None) not in _FOR_THE_OPERATOR


def in_words(error: BaseException) -> str:
    """What the trouble is, for people: by codes, and without a word of the error's own text."""
    if isinstance(error, TimeoutError):
        return "it takes too long"
    cause = error.__cause__
    if isinstance(cause, OSError):
        return _OF_FILES.get(cause.errno or 0, _NO_ANSWER)
    result = getattr(cause, "sqlite_errorcode", None)
    if result is not None:
        return _OF_SQLITE.get(result & _PRIMARY, _NO_ANSWER)
    return _OF_POSTGRES.get(getattr(cause, "sqlstate", None) or "", _NO_ANSWER)
