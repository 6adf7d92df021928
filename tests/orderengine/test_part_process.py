"""One part's process: volumes that take nothing, folders that went away, servers that hang."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL, SIGSTOP

import pytest

from orderengine.supervisor import process as supervised
from orderengine.supervisor.data_folder import DataFolder, take_data_folder
from orderengine.supervisor.process import Part, PartProcess
from orders.proving.soak.waiting import eventually

PAUSES = Part("web", (sys.executable, "-c", "import signal; signal.pause()"), {}, lambda: True, "nowhere")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    taken = take_data_folder(tmp_path / "data")
    yield taken
    taken.release()


def end(process: PartProcess) -> None:
    process.signal(SIGKILL)
    assert process._process is not None
    process._process.wait(60)
    process.forget()


def test_a_process_without_a_pid_file_is_watched_and_has_no_twin(folder: DataFolder, tmp_path: Path) -> None:
    # A folder in its place: writing raises OSError, as on a full volume.
    folder.pid_file("web").mkdir()
    process = PartProcess(PAUSES, folder, tmp_path)
    process.start()
    assert process.exit_status() is None
    assert process.pid is not None
    end(process)


def test_a_part_starts_though_the_folder_of_its_log_is_gone(folder: DataFolder, tmp_path: Path) -> None:
    shutil.rmtree(folder.path / "logs")
    process = PartProcess(PAUSES, folder, tmp_path)
    process.start()
    assert folder.log_file("web").exists()
    end(process)


def test_a_part_starts_though_its_log_takes_nothing(folder: DataFolder, tmp_path: Path) -> None:
    folder.log_file("web").mkdir()
    process = PartProcess(PAUSES, folder, tmp_path)
    process.start()
    assert process.exit_status() is None
    end(process)


def test_the_pauses_grow_while_no_process_can_be_made(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr(supervised.time, "monotonic", lambda: now)
    process = PartProcess(PAUSES, folder, tmp_path / "no such folder")
    delays = []
    for _ in range(5):
        with pytest.raises(OSError, match="No such file"):
            process.start()
        delays.append(process.next_delay())
        now += delays[-1]
    assert delays == [0.2, 0.5, 1.0, 2.0, 5.0]


@pytest.mark.parametrize(
    ("answers", "pause", "hangs"), [(True, 5, False), (False, 5, True), (False, 60, False)]
)
def test_a_server_that_answers_no_probe_hangs(
    folder: DataFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answers: bool,
    pause: int,
    hangs: bool,
) -> None:
    now = 1_000.0
    monkeypatch.setattr(supervised.time, "monotonic", lambda: now)
    process = PartProcess(replace(PAUSES, is_alive=lambda: answers), folder, tmp_path)
    process.ready = True
    process._answered_at = process._asked_at = now
    found = []
    for _ in range(7):
        now += pause
        found.append(process.is_hung())
    assert found[-1] is hangs
    assert not any(found[:5])


LIVING = """
import sys
from orderengine import pulse
pulse._EVERY_SECONDS = 0.05
pulse.start()
print("lives", flush=True)
while True:
    sum(range(1_000_000))
"""


def test_a_process_that_is_stopped_for_good_hangs_and_a_busy_one_does_not(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "PROBE_EVERY_SECONDS", 0.5)
    monkeypatch.setattr(supervised, "HUNG_AFTER_SECONDS", 3)
    part = replace(PAUSES, command=(sys.executable, "-c", LIVING), has_pulse=True)
    process = PartProcess(part, folder, Path(__file__).parent.parent.parent)
    process.start()
    eventually(lambda: b"lives" in folder.log_file("web").read_bytes(), 30, "the process")
    process.ready = True
    try:
        until = time.monotonic() + 6
        found = []
        eventually(lambda: found.append(process.is_hung()) or time.monotonic() > until, 20, "six seconds")
        assert not any(found)
        process.signal(SIGSTOP)
        eventually(process.is_hung, 30, "it is found to hang")
    finally:
        end(process)


def test_each_start_has_a_pulse_of_its_own_and_leaves_no_descriptor(
    folder: DataFolder, tmp_path: Path
) -> None:
    process = PartProcess(replace(PAUSES, has_pulse=True), folder, tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        process.start()
        assert process.exit_status() is None
        end(process)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
