"""The engine's folder is its user's alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderengine.supervisor.data_folder import take_data_folder


@pytest.fixture(autouse=True)
def _umask_restored() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_an_open_folder_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o755)
    take_data_folder(folder).release()
    assert mode(folder) == 0o700


def test_files_that_are_made_later_are_private(tmp_path: Path) -> None:
    folder = take_data_folder(tmp_path / "var")
    made = folder.path / "engine.sqlite3"
    made.touch()
    folder.release()
    assert mode(made) == 0o600
