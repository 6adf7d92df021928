"""Processes that are killed, frozen and slowed by a seed, under load, with the field's leases and sweeps.

``--seeds 20`` runs twenty of them; each says how long the slowest order stood still after each fault. How
long that may be holds on a machine with nothing else to do; on another one they have to move all the same.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final

import pytest

from orders.lifecycle import FINAL
from orders.proving.soak.processes import RigProcess
from orders.proving.soak.rig import Rig, RigPlan
from orders.proving.soak.traffic import Traffic
from orders.proving.soak.waiting import eventually
from tests.faults.lease_watch import LeaseWatch

pytestmark = pytest.mark.faults

FIELD: Final = {"LEASE_SECONDS": "30", "SWEEP_SECONDS": "2", "REBROADCAST_SECONDS": "2"}
AFTER_A_RESTART, AFTER_A_DEATH = 5, 10
# What a slow machine takes on top.
SLACK_SECONDS: Final = 3
NODE_DELAYS_MS: Final = (20, 80, 200)
# Some orders at each stage at any time, on a machine that other tests use too.
CLIENTS: Final = 2


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("seed", range(1, metafunc.config.getoption("seeds") + 1))


@dataclass(slots=True)
class Trial:
    """One seed on one engine, and what was measured."""

    rig: Rig
    watch: LeaseWatch
    draw: random.Random
    figures: list[str] = field(default_factory=list)

    def unfinished(self) -> dict[str, int]:
        """The orders that are not at their end, with their versions."""
        with closing(sqlite3.connect(self.rig.folder / "engine.sqlite3", timeout=20)) as connection:
            rows = connection.execute("SELECT id, version, status FROM orders_order").fetchall()
        return {order_id: version for order_id, version, status in rows if status not in FINAL}

    def await_moved(self, stood: dict[str, int], since: float, seconds: float, what: str) -> None:
        """Wait until each of these orders has taken a step, and note how long the last one took."""
        waiting = dict(stood)

        def all_moved() -> bool:
            now = self.unfinished()
            for order_id in [each for each in waiting if now.get(each, -1) != waiting[each]]:
                del waiting[order_id]
            return not waiting

        eventually(all_moved, 60, lambda: f"{what}: {waiting}")
        took = time.monotonic() - since
        self.figures.append(f"{what} {took:.1f} s ({len(stood)} orders)")
        assert took < seconds + SLACK_SECONDS or is_busy(), self.figures

    def kill(self, *parts: RigProcess) -> None:
        """SIGKILL; the watch knows it beforehand."""
        self.watch.killed |= {part.pid for part in parts}
        for part in parts:
            part.kill()

    def one_worker_dies(self) -> None:
        """Ten seconds later the other one has gone on with everything."""
        worker = self.draw.choice(self.rig.workers)
        self.kill(worker)
        self.await_moved(self.unfinished(), time.monotonic(), AFTER_A_DEATH, "after a death")
        worker.start()

    def everything_dies(self) -> None:
        """Five seconds after the restart every order has moved."""
        self.kill(*self.rig.parts)
        stood, died = self.unfinished(), time.monotonic()
        self.rig.restore()
        up = time.monotonic()
        self.figures.append(f"up after {up - died:.1f} s")
        self.await_moved(stood, up, AFTER_A_RESTART, "after a restart")

    def one_worker_freezes(self) -> None:
        """It is stopped for less than its lease, and goes on."""
        worker, seconds = self.draw.choice(self.rig.workers), self.draw.uniform(3, 12)
        worker.freeze()
        pause(seconds)
        worker.thaw()

    def one_worker_is_slow(self) -> None:
        """It runs for a twentieth of the time."""
        worker, until = self.draw.choice(self.rig.workers), time.monotonic() + self.draw.uniform(4, 8)
        while time.monotonic() < until:
            worker.freeze()
            pause(0.38)
            worker.thaw()
            pause(0.02)


def is_busy() -> bool:
    """Whether the machine has had twice as much to do as it can, this engine included."""
    return os.getloadavg()[0] > 2 * (os.cpu_count() or 1)


def pause(seconds: float) -> None:
    until = time.monotonic() + seconds
    eventually(lambda: time.monotonic() >= until, seconds + 60)


@pytest.fixture(scope="module")
def field_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(RigPlan(tmp_path_factory.mktemp("seeds"), settings=FIELD))
    rig.start()
    rig.client.await_confirmed(rig.client.place())
    yield rig
    rig.stop()


@contextmanager
def watched(rig: Rig, killed: set[int]) -> Iterator[LeaseWatch]:
    watch = LeaseWatch(rig.folder / "engine.sqlite3", rig.logs, killed)
    watch.start()
    yield watch
    assert watch.stop() == []
    assert watch.samples > 0


@pytest.fixture(scope="module")
def killed() -> set[int]:
    """The processes that were killed, of all seeds: logs tell of each of them."""
    return set()


def test_orders_move_soon_and_nothing_is_taken_from_the_living(
    field_rig: Rig, killed: set[int], seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    draw, traffic = random.Random(seed), Traffic(field_rig.client, seed, CLIENTS)
    with watched(field_rig, killed) as watch:
        trial = Trial(field_rig, watch, draw)
        faults: list[Callable[[], None]] = [
            *(trial.one_worker_dies, trial.everything_dies),
            *(trial.one_worker_freezes, trial.one_worker_is_slow),
        ]
        draw.shuffle(faults)
        traffic.start()
        try:
            for fault in faults:
                field_rig.rpc_line.delay(draw.choice(NODE_DELAYS_MS))
                pause(draw.uniform(1, 3))
                fault()
        finally:
            field_rig.restore()
            traffic.stop()
            with capsys.disabled():
                load = f"load {os.getloadavg()[0]:.0f}"
                sys.stdout.write(f"\nseed {seed}: {'; '.join([*trial.figures, load])}\n")
        field_rig.verify(90)
    assert traffic.failures == []
