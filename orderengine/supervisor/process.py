"""One part of the engine: its command, its process, its restarts."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from orderengine import pulse
from orderengine.supervisor import bound
from orderengine.supervisor.data_folder import DataFolder

RESTART_DELAYS_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
# A part that stayed up this long has recovered: its next failure is a new one.
HEALTHY_AFTER_SECONDS: Final = 30.0
PROBE_EVERY_SECONDS: Final = 5.0
# Longer than a machine under load keeps a living server from answering.
HUNG_AFTER_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Part:
    """What to run, how to see that it serves, and how long it may take to stop."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    is_ready: Callable[[], bool] = field(repr=False)
    where: str
    grace_seconds: float = 10.0
    before_start: Callable[[], None] = field(default=lambda: None, repr=False)
    # Called when it ended before it served: what was done about that, or None where nothing can be.
    repair: Callable[[], str | None] = field(default=lambda: None, repr=False)
    # Asked now and then while it serves; a part without one, and without pulse, is watched for its end.
    is_alive: Callable[[], bool] | None = field(default=None, repr=False)
    # Whether it sends a pulse (`orderengine.pulse`) while it serves.
    has_pulse: bool = False

    @property
    def title(self) -> str:
        """The name as people read it: ``worker-1`` is "worker 1"."""
        return self.name.replace("-", " ")


class PulsePipe:
    """The supervisor's end of a process's pulse, and the other one until it is handed on."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        for end in (self._reader, self.writer):
            os.set_blocking(end, False)

    def came(self) -> bool:
        """Whether one came since it was last asked; also where none will come any more."""
        try:
            # As many as a pipe holds.
            os.read(self._reader, 1 << 16)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """The process has ended."""
        os.close(self._reader)


class PartProcess:
    """The process of a part, in a session of its own so that Ctrl-C reaches only the supervisor.

    Start it from the main thread: the kernel's parent-death signal follows the thread that forked.
    """

    def __init__(self, part: Part, folder: DataFolder, working_dir: Path) -> None:
        self.part = part
        self.ready = False
        self._folder = folder
        self._working_dir = working_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._pulse: PulsePipe | None = None
        self._started_at = 0.0
        self._failures = 0
        self._answered_at = 0.0
        self._asked_at = 0.0

    def start(self) -> None:
        """Start the command; its output is appended to the part's log, or lost where none can be written.

        Raises OSError when the process cannot be made.
        """
        # A try that fails is one too: the pauses between tries grow.
        self._started_at = self._answered_at = self._asked_at = time.monotonic()
        self.ready = False
        self.part.before_start()
        self._pulse = PulsePipe() if self.part.has_pulse else None
        try:
            self._process = self._launched()
        except OSError:
            self._end_pulse()
            raise
        # For people to read: on a full volume there is none, and the process is watched all the same.
        with contextlib.suppress(OSError):
            self._folder.pid_file(self.part.name).write_text(f"{self._process.pid}\n")

    def _launched(self) -> subprocess.Popen[bytes]:
        shim = (sys.executable, "-I", "-S", bound.__file__, str(os.getpid()), "--")
        environment, handed_on = dict(self.part.environment), []
        if self._pulse is not None:
            environment[pulse.DESCRIPTOR] = str(self._pulse.writer)
            handed_on.append(self._pulse.writer)
        with self._folder.open_log(self.part.name) as log:
            try:
                return subprocess.Popen(  # noqa: S603
                    shim + self.part.command,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    cwd=self._working_dir,
                    start_new_session=True,
                    pass_fds=handed_on,
                )
            finally:
                for descriptor in handed_on:
                    os.close(descriptor)

    def _end_pulse(self) -> None:
        if self._pulse is not None:
            self._pulse.close()
            self._pulse = None

    @property
    def pid(self) -> int | None:
        """The process id of the command, None when it does not run."""
        return self._process.pid if self._process is not None else None

    def exit_status(self) -> int | None:
        """The exit code, negative for a signal; None while the process runs or was never started."""
        return self._process.poll() if self._process is not None else None

    def seconds_up(self) -> float:
        """How long ago the process was started."""
        return time.monotonic() - self._started_at

    def is_hung(self) -> bool:
        """Whether it serves, and has answered no probe for `HUNG_AFTER_SECONDS`."""
        if not self.ready or (self.part.is_alive is None and self._pulse is None):
            return False
        now = time.monotonic()
        if now - self._asked_at < PROBE_EVERY_SECONDS:
            return False
        if self._is_alive():
            self._answered_at = now
        elif now - self._asked_at > 2 * PROBE_EVERY_SECONDS:
            # The supervisor itself was held up: it knows nothing of that time.
            self._answered_at = now
        self._asked_at = now
        return now - self._answered_at >= HUNG_AFTER_SECONDS

    def _is_alive(self) -> bool:
        if self.part.is_alive is not None:
            return self.part.is_alive()
        return self._pulse is None or self._pulse.came()

    def next_delay(self) -> float:
        """Seconds to wait before the next start, after a death."""
        if self.seconds_up() >= HEALTHY_AFTER_SECONDS:
            self._failures = 0
        delay = RESTART_DELAYS_SECONDS[min(self._failures, len(RESTART_DELAYS_SECONDS) - 1)]
        self._failures += 1
        return delay

    def signal(self, number: signal.Signals) -> None:
        """Signal the command alone. Pool threads or children of it are its own to stop."""
        if self._process is not None:
            self._process.send_signal(number)

    def forget(self) -> None:
        """Close the pipe of a dead process and remove its pid file."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None
        self._end_pulse()
        with contextlib.suppress(OSError):
            self._folder.pid_file(self.part.name).unlink(missing_ok=True)

    def last_log_line(self) -> str:
        """The last line of the log that says something, for the message about a failed start."""
        try:
            with self._folder.log_file(self.part.name).open("rb") as log:
                log.seek(0, os.SEEK_END)
                log.seek(max(0, log.tell() - 4096))
                lines = log.read().decode(errors="replace").split("\n")
        except OSError as error:
            return f"its log cannot be read: {error.strerror}"
        return next((line.strip() for line in reversed(lines) if line.strip()), "its log is empty")


def describe_exit(status: int) -> str:
    """An exit status in words: "exit 1" or "killed by SIGKILL"."""
    if status >= 0:
        return f"exit {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
