"""Run a command that cannot outlive the process that started it.

Usage: ``python -I -S bound.py PARENT_PID [--pipe] -- COMMAND...``; standard library only.

Linux: the kernel kills the command when its parent dies (prctl(2), PR_SET_PDEATHSIG, which stays
set over execve(2)). Elsewhere, or with ``--pipe``: a watcher holds the read end of the parent's
pipe (standard input) and kills the command when the pipe closes. Either way the command keeps the
process id that the parent was given, so signals need no forwarding.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def _die_with_parent(parent_pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The parent may have died before prctl took hold: then nobody will ever send the signal.
    if os.getppid() != parent_pid:
        os._exit(1)


def _watch_pipe() -> None:
    command_pid = os.getpid()
    if os.fork() == 0:
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        while os.read(0, 64):
            pass
        # Another parent means that the command is gone, and its number may belong to a stranger.
        if os.getppid() == command_pid:
            os.kill(command_pid, signal.SIGKILL)
        os._exit(0)


def _read_nothing_from_stdin() -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def main(arguments: list[str]) -> None:
    """Bind this process to its parent, then become the command.

    Raises OSError when the command cannot be executed.
    """
    split = arguments.index("--")
    parent_pid, command = int(arguments[0]), arguments[split + 1 :]
    if sys.platform == "linux" and "--pipe" not in arguments[:split]:
        _die_with_parent(parent_pid)
    else:
        _watch_pipe()
    _read_nothing_from_stdin()
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
