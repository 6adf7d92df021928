"""The engine's folder: who may use it, its lock, its secrets, its logs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from orderengine.supervisor.errors import CannotStartError

LOG_LIMIT_BYTES = 10 * 1024 * 1024
# sun_path holds 108 bytes on Linux and 104 on macOS, with the closing zero byte (unix(7)).
SOCKET_PATH_LIMIT_BYTES = 100


@dataclass(slots=True)
class DataFolder:
    """A folder that one engine holds; ``release`` gives it back."""

    path: Path
    _lock: int = -1
    _short_lived: list[Path] = field(default_factory=list)

    @property
    def run(self) -> Path:
        """Process ids, ready marks and the socket: private to the user, worthless after a stop."""
        return self.path / "run"

    def pid_file(self, part: str) -> Path:
        """Where the process id of a part stands while it runs."""
        return self.run / f"{part}.pid"

    def log_file(self, part: str) -> Path:
        """The log of a part; one older generation is kept once it has passed 10 MB."""
        path = self.path / "logs" / f"{part}.log"
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def open_log(self, part: str) -> IO[bytes]:
        """The log of a part, to append to; a sink where the volume takes no more, so that the part runs."""
        try:
            path = self.log_file(part)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            return path.open("ab")
        except OSError:
            return open(os.devnull, "ab")  # noqa: PTH123 -- a device

    def socket(self, name: str) -> Path:
        """A path for a Unix socket that only this user can reach, fits into sun_path and stands in a URL."""
        path = self.run / f"{name}.sock"
        if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT_BYTES and self._is_plain:
            return path
        return self._short_folder() / f"{name}.sock"

    def fresh_metrics(self) -> Path:
        """An empty folder in which the processes of this run leave what they have counted.

        What reads it takes its name for a pattern.
        """
        path = self.run / "metrics" if self._is_plain else self._short_folder() / "metrics"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700)
        return path

    @property
    def _is_plain(self) -> bool:
        return re.fullmatch(r"[\w/.-]+", str(self.path), re.ASCII) is not None

    def _short_folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="oee-", dir="/tmp"))
        self._short_lived.append(folder)
        return folder

    def secret_key(self) -> str:
        """The key that signs sessions: made once, readable by this user only."""
        path = self.path / "secret_key"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(48) + "\n")
        return path.read_text().strip()

    def release(self) -> None:
        """Give up the lock and remove what only this run needed."""
        for folder in self._short_lived:
            shutil.rmtree(folder, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def take_data_folder(path: Path) -> DataFolder:
    """Create the folder where needed and lock it against a second engine.

    The folder, and every file that this process and its children make from here on, is for this user only.
    Raises CannotStartError when it cannot be written, belongs to another user or another engine holds it.
    """
    os.umask(0o077)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_private(path)
        for name in ("run", "logs"):
            (path / name).mkdir(mode=0o700, exist_ok=True)
        (path / "run").chmod(0o700)
        lock = os.open(path / "run" / "engine.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotStartError(f"DATA_DIR {path} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(lock, 20).decode(errors="replace").strip() or "unknown"
        os.close(lock)
        raise CannotStartError(f"another engine (pid {holder}) already runs on DATA_DIR {path}") from error
    # For the message above: without room it is left out.
    with contextlib.suppress(OSError):
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
    return DataFolder(path, lock)


def _make_private(path: Path) -> None:
    if not path.stat().st_mode & 0o077:
        return
    try:
        path.chmod(0o700)
    except PermissionError as error:
        raise CannotStartError(
            f"DATA_DIR {path} is open to other users: its owner must chmod 700 it"
        ) from error


def write_private(path: Path, text: str) -> None:
    """Write a new file that only this user can read, complete or not at all.

    The mode is set when the file is made: there is no moment in which others could open it.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
