"""An old database restored: what swapped since must not swap again."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from tests.fleet.running import Fleet, FleetPlan
from tests.postgres import find_binaries, postgres_server

pytestmark = pytest.mark.e2e

Restore = Callable[[], None]


@pytest.fixture(params=["sqlite", "postgres"])
def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fleet]:
    with ExitStack() as stack:
        address = None
        if request.param == "postgres":
            try:
                address = stack.enter_context(postgres_server())
            except FileNotFoundError as error:
                pytest.skip(str(error))
        running = Fleet(FleetPlan(tmp_path / "fleet", address))
        stack.callback(running.stop)
        running.start()
        yield running


def back_up(fleet: Fleet) -> Restore:
    """Make a backup as docs/operations.md says; what it gives brings it back when all processes are down."""
    if fleet.database_url.startswith("sqlite"):
        database, backup = fleet.folder / "engine.sqlite3", fleet.folder / "backup.sqlite3"
        copy_database(database, backup)

        def restore_file() -> None:
            for leftover in fleet.folder.glob("engine.sqlite3*"):
                leftover.unlink()
            copy_database(backup, database)

        return restore_file
    folder, name = fleet.database_url.split("@", 1)[1].rsplit("/", 1)
    dump, login = fleet.folder / "orders.dump", ("-h", folder, "-U", "postgres")
    run_client("pg_dump", "-Fc", *login, "-f", str(dump), name)

    def restore_dump() -> None:
        with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as server:
            server.execute(f"DROP DATABASE {name}".encode())
            server.execute(f"CREATE DATABASE {name}".encode())
        run_client("pg_restore", "--exit-on-error", *login, "-d", name, str(dump))

    return restore_dump


def copy_database(source: Path, target: Path) -> None:
    """SQLite's online backup, as `sqlite3 FILE .backup` makes it."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def run_client(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(find_binaries() / program), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def swaps_of(fleet: Fleet, order_id: UUID) -> int:
    return sum(one.succeeded and one.order_id == order_id for one in fleet.chain.landed())


def manage(fleet: Fleet, *arguments: str) -> str:
    return fleet.run("worker", "python", "manage.py", *arguments)


def test_orders_that_swapped_after_the_backup_are_parked_and_the_others_go_on(fleet: Fleet) -> None:
    client, worker, web = fleet.clients[0], fleet.workers[0], fleet.webs[0]
    before = client.await_confirmed(client.place())["txHash"]
    worker.terminate()
    swapped_later = client.place()
    restore = back_up(fleet)
    worker.start()
    client.await_confirmed(swapped_later)
    accepted_later = client.place()
    client.await_confirmed(accepted_later)
    worker.terminate()
    web.terminate()
    restore()

    with pytest.raises(AssertionError, match="trading is on"):
        manage(fleet, "reconcile_restored")
    manage(fleet, "trading", "off", "--reason", "restored")
    said = manage(fleet, "reconcile_restored", "--since", before).splitlines()
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
