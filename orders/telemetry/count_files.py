"""The files that a process counts in: their room is reserved before they are mapped.

prometheus_client maps files whose blocks are made when they are first written to. On a full volume that write
is no error: the kernel ends the process (SIGBUS, mmap(2)). Here the blocks are made beforehand, and where
there is no room for them, or no folder, counts stay in memory. They go to the file as soon as it can be had.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

logger = logging.getLogger(__name__)

_FIRST_BYTES: Final = 1 << 16
# Around a name: its length, its padding, value and time.
_FRAME_BYTES: Final = 32
_TRY_AGAIN_SECONDS: Final = 5
_NEVER, _AT_ONCE = float("inf"), float("-inf")

Entry = tuple[float, float]


class ReservedFile(MmapedDict):
    """A mapped file without holes; to make or extend it raises OSError where there is no room."""

    def __init__(self, filename: str) -> None:
        if not Path(filename).exists():
            _make(filename)
        super().__init__(filename)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        size = self._capacity
        while self._used + len(key.encode()) + _FRAME_BYTES > size:
            size *= 2
        if size > self._capacity:
            _reserve(self._f.fileno(), size)
        super()._init_value(key)  # type: ignore[no-untyped-call]


def _make(filename: str) -> None:
    # Under another name until it is whole: others read what has the file's name.
    draft = f"{filename}.draft"
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _reserve(descriptor, _FIRST_BYTES)
        Path(draft).replace(filename)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _reserve(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    # A system without a call for it: zeros are blocks too.
    end = os.fstat(descriptor).st_size
    os.pwrite(descriptor, bytes(max(0, size - end)), end)


class CountFile:
    """What prometheus_client counts in, in place of its MmapedDict; raises no OSError."""

    def __init__(self, filename: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._filename = filename
        self._clock = clock
        self._lock = threading.Lock()
        # Without types in prometheus_client: a ReservedFile, or None.
        self._file: Any = None
        self._kept: dict[str, Entry] = {}
        self._try_at = _AT_ONCE

    def read_value(self, key: str) -> Entry:
        """Value and time of an entry, made with zeros where there is none."""
        with self._lock:
            self._catch_up()
            try:
                if self._file is not None and key not in self._kept:
                    value, timestamp = self._file.read_value(key)
                    return float(value), float(timestamp)
            except OSError as error:
                self._put_off(error)
            return self._kept.setdefault(key, (0.0, 0.0))

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        """Set an entry; where the file has no room for it, later."""
        with self._lock:
            self._catch_up()
            try:
                if self._file is not None and key not in self._kept:
                    self._file.write_value(key, value, timestamp)
                    return
            except OSError as error:
                self._put_off(error)
            self._kept[key] = (value, timestamp)

    def catch_up(self) -> None:
        """Write what is kept in memory, if it is time to try again."""
        with self._lock:
            self._catch_up()

    def close(self) -> None:
        """Give the file back, for good."""
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file, self._try_at = None, _NEVER

    def _catch_up(self) -> None:
        if (self._file is not None and not self._kept) or self._clock() < self._try_at:
            return
        try:
            self._write_kept()
        except OSError as error:
            self._put_off(error)

    def _write_kept(self) -> None:
        if self._file is None:
            self._file = ReservedFile(self._filename)
        for key, (value, timestamp) in self._kept.items():
            self._file.write_value(key, value, timestamp)
        self._kept.clear()
        if self._try_at != _AT_ONCE:
            self._try_at = _AT_ONCE
            logger.info("counts are in %s again", Path(self._filename).name)

    def _put_off(self, error: OSError) -> None:
        if self._try_at == _AT_ONCE:
            name = Path(self._filename).name
            logger.warning("counts stay in memory, %s takes none: %s", name, error.strerror)
        self._try_at = self._clock() + _TRY_AGAIN_SECONDS


_files: Final[list[CountFile]] = []


def _made(filename: str) -> CountFile:
    file = CountFile(filename)
    _files.append(file)
    return file


def install() -> None:
    """Have the metrics that are made from now on count in such files, where they count in files at all."""
    module: Any = values
    module.MmapedDict = _made


def catch_up() -> None:
    """Write what this process keeps in memory, where there is room again."""
    for file in _files:
        file.catch_up()
