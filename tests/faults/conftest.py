"""One rig a database, shared by the cases: each begins with everything up, and ends with the check."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from orders.proving.soak.rig import Rig, RigPlan
from tests.faults.databases import StoppablePostgres, stoppable_postgres

DATABASES = ("sqlite", "postgres")
# Within this every accepted order must be at its end, whatever was broken: leases of 2 s, sweeps
# of 1 s, adoption after 15 s, retries of 1 + 2 + 4 s, and room for a slow machine.
BOUND_SECONDS = 60


class Rigs:
    """Makes rigs on demand; one that failed its check is thrown away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, Rig] = {}
        self._stack = ExitStack()
        self._postgres: StoppablePostgres | None = None
        self._count = 0

    @property
    def postgres(self) -> StoppablePostgres:
        """The server, started at first use."""
        if self._postgres is None:
            try:
                self._postgres = self._stack.enter_context(stoppable_postgres())
            except FileNotFoundError as error:
                pytest.skip(str(error))
        return self._postgres

    def take(self, database: str) -> Rig:
        """The running rig on this database with everything up, or a new one."""
        rig = self._running.get(database)
        if rig is None:
            self._count += 1
            url = self.postgres.create() if database == "postgres" else None
            rig = self._running[database] = Rig(RigPlan(self._folder / f"{database}-{self._count}", url))
            rig.start()
            # The first order of a process pays for imports and connections: no case is about that.
            rig.client.await_confirmed(rig.client.place())
        rig.restore()
        return rig

    def discard(self, database: str) -> None:
        """The next one to ask gets a fresh rig."""
        self._running.pop(database).stop()

    def close(self) -> None:
        for rig in self._running.values():
            rig.stop()
        self._stack.close()


@pytest.fixture(scope="session")
def rigs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rigs]:
    made = Rigs(tmp_path_factory.mktemp("faults"))
    yield made
    made.close()


@pytest.fixture(params=DATABASES)
def rig(request: pytest.FixtureRequest, rigs: Rigs) -> Iterator[Rig]:
    """An engine to break. Afterwards every promise is checked, on everything it has ever done."""
    running = rigs.take(request.param)
    sound = False
    try:
        yield running
        if request.node.stash.get(FAILED, False):
            return
        running.restore()
        started = time.monotonic()
        running.verify(BOUND_SECONDS)
        request.node.user_properties.append(("quiet_after", round(time.monotonic() - started, 1)))
        sound = True
    finally:
        if not sound:
            rigs.discard(request.param)


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
