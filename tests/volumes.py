"""Volumes of a few hundred kilobytes, to be filled."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_FILLER = "filler"


class TinyVolume:
    """A file system of its own; ``path`` is where it is mounted."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self) -> None:
        """Take all the room that there is."""
        with (self.path / _FILLER).open("ab", buffering=0) as filler:
            size = 1 << 16
            while size:
                try:
                    filler.write(bytes(size))
                except OSError:
                    size //= 2

    def empty(self) -> None:
        """Give the room back."""
        (self.path / _FILLER).unlink()

    def free_bytes(self) -> int:
        """The room that is left."""
        return shutil.disk_usage(self.path).free


@contextmanager
def tiny_volume(path: Path, kilobytes: int) -> Iterator[TinyVolume]:
    """Mount one at ``path``; skips the test where this user may not."""
    path.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0700", "tmpfs", str(path))
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False, timeout=120).returncode:
        pytest.skip("only root may mount a volume, and not in every container")
    try:
        yield TinyVolume(path)
    finally:
        subprocess.run(("umount", "-l", str(path)), check=True, timeout=120)
