"""Which process is meant, by what cannot be mistaken, and whether it is still there.

A process id alone comes round again. Together with the boot of the machine, the namespace that the id is
counted in and the moment of the process's start it never does. Linux says all of them (proc(5)); elsewhere
nothing is known of other processes.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
# Field 22 of /proc/PID/stat, counted behind the command's name, which may hold anything.
_STATE, _START_TIME = 0, 19


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process: its machine (boot and namespace, "" where unknown), its id there, the tick of its start."""

    machine: str
    pid: int
    started: int


def own_identity() -> ProcessIdentity:
    """Of this process."""
    stat = _stat(os.getpid())
    return ProcessIdentity(_machine(), os.getpid(), int(stat[_START_TIME]) if stat else 0)


def is_gone(process: ProcessIdentity) -> bool | None:
    """Whether it has ended; a frozen one has not. None: it is, or may be, of another machine."""
    if not process.machine or process.machine != _machine():
        return None
    stat = _stat(process.pid)
    # One that has ended and was not waited for yet runs no more.
    return stat is None or stat[_STATE] in {"Z", "X"} or int(stat[_START_TIME]) != process.started


def _machine() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""
    return f"{socket.gethostname()[:60]} {boot} {namespace}"


def _stat(pid: int) -> list[str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()
