"""CPU time and memory of the engine's processes, from Linux's /proc (proc(5))."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_MILLISECONDS: Final = 1000
_KIB_A_MIB: Final = 1024
# Fields 14 and 15 of /proc/PID/stat, counted behind the command's closing bracket (field 2).
_UTIME, _STIME = 11, 12
# What a process is called when no supervisor has written its id down, by a word of its command line.
_KNOWN_COMMANDS: Final[Mapping[str, str]] = {
    "daphne": "web",
    "celery": "worker",
    "dex.localnet": "localnet",
    "valkey-server": "valkey",
    "redis-server": "redis",
}


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """CPU milliseconds over the run and peak resident MiB since the process started, summed over a part."""

    name: str
    processes: int
    cpu_ms: int
    peak_rss_mib: int


class CpuMeter:
    """Measures the engine's processes and this one from its making to `measure`."""

    def __init__(self, run_folder: Path, *, with_postgres: bool) -> None:
        self._run_folder = run_folder
        self._with_postgres = with_postgres
        self._before = {pid: cpu_ms(pid) or 0 for pid in self._processes()}
        self._own_before = time.process_time()

    def measure(self) -> list[ProcessUsage]:
        """The usage of each part; a process that was started meanwhile counts from its start."""
        names = self._processes()
        parts: dict[str, list[tuple[int, int]]] = {}
        for pid, name in names.items():
            spent = cpu_ms(pid)
            if spent is not None:
                parts.setdefault(name, []).append((spent - self._before.get(pid, 0), peak_rss_mib(pid)))
        own = round((time.process_time() - self._own_before) * _MILLISECONDS)
        parts["bench itself"] = [(own, peak_rss_mib(os.getpid()))]
        return [
            ProcessUsage(name, len(each), sum(cpu for cpu, _ in each), max(rss for _, rss in each))
            for name, each in parts.items()
        ]

    def _processes(self) -> dict[int, str]:
        found = engine_processes(self._run_folder)
        if self._with_postgres:
            found |= {pid: "postgres" for pid in _pids() if _command_name(pid).startswith("postgres")}
        return found


def engine_processes(run_folder: Path) -> dict[int, str]:
    """Process id to name of the part: as the supervisor wrote them down, else found by command line."""
    return _written_down(run_folder) or _by_command_line(_command_lines())


def cpu_ms(pid: int) -> int | None:
    """User and system time of a process in milliseconds, None when it is gone."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    ticks = int(fields[_UTIME]) + int(fields[_STIME])
    return ticks * _MILLISECONDS // os.sysconf("SC_CLK_TCK")


def peak_rss_mib(pid: int) -> int:
    """The most memory a process has held, 0 when it is gone."""
    return _memory_mib(pid, "VmHWM:")


def rss_mib(pid: int) -> int:
    """The memory a process holds now, 0 when it is gone."""
    return _memory_mib(pid, "VmRSS:")


def _memory_mib(pid: int, name: str) -> int:
    try:
        status = (_PROC / str(pid) / "status").read_text()
    except OSError:
        return 0
    found = [int(line.split()[1]) for line in status.splitlines() if line.startswith(name)]
    return found[0] // _KIB_A_MIB if found else 0


def _written_down(run_folder: Path) -> dict[int, str]:
    found: dict[int, str] = {}
    for path in sorted(run_folder.glob("*.pid")):
        text = path.read_text().strip()
        if text.isdigit():
            found[int(text)] = path.stem
    return found


def _by_command_line(commands: Iterable[tuple[int, str]]) -> dict[int, str]:
    found: dict[int, str] = {}
    for pid, command in commands:
        for word, name in _KNOWN_COMMANDS.items():
            if word in command:
                found[pid] = name
                break
    return found


def _command_lines() -> list[tuple[int, str]]:
    return [(pid, _command_line(pid)) for pid in _pids() if pid != os.getpid()]


def _pids() -> list[int]:
    return [int(path.name) for path in _PROC.iterdir() if path.name.isdigit()] if _PROC.is_dir() else []


def _command_line(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _command_name(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""
