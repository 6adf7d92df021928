"""The engine as one command: it comes up, keeps itself up, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from orderengine.supervisor.probes import port_is_free, redis_answers
from tests.e2e.engine import ROOT, RunningEngine, until
from tests.localnet_process import free_port_pair
from tests.volumes import tiny_volume

pytestmark = pytest.mark.e2e


def runs(pid: int) -> bool:
    """Whether a process executes; a zombie that waits for its reaper does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def environment_of(pid: int) -> dict[str, str]:
    entries = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(entry.partition("=")[::2] for entry in entries if entry)


def new_pid(engine: RunningEngine, part: str, old: int) -> bool:
    file = engine.data_dir / "run" / f"{part}.pid"
    return file.exists() and file.read_text().strip() not in ("", str(old))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """An engine from an untouched copy of the shipped example; the last of the tests that use it kills it."""
    folder = tmp_path_factory.mktemp("run")
    running = RunningEngine(folder, ENV_FILE=str(shutil.copy(ROOT / ".env.example", folder / ".env")))
    try:
        running.await_up()
        yield running
    finally:
        running.stop()


def test_the_engine_comes_up_and_publishes_its_address(engine: RunningEngine) -> None:
    assert engine.live_status() == 200
    assert engine.published()["url"] == f"http://127.0.0.1:{engine.port}"
    assert "curl -X POST http://127.0.0.1:" in engine.said()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads environments from /proc")
def test_only_workers_are_given_the_key_and_files_with_secrets_are_private(engine: RunningEngine) -> None:
    wallet = engine.data_dir / "wallet.json"
    assert environment_of(engine.pid("worker-1"))["WALLET_KEYPAIR"] == str(wallet)
    assert environment_of(engine.pid("web"))["WALLET_KEYPAIR"] == ""
    for part in ("valkey", "localnet"):
        assert {"WALLET_KEYPAIR", "SECRET_KEY", "REDIS_URL"}.isdisjoint(environment_of(engine.pid(part)))
    for path in (wallet, engine.data_dir / "secret_key"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert (engine.data_dir / "run" / "valkey.sock").stat().st_mode & 0o777 == 0o700
    assert json.dumps(json.loads(wallet.read_text())) not in engine.said()


def test_a_second_engine_on_the_same_folder_is_refused(engine: RunningEngine) -> None:
    second = engine.manage("run_engine", PORT=str(free_port_pair()))
    holder = f"another engine (pid {engine.process.pid}) already runs on DATA_DIR {engine.data_dir}"
    assert (second.returncode, second.stderr) == (1, f"CommandError: {holder}\n")


def test_a_part_that_dies_is_started_again(engine: RunningEngine) -> None:
    for part in ("worker-1", "localnet", "valkey", "web"):
        old = engine.pid(part)
        os.kill(old, signal.SIGKILL)
        until(partial(new_pid, engine, part, old), 5, engine.said)
    until(lambda: engine.said().count("ready   again") == 4, 20, engine.said)
    assert "worker 1   died    killed by SIGKILL; starting again in 0.2 s" in engine.said()
    assert engine.live_status() == 200


def test_kill_9_of_the_engine_leaves_no_orphan_it_starts_again_and_stops_clean(engine: RunningEngine) -> None:
    pids = engine.pids()
    engine.process.kill()
    engine.process.wait(10)
    # Within a second on a quiet machine; how long it takes to come up again is in docs/figures.md.
    until(lambda: not any(runs(pid) for pid in pids), 30, lambda: f"still running: {pids}")

    again = RunningEngine(engine.folder)
    try:
        again.await_up()
        pids = again.pids()
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(timeout=40) == 0, again.said()
    finally:
        again.stop()
    assert [pid for pid in pids if runs(pid)] == []
    stopped = [line.split("  ")[0] for line in again.said().splitlines() if line.endswith("stopped")]
    assert [stopped[0], *stopped[3:]] == ["web", "localnet", "valkey"]
    assert sorted(stopped[1:3]) == ["worker 1", "worker 2"]
    assert list((again.data_dir / "run").glob("*.pid")) == []


def test_a_taken_port_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        engine = RunningEngine(tmp_path, PORT=str(port))
        assert engine.process.wait(timeout=30) == 1
    assert engine.said() == f"CommandError: port {port} on 127.0.0.1 is taken: set PORT to a free one\n"
    assert not (engine.data_dir / "run" / "valkey.pid").exists()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    engine = RunningEngine(tmp_path)
    assert engine.process.wait(timeout=30) == 1
    assert engine.said() == f"CommandError: DATA_DIR {tmp_path / 'data'} cannot be written: File exists\n"


def test_a_start_on_a_full_volume_says_so(tmp_path: Path) -> None:
    with tiny_volume(tmp_path / "volume", 100) as volume:
        volume.fill()
        engine = RunningEngine(tmp_path, DATA_DIR=str(volume.path / "data"))
        assert engine.process.wait(timeout=30) == 1
    said = f"CommandError: DATA_DIR {volume.path / 'data'} takes no files: No space left on device\n"
    assert engine.said() == said


def test_an_odd_deep_folder_works_and_a_damaged_broker_log_is_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / f"a b#c?d=%20[e]'f\"g\\&+@{'d' * 120}"
    folder.mkdir()
    first = RunningEngine(folder)
    try:
        first.await_up()
        assert first.live_status() == 200
        placed = first.manage("order", "SOL", "USDC", "1", "--json")
        assert json.loads(placed.stdout.splitlines()[-1])["status"] == "confirmed", placed
        # The path of a Unix socket is short.
        path = Path(first.published()["REDIS_URL"].removeprefix("unix://"))
        assert len(str(path)) < 100
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert redis_answers(path)
    finally:
        first.process.send_signal(signal.SIGINT)
        assert first.process.wait(timeout=40) == 0, first.said()
    assert not path.parent.exists()
    assert port_is_free("127.0.0.1", first.port)
    assert (first.data_dir / "engine.sqlite3").stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]

    log = first.data_dir / "valkey" / "appendonlydir"
    for file in log.glob("*.aof"):
        file.write_bytes(b"no log at all" * 100)
    again = RunningEngine(folder)
    try:
        again.await_up()
        said = (
            f"valkey     repaired  its files could not be read and are in {first.data_dir}/valkey/set-aside"
        )
        assert said in again.said()
        assert again.live_status() == 200
    finally:
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(timeout=40) == 0, again.said()
