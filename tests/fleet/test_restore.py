"""An old database restored: what swapped since must not swap again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from tests.fleet.running import Fleet, FleetPlan

pytestmark = pytest.mark.e2e


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    running = Fleet(FleetPlan(tmp_path / "fleet", None))
    try:
        running.start()
        yield running
    finally:
        running.stop()


def copy_database(source: Path, target: Path) -> None:
    """SQLite's online backup, as `sqlite3 FILE .backup` makes it."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def swaps_of(fleet: Fleet, order_id: UUID) -> int:
    return sum(one.succeeded and one.order_id == order_id for one in fleet.chain.landed())


def manage(fleet: Fleet, *arguments: str) -> str:
    return fleet.run("worker", "python", "manage.py", *arguments)


def test_orders_that_swapped_after_the_backup_are_parked_and_the_others_go_on(fleet: Fleet) -> None:
    client, worker, web = fleet.clients[0], fleet.workers[0], fleet.webs[0]
    database, backup = fleet.folder / "engine.sqlite3", fleet.folder / "backup.sqlite3"
    client.await_confirmed(client.place())
    worker.terminate()
    swapped_later = client.place()
    copy_database(database, backup)
    worker.start()
    client.await_confirmed(swapped_later)
    accepted_later = client.place()
    client.await_confirmed(accepted_later)
    worker.terminate()
    web.terminate()
    for leftover in fleet.folder.glob("engine.sqlite3*"):
        leftover.unlink()
    copy_database(backup, database)

    with pytest.raises(AssertionError, match="trading is on"):
        manage(fleet, "reconcile_restored")
    manage(fleet, "trading", "off", "--reason", "restored")
    said = manage(fleet, "reconcile_restored").splitlines()
    assert [line.split()[:2] for line in said[:-1]] == [
        ["parked", str(swapped_later)],
        ["unknown", str(accepted_later)],
    ]
    assert said[-1] == "1 orders parked, 1 swaps of unknown orders"

    manage(fleet, "trading", "on")
    web.start()
    worker.start()
    client.await_confirmed(client.place())
    assert client.order(swapped_later)["status"] == "pending"
    assert swaps_of(fleet, swapped_later) == 1
