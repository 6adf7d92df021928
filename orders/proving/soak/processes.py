"""One process of a rig: it can be killed, frozen, stopped and started, and cannot outlive this one."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from orders.proving.soak.waiting import TooLate, eventually

START_SECONDS: Final = 60
STOP_SECONDS: Final = 40


class RigProcess:
    """A command with its environment and its log. Start it from the main thread (see prctl(2))."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log_file: Path,
        is_ready: Callable[[], bool],
        before_start: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.log_file = log_file
        self._command = tuple(command)
        self._environment = dict(environment)
        self._is_ready = is_ready
        self._before_start = before_start
        self._process: subprocess.Popen[bytes] | None = None
        self._is_frozen = False

    @property
    def is_alive(self) -> bool:
        """Whether it runs; a frozen process does."""
        return self._process is not None and self._process.poll() is None

    @property
    def is_frozen(self) -> bool:
        """Whether it was stopped with SIGSTOP and not continued."""
        return self._is_frozen and self.is_alive

    @property
    def pid(self) -> int:
        """Its process id; raises RuntimeError when it was never started."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._process.pid

    def status_file(self) -> Path:
        """What the kernel says of it (proc(5))."""
        return Path(f"/proc/{self.pid}/status")

    def launch(self, **extra_environment: str) -> None:
        """Start it without waiting for it."""
        self._before_start()
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                (*_bound_to_us(), *self._command),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment | extra_environment,
                start_new_session=True,
            )
        self._is_frozen = False

    def await_ready(self) -> None:
        """Wait until it serves; raises TooLate, also when it ends instead."""
        eventually(self._ready_or_dead, START_SECONDS, lambda: f"{self.name} ready: {self._last_lines()}")
        if not self.is_alive:
            raise TooLate(f"{self.name} ended while starting: {self._last_lines()}")

    def start(self, **extra_environment: str) -> None:
        """Start it and wait until it serves."""
        self.launch(**extra_environment)
        self.await_ready()

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._close()

    def terminate(self) -> int:
        """SIGTERM, wait for the end, and give the exit status."""
        if self._process is None:
            return 0
        self._process.terminate()
        status = self._process.wait(STOP_SECONDS)
        self._close()
        return status

    def await_death(self, seconds: int = 20) -> int:
        """Wait until it has ended by itself; its exit status, negative for a signal."""
        process = self._process
        if process is None:
            raise RuntimeError(f"{self.name} was never started")
        eventually(lambda: process.poll() is not None, seconds, f"{self.name} dies")
        self._close()
        return int(process.returncode)

    def await_freeze(self, seconds: int = 20) -> None:
        """Wait until it has frozen by itself."""
        eventually(lambda: "\tT (stopped)" in self.status_file().read_text(), seconds, f"{self.name} freezes")
        self._is_frozen = True

    def freeze(self) -> None:
        """SIGSTOP: it keeps its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        self._is_frozen = True

    def thaw(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)
        self._is_frozen = False

    def _ready_or_dead(self) -> bool:
        return not self.is_alive or self._is_ready()

    def _close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def _last_lines(self) -> str:
        return self.log_file.read_bytes()[-2000:].decode(errors="replace")


def _bound_to_us() -> tuple[str, ...]:
    # By its file: the shim runs before anything is imported, and belongs to a package above this one.
    shim = importlib.util.find_spec("orderengine.supervisor.bound")
    if shim is None or shim.origin is None:
        raise RuntimeError("orderengine.supervisor.bound is not installed")
    return (sys.executable, "-I", "-S", shim.origin, str(os.getpid()), "--")
