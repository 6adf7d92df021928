"""Counts on a volume without room: no process ends by them, and none is lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orders.telemetry import count_files, metrics_folder
from orders.telemetry.count_files import CountFile
from tests.volumes import tiny_volume

COUNTING = """
import sys
from orders.telemetry import count_files
count_files.install()
from prometheus_client import CollectorRegistry, Counter
seen = Counter("seen", "x", ["what"], registry=CollectorRegistry())
for line in sys.stdin:
    for number in range(int(line)):
        seen.labels(f"{number:050}").inc()
    count_files.catch_up()
    print("counted", flush=True)
"""


class Counting:
    """A process that counts so many things once each, whenever it is asked to."""

    def __init__(self, shared: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", COUNTING],
            env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(shared)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def count(self, things: int) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{things}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=120)


def seen(shared: Path) -> float:
    return sum(sample.value for metric in metrics_folder.read(shared) for sample in metric.samples)


def test_a_full_volume_ends_no_process_that_counts(tmp_path: Path) -> None:
    with tiny_volume(tmp_path / "volume", 512) as volume:
        early, late = Counting(volume.path), Counting(volume.path)
        try:
            assert early.count(10) == "counted"
            volume.fill()
            # More than the first one has reserved room for; the other one has none at all.
            assert early.count(1_000) == "counted"
            assert late.count(10) == "counted"
            assert 10 <= seen(volume.path) < 1_010
        finally:
            early.kill()
            late.kill()


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_what_was_kept_in_memory_is_written_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    clock, path = Clock(), tmp_path / "counter_1.db"
    file = CountFile(str(path), clock)
    with monkeypatch.context() as volume:
        volume.setattr(count_files, "_reserve", full)
        for value in range(5):
            file.write_value("seen", value, 0.0)
            clock.now += 10
    assert file.read_value("seen") == (4.0, 0.0)
    assert not list(tmp_path.glob("*.draft"))
    assert path.exists()
    assert CountFile(str(path)).read_value("seen") == (4.0, 0.0)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_folder_that_is_gone_costs_nothing_but_the_counts(tmp_path: Path) -> None:
    file = CountFile(str(tmp_path / "gone" / "counter_1.db"))
    file.write_value("seen", 3.0, 0.0)
    assert file.read_value("seen") == (3.0, 0.0)
