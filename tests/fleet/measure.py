"""`python -m tests.fleet --webs 2 --workers 4 --orders 1000`: measure the services of docker-compose.yml.

Everything is started as the compose file says, on a throw-away PostgreSQL with its own defaults, or with
--database sqlite. Prints rates, CPU and shares, and checks every promise against the chain.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from orders.proving.benchmark.load import LoadGenerator, LoadPlan, Sample, Swap
from orders.proving.soak.waiting import eventually
from tests.fleet import figures
from tests.fleet.running import Fleet, FleetPlan
from tests.postgres import postgres_server

_SWAPS = (Swap("SOL", "USDC", "0.01"), Swap("USDC", "SOL", "1"))
_CLIENTS = 25


def main() -> int:
    """Run once; 0 when every promise was kept."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="oee-fleet-") as folder, _database(options) as address:
        variables = {"CELERY_BROKER_URL": options.broker} if options.broker else {}
        fleet = Fleet(FleetPlan(Path(folder) / "fleet", address, options.webs, options.workers, variables))
        try:
            fleet.start()
            _measure(fleet, address, options)
        finally:
            fleet.stop()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fleet")
    parser.add_argument("--webs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--binaries", type=Path, help="of PostgreSQL, as /usr/lib/postgresql/15/bin")
    parser.add_argument("--broker", help="a CELERY_BROKER_URL instead of Redis")
    parser.add_argument("--kill", action="store_true", help="kill -9 the first worker at half time")
    return parser.parse_args()


@contextmanager
def _database(options: argparse.Namespace) -> Iterator[str | None]:
    if options.database == "sqlite":
        yield None
        return
    with postgres_server(durable=True, binaries=options.binaries) as address:
        yield address


def _measure(fleet: Fleet, address: str | None, options: argparse.Namespace) -> None:
    postmaster = _postmaster(address)
    for client in fleet.clients:
        client.await_confirmed(client.place())
    asked = figures.node_requests(fleet, "getSignatureStatuses")
    before, already = figures.fleet_cpu(fleet, postmaster), figures.shares(fleet)
    samples = asyncio.run(_load(fleet, options))
    for client in fleet.clients:
        eventually(lambda c=client: not fleet.checker.unfinished(c.accepted), 180, "all orders at their end")
    after, done = figures.fleet_cpu(fleet, postmaster), figures.shares(fleet)
    statuses = figures.node_requests(fleet, "getSignatureStatuses") - asked
    fleet.checker.verify(set().union(*(client.accepted for client in fleet.clients)))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{options.webs} web, {options.workers} workers, {_version(address)}; load average {load}")
    print("\n".join(figures.rates(fleet.books, samples)))
    spent = {name: (after[name] - before.get(name, 0)) / options.orders for name in after}
    print(
        "CPU ms/order "
        + "  ".join(f"{name} {ms:.1f}" for name, ms in spent.items())
        + f"  all {sum(spent.values()):.1f}"
    )
    for worker, counts in done.items():
        print(f"{worker} " + "  ".join(f"{word} {n - already[worker][word]}" for word, n in counts.items()))
    print(f"getSignatureStatuses requests {statuses}; every promise kept")


async def _load(fleet: Fleet, options: argparse.Namespace) -> list[Sample]:
    each = options.orders // options.webs
    plans = [
        LoadPlan(url, each, _CLIENTS, _SWAPS, f"fleet{number}-", fleet.token)
        for number, url in enumerate(fleet.urls)
    ]
    posting = asyncio.gather(*(LoadGenerator(plan).run() for plan in plans))
    if options.kill:
        await asyncio.to_thread(_kill_at, fleet, options.orders // 2)
    return [sample for samples in await posting for sample in samples]


def _kill_at(fleet: Fleet, orders: int) -> None:
    eventually(lambda: len(fleet.books.orders()) >= orders, 120, "half of the orders")
    fleet.workers[0].kill()
    print(f"killed {fleet.workers[0].name}")


def _postmaster(address: str | None) -> int | None:
    if address is None:
        return None
    return int((Path(_socket_folder(address)) / "data" / "postmaster.pid").read_text().split()[0])


def _version(address: str | None) -> str:
    if address is None:
        return "SQLite"
    with psycopg.connect(host=_socket_folder(address), user="postgres", dbname="postgres") as server:
        row = server.execute("SHOW server_version").fetchone()
        return f"PostgreSQL {row[0] if row else ''}"


def _socket_folder(address: str) -> str:
    return address.split("@", 1)[1].rpartition("/")[0]
