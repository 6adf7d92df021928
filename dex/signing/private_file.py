"""Files that hold a secret: read only when nobody else can read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from dex.errors import KeyUnavailable

_MAX_BYTES: Final = 4096


def read_private_file(path: Path, what: str) -> str:
    """The text of a small ASCII file, without the white space around it.

    Raises KeyUnavailable, whose text begins with ``what`` and quotes neither path nor content, if the file
    cannot be opened, is a link, is no regular file, belongs to another user or is open to others.
    """
    # O_NOFOLLOW and fstat on the open file: what is checked is what is read. O_NONBLOCK: a pipe cannot hang.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path.expanduser(), flags)
    except (OSError, RuntimeError, ValueError) as error:
        # "from None": the error names the path, and what was meant as a key may have been taken for one.
        raise KeyUnavailable(f"{what} cannot be opened: {type(error).__name__}") from None
    try:
        _require_private(os.fstat(descriptor), what)
        content = os.read(descriptor, _MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    return _ascii(content, what)


def _require_private(status: os.stat_result, what: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyUnavailable(f"{what} is not a regular file")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyUnavailable(f"{what} is open to others: chmod 600 it")
    if status.st_uid not in (os.geteuid(), 0):
        raise KeyUnavailable(f"{what} belongs to another user")


def _ascii(content: bytes, what: str) -> str:
    if len(content) > _MAX_BYTES or not content.isascii():
        raise KeyUnavailable(f"{what} holds no key")
    return content.decode("ascii").strip()
