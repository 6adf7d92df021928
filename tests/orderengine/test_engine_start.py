"""Parts that are slow to start."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderengine.supervisor import engine as supervisor
from orderengine.supervisor.data_folder import take_data_folder
from orderengine.supervisor.process import Part


@pytest.fixture
def _handlers_restored() -> Iterator[None]:
    numbers = (*supervisor.STOP_SIGNALS, signal.SIGCHLD)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("_handlers_restored")
def test_a_part_that_waits_for_long_is_named_once_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "NOTICE_AFTER_SECONDS", 0)
    said: list[str] = []
    asked = 0

    def is_ready() -> bool:
        nonlocal asked
        asked += 1
        requests.count += asked == 5
        return False

    waiting = Part(
        "worker-1", (sys.executable, "-c", "import signal; signal.pause()"), {}, is_ready, "nowhere"
    )
    folder = take_data_folder(tmp_path / "data")
    with supervisor.StopRequests() as requests:
        engine = supervisor.Engine(folder, tmp_path, requests, said.append)
        engine.launch([waiting])
        assert not engine.await_ready()
        engine.stop()
    folder.release()

    assert said == [f"worker 1   waits   see {folder.log_file('worker-1')}", "worker 1   stopped"]
