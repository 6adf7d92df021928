"""`manage.py bench_triggers`: what a look at many open orders costs on one core, and their memory.

With ``--way`` instead: how long orders take on the running engine from the slot that fires them to
`submitted`. With ``--start-up``: how long a watcher takes to begin with so many open orders.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser

from orders.client.engine_address import find_engine
from orders.client.remote import EngineRefused, EngineUnreachable, RemoteEngine
from orders.errors import OrderError
from orders.gateway.made_up_markets import MadeUpMarkets
from orders.proving.benchmark import start_up
from orders.proving.benchmark.figures import spread
from orders.proving.benchmark.machine import machine_line
from orders.proving.benchmark.trigger_way import NoWay, TriggerWays, Way
from orders.proving.benchmark.triggers import Look, ManyOrders
from orders.proving.demo.prices import LocalnetPrices, PricesStay
from orders.records import watched_pairs
from orders.triggers.feed import socket_beside


class Command(BaseCommand):
    """Reads the node's pools once and copies them; the rest is computing."""

    help = "Time looks at made-up open orders over copies of the node's pools."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=int, default=10_000, metavar="N", help="default 10000")
        parser.add_argument("--pairs", type=int, default=50, metavar="N", help="of four pools; default 50")
        parser.add_argument(
            "--way", type=int, metavar="N", help="N orders' way to `submitted` on the running engine instead"
        )
        parser.add_argument(
            "--start-up",
            type=int,
            metavar="N",
            help="a watcher's start with N orders in an empty database",
        )
        parser.add_argument("--looks", type=int, default=20, metavar="N", help="of each kind; default 20")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for a node that does not answer."""
        self.stdout.write(machine_line())
        if options["way"]:
            self._way(options["way"])
            return
        if options["start_up"]:
            self._start_up(options["start_up"])
            return
        try:
            markets = MadeUpMarkets(options["pairs"])
        except OrderError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        orders = ManyOrders(markets, options["orders"])
        self.stdout.write(
            f"{options['orders']:,} open orders over {options['pairs']} pairs both ways,"
            f" {markets.pools} pools: {orders.bytes_an_order:,} bytes an order"
        )
        self._say("first look", [orders.look()])
        changed = []
        for _ in range(options["looks"]):
            markets.move()
            changed.append(orders.look())
        self._say("every pool changed", changed)
        self._say("nothing changed", [orders.look() for _ in range(options["looks"])])

    def _start_up(self, count: int) -> None:
        call_command("migrate", verbosity=0)
        try:
            start_up.fill(count)
            for name in ("first start", "second start"):
                took = start_up.start()
                watched_pairs.give_up()
                self.stdout.write(
                    f"  {name}: {took.watched:,} open orders read and looked at in {took.seconds:.1f} s,"
                    f" {took.cpu_seconds:.1f} s of CPU"
                )
        except start_up.NotEmpty as error:
            raise CommandError("give an empty database: DATABASE_URL=sqlite:////tmp/bench.sqlite3") from error
        except OrderError as error:
            raise CommandError(f"{error.code}: {error.message}") from error

    def _way(self, count: int) -> None:
        address = find_engine()
        if address.network != "localnet":
            raise CommandError("this sets prices: it runs on localnet only")
        prices, socket_url = LocalnetPrices(address.rpc_urls[0]), socket_beside(address.rpc_urls[0])
        ways: list[Way] = []
        with RemoteEngine(address.url) as engine:
            try:
                ways.extend(TriggerWays(engine, prices, socket_url).run(count))
            except (NoWay, PricesStay, EngineRefused, EngineUnreachable) as error:
                raise CommandError(str(error)) from error
        for name, values in (
            ("price set, until the node shows it", [way.shown for way in ways]),
            ("from then to routing", [way.fired for way in ways]),
            ("routing to building", [way.routed for way in ways]),
            ("building to submitted", [way.submitted for way in ways]),
            ("the node shows it, to submitted", [way.whole for way in ways]),
        ):
            found = spread(values)
            assert found is not None
            self.stdout.write(f"  {name}: p50 {found.p50}, p99 {found.p99}, most {max(values)} ms")

    def _say(self, what: str, looks: list[Look]) -> None:
        times = [look.seconds * 1_000 for look in looks]
        self.stdout.write(
            f"  {what}: {median(times):.0f} ms, at most {max(times):.0f} ms;"
            f" {sum(look.fired for look in looks)} fired,"
            f" {sum(look.routes for look in looks)} routes searched,"
            f" {median(look.audit_seconds for look in looks) * 1_000:.1f} ms for the audit"
        )
