"""Whether an error says that a process, or its machine, is short of something: it may work later."""

from __future__ import annotations

import errno
from typing import Final

_SHORT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN})
_LONGEST_CHAIN: Final = 20


class NoThread(Exception):
    """The system gives no thread now."""


def is_shortage(error: BaseException | None) -> bool:
    """Whether file descriptors, memory or threads were lacking, or that is what ``error`` came of."""
    for _ in range(_LONGEST_CHAIN):
        if error is None:
            break
        if isinstance(error, MemoryError | NoThread):
            return True
        if isinstance(error, OSError) and error.errno in _SHORT:
            return True
        error = error.__cause__ or error.__context__
    return False


def prepare() -> None:
    """Load what is needed to answer while there is no descriptor to load it with."""
    # Django escapes the paths that it logs; the codec is a file that is read at its first use.
    "".encode("unicode_escape")
