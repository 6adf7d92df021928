"""`manage.py bench_triggers`: what a look at many open orders costs on one core, and their memory."""

from __future__ import annotations

from statistics import median
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from orders.errors import OrderError
from orders.gateway.made_up_markets import MadeUpMarkets
from orders.proving.benchmark.machine import machine_line
from orders.proving.benchmark.triggers import Look, ManyOrders


class Command(BaseCommand):
    """Reads the node's pools once and copies them; the rest is computing."""

    help = "Time looks at made-up open orders over copies of the node's pools."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=int, default=10_000, metavar="N", help="default 10000")
        parser.add_argument("--pairs", type=int, default=50, metavar="N", help="of four pools; default 50")
        parser.add_argument("--looks", type=int, default=20, metavar="N", help="of each kind; default 20")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for a node that does not answer."""
        self.stdout.write(machine_line())
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

    def _say(self, what: str, looks: list[Look]) -> None:
        times = [look.seconds * 1_000 for look in looks]
        self.stdout.write(
            f"  {what}: {median(times):.0f} ms, at most {max(times):.0f} ms;"
            f" {sum(look.fired for look in looks)} fired,"
            f" {sum(look.routes for look in looks)} routes searched,"
            f" {median(look.audit_seconds for look in looks) * 1_000:.1f} ms for the audit"
        )
