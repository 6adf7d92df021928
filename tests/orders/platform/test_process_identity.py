"""Which process is meant, and whether it is still there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from orders.platform import process_identity
from orders.platform.process_identity import ProcessIdentity, is_gone, own_identity

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says it")

SAY_WHO = (
    "import time; from orders.platform.process_identity import own_identity as own;"
    "me = own(); print(me.machine, me.pid, me.started, sep='|', flush=True); time.sleep(60)"
)


@pytest.fixture
def other() -> Iterator[tuple[subprocess.Popen[str], ProcessIdentity]]:
    """Another process of this machine, and what it says that it is."""
    child = subprocess.Popen([sys.executable, "-c", SAY_WHO], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    machine, pid, started = child.stdout.readline().split("|")
    yield child, ProcessIdentity(machine, int(pid), int(started))
    child.kill()
    child.wait(60)


Other = tuple[subprocess.Popen[str], ProcessIdentity]


def test_a_process_that_runs_or_is_frozen_is_there(other: Other) -> None:
    child, identity = other
    assert is_gone(identity) is False
    os.kill(child.pid, signal.SIGSTOP)
    assert is_gone(identity) is False
    assert is_gone(own_identity()) is False


@pytest.mark.parametrize("is_waited_for", [False, True])
def test_a_process_that_was_killed_is_gone(other: Other, is_waited_for: bool) -> None:
    child, identity = other
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | (0 if is_waited_for else os.WNOWAIT))
    assert is_gone(identity) is True


def test_another_process_with_the_same_id_is_another(other: Other) -> None:
    _, identity = other
    assert is_gone(replace(identity, started=identity.started + 1)) is True


def test_nothing_is_known_of_processes_of_another_machine(
    other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, identity = other
    assert is_gone(replace(identity, machine="elsewhere")) is None
    monkeypatch.setattr(process_identity, "_machine", lambda: "")
    assert is_gone(replace(identity, machine="")) is None
