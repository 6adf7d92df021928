"""A `manage.py run_engine` of one's own, for tests that are its clients."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orderengine.supervisor import bound
from orders.proving.soak.chain import ChainBooks
from tests.localnet_process import free_port_pair

# PRICE_SAMPLES: tests let their node be asked for nothing beside what they are about.
_INHERITED = ("PATH", "HOME", "PRICE_SAMPLES")
ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ("valkey", "localnet", "worker-1", "worker-2", "web")
# A test run that is killed leaves no engine behind.
_BOUND_TO_US = (sys.executable, "-I", "-S", bound.__file__)
_START_SECONDS = 120
_STOP_SECONDS = 40


class RunningEngine:
    """A `manage.py run_engine` in a folder of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.port = free_port_pair()
        self.output = folder / f"output-{self.port}"
        own = {
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "LOCALNET_PORT": str(free_port_pair()),
            "ENV_FILE": str(folder / "no.env"),
        }
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self.environment = inherited | own | environment
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                (
                    *_BOUND_TO_US,
                    str(os.getpid()),
                    "--",
                    sys.executable,
                    str(ROOT / "manage.py"),
                    "run_engine",
                ),
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def said(self) -> str:
        return self.output.read_text()

    def await_up(self) -> None:
        up_or_dead = lambda: " is up " in self.said() or self.process.poll() is not None  # noqa: E731
        until(up_or_dead, _START_SECONDS, self.said)
        assert self.process.poll() is None, self.said()

    def published(self) -> Mapping[str, str]:
        """The addresses that the engine gives to other commands on its data folder."""
        found: Mapping[str, str] = json.loads((self.data_dir / "run" / "engine.json").read_text())
        return found

    def chain(self) -> ChainBooks:
        """The chain as its node tells it, and its faults."""
        published = self.published()
        return ChainBooks(published["SOLANA_RPC_URL"], published["WALLET_ADDRESS"])

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a management command with the engine's environment, whatever its exit status."""
        return subprocess.run(
            (sys.executable, str(ROOT / "manage.py"), *arguments),
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def pid(self, part: str) -> int:
        return int((self.data_dir / "run" / f"{part}.pid").read_text())

    def pids(self) -> list[int]:
        return [self.pid(part) for part in PARTS]

    def live_status(self) -> int:
        with urllib.request.urlopen(f"{self.url}/health/live", timeout=5) as answer:
            status: Any = answer.status
            return int(status)

    def stop(self) -> None:
        """End it as its user would, or by force when that does not help."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(60)


def until(condition: Callable[[], bool], seconds: float, explain: Callable[[], str]) -> None:
    """Wait for the condition; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.02)
