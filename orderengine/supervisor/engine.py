"""The order of things: start from the ground up, keep up, stop from the top down."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

from orderengine.supervisor.data_folder import DataFolder
from orderengine.supervisor.errors import CannotStartError
from orderengine.supervisor.process import HUNG_AFTER_SECONDS, Part, PartProcess, describe_exit

START_LIMIT_SECONDS: Final = 120.0
# A part that takes longer is named, with its log: perhaps it waits for something that never comes.
NOTICE_AFTER_SECONDS: Final = 10.0
STARTING_PAUSE_SECONDS: Final = 0.02
WATCHING_PAUSE_SECONDS: Final = 0.2
# Once the user has asked twice, a part that still writes gets this long and no more.
HASTY_GRACE_SECONDS: Final = 1.0
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Announce = Callable[[str], None]


class StopRequests:
    """Counts the signals that ask for a stop, and wakes anyone who waits for one."""

    def __init__(self) -> None:
        self.count = 0
        self._reader, self._writer = os.pipe()

    def __enter__(self) -> Self:
        os.set_blocking(self._writer, False)
        for number in STOP_SIGNALS:
            # A hang-up that nohup has switched off stays off.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._note)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the next signal or the death of a child."""
        readable, _, _ = select.select([self._reader], [], [], max(0.0, seconds))
        if readable:
            os.read(self._reader, 4096)

    def _note(self, number: int, frame: FrameType | None) -> None:
        # A closing terminal may hang up more than once; only people and init systems ask again.
        self.count = max(self.count, 1) if number == signal.SIGHUP else self.count + 1


class Engine:
    """Starts stages of parts, restarts what dies, stops in the opposite order."""

    def __init__(
        self, folder: DataFolder, working_dir: Path, requests: StopRequests, announce: Announce
    ) -> None:
        self._folder = folder
        self._working_dir = working_dir
        self._requests = requests
        self._announce = announce
        self._running: list[PartProcess] = []
        self._due: dict[str, float] = {}
        self._noticed: set[str] = set()

    def launch(self, parts: Sequence[Part]) -> None:
        """Start the parts without waiting for them.

        Raises CannotStartError when a process cannot be made.
        """
        for part in parts:
            process = PartProcess(part, self._folder, self._working_dir)
            try:
                process.start()
            except OSError as error:
                raise CannotStartError(f"{part.title} cannot be started: {error.strerror}") from error
            self._running.append(process)

    def await_ready(self) -> bool:
        """Wait until every launched part serves; False when a stop was asked for meanwhile.

        Raises CannotStartError when a part ends or does not serve in time.
        """
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while any(not process.ready for process in self._running):
            if self._requests.count:
                return False
            for process in self._running:
                self._check_start(process, deadline)
            self._requests.pause(STARTING_PAUSE_SECONDS)
        return not self._requests.count

    def watch(self) -> None:
        """Keep every part up until a stop is asked for."""
        while not self._requests.count:
            for process in self._running:
                self._tend(process)
            self._requests.pause(WATCHING_PAUSE_SECONDS)

    def stop(self) -> None:
        """Stop in the opposite order of the start; workers side by side, the rest one by one."""
        while self._running:
            last = self._running[-1].part.name
            kind = last.split("-")[0]
            group = [process for process in self._running if process.part.name.split("-")[0] == kind]
            self._stop_together(group)
            self._running = [process for process in self._running if process not in group]

    def _check_start(self, process: PartProcess, deadline: float) -> None:
        part, status = process.part, process.exit_status()
        if status is not None and (repaired := part.repair()) is not None:
            self._announce(f"{part.title:<10} repaired  {repaired}")
            process.forget()
            process.start()
            return
        if status is not None:
            raise CannotStartError(
                f"{part.title} ended while starting ({describe_exit(status)}): {process.last_log_line()}"
            )
        if not process.ready and part.is_ready():
            process.ready = True
            self._announce(f"{part.title:<10} ready   {part.where}")
        if process.ready:
            return
        log = self._folder.log_file(part.name)
        if time.monotonic() > deadline:
            raise CannotStartError(f"{part.title} does not answer: see {log}")
        if process.seconds_up() > NOTICE_AFTER_SECONDS and part.name not in self._noticed:
            self._noticed.add(part.name)
            self._announce(f"{part.title:<10} waits   see {log}")

    def _tend(self, process: PartProcess) -> None:
        name, title = process.part.name, process.part.title
        status = process.exit_status()
        if status is not None:
            if not process.ready and (repaired := process.part.repair()) is not None:
                self._announce(f"{title:<10} repaired  {repaired}")
            delay = process.next_delay()
            process.forget()
            self._due[name] = time.monotonic() + delay
            self._announce(f"{title:<10} died    {describe_exit(status)}; starting again in {delay:g} s")
        elif name in self._due:
            if time.monotonic() >= self._due[name]:
                self._restart(process)
        elif not process.ready and process.part.is_ready():
            process.ready = True
            self._announce(f"{title:<10} ready   again, pid {process.pid}")
        elif process.is_hung():
            # Not asked to stop: what does not answer receives no signal either.
            process.signal(signal.SIGKILL)
            self._announce(f"{title:<10} hangs   no answer for {HUNG_AFTER_SECONDS:g} s: killed")

    def _restart(self, process: PartProcess) -> None:
        try:
            process.start()
        except OSError as error:
            # A machine short of memory or processes for a moment: as if the part had died at once.
            delay = process.next_delay()
            self._due[process.part.name] = time.monotonic() + delay
            self._announce(f"{process.part.title:<10} failed  {error.strerror}; again in {delay:g} s")
            return
        del self._due[process.part.name]

    def _stop_together(self, group: Sequence[PartProcess]) -> None:
        started = time.monotonic()
        for process in group:
            process.signal(signal.SIGTERM)
        for process in group:
            if process.pid is None:
                continue
            killed = not self._ended(process, started)
            if killed:
                process.signal(signal.SIGKILL)
                self._ended(process, time.monotonic())
            self._announce(f"{process.part.title:<10} {'killed' if killed else 'stopped'}")
            process.forget()

    def _ended(self, process: PartProcess, started: float) -> bool:
        while process.pid is not None and process.exit_status() is None:
            grace = HASTY_GRACE_SECONDS if self._requests.count > 1 else process.part.grace_seconds
            if time.monotonic() >= started + grace:
                return False
            self._requests.pause(WATCHING_PAUSE_SECONDS)
        return True
