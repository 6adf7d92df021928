"""`python -m tests.fleet --webs 2 --workers 4 --orders 1000`: measure the services of docker-compose.yml.

Everything is started as the compose file says, on a throw-away PostgreSQL with its own defaults, or with
--database sqlite. Prints rates, CPU and shares, and checks every promise against the chain.

--backlog posts the orders before the workers start. --node-delay 150 moves the node so many milliseconds
away, to and fro; --history FILE begins with what `manage.py bench_history --fill-only --file FILE` has
written. What follows -- are arguments of `manage.py bench`, which then measures instead:

python -m tests.fleet --webs 1 --database sqlite --node-delay 150 -- --orders 60 --clients 1 --one-at-a-time
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from orders.proving.benchmark.load import LoadGenerator, LoadPlan, Sample, Swap
from orders.proving.soak.waiting import eventually
from tests.fleet import backlog, figures
from tests.fleet.running import Fleet, FleetPlan
from tests.postgres import postgres_server

_SWAPS = (Swap("SOL", "USDC", "0.01"), Swap("USDC", "SOL", "1"))
_CLIENTS = 25
_BENCH_SECONDS = 600


def main() -> int:
    """Run once; 0 when every promise was kept."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="oee-fleet-") as folder, _database(options) as address:
        fleet = Fleet(_plan(Path(folder) / "fleet", address, options))
        try:
            fleet.start(workers=not options.backlog)
            if options.bench:
                _bench(fleet, options.bench)
            elif options.backlog:
                backlog.measure(fleet, options.orders)
            else:
                _measure(fleet, address, options)
        finally:
            fleet.stop()
    return 0


def _plan(folder: Path, address: str | None, options: argparse.Namespace) -> FleetPlan:
    return FleetPlan(
        folder,
        address,
        options.webs,
        options.workers,
        variables={"CELERY_BROKER_URL": options.broker} if options.broker else {},
        node_delay_ms=options.node_delay,
        history=options.history,
    )


def _bench(fleet: Fleet, arguments: Sequence[str]) -> None:
    """What `manage.py bench` says of this fleet; its processes are known by their ids."""
    run = fleet.folder / "run"
    run.mkdir()
    for part in fleet.parts:
        (run / f"{part.name}.pid").write_text(str(part.pid))
    words = ("python", "manage.py", "bench", "--url", fleet.urls[0], "--token", fleet.token, *arguments)
    before = figures.node_requests(fleet)
    print(fleet.run("web", *words, seconds=_BENCH_SECONDS), end="")
    asked = figures.node_requests(fleet) - before
    print("requests of workers " + ", ".join(f"{method} {n}" for method, n in asked.most_common()))
    print(f"load average {', '.join(f'{value:.1f}' for value in os.getloadavg())}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fleet")
    parser.add_argument("--webs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--binaries", type=Path, help="of PostgreSQL, as /usr/lib/postgresql/15/bin")
    parser.add_argument("--broker", help="a CELERY_BROKER_URL instead of Redis")
    parser.add_argument("--kill", action="store_true", help="kill -9 the first worker at half time")
    parser.add_argument("--node-delay", type=int, default=0, metavar="MS", help="of a round trip to the node")
    parser.add_argument("--history", type=Path, metavar="FILE", help="a SQLite database to begin with")
    parser.add_argument("--backlog", action="store_true", help="post before the workers start")
    own = sys.argv[1:]
    at = own.index("--") if "--" in own else len(own)
    options = parser.parse_args(own[:at])
    options.bench = own[at + 1 :]
    return options


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
    asked = figures.node_requests(fleet)["getSignatureStatuses"]
    before, already = figures.fleet_cpu(fleet, postmaster), figures.shares(fleet)
    samples = asyncio.run(_load(fleet, options))
    for client in fleet.clients:
        eventually(lambda c=client: not fleet.checker.unfinished(c.accepted), 180, "all orders at their end")
    after, done = figures.fleet_cpu(fleet, postmaster), figures.shares(fleet)
    statuses = figures.node_requests(fleet)["getSignatureStatuses"] - asked
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
