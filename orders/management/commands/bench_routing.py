"""`manage.py bench_routing`: quotes per second by venue, and the search over many candidates, on one core."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from orders import gateway
from orders.amounts import parse_amount, to_base_units
from orders.errors import OrderError
from orders.proving.benchmark.machine import machine_line


class Command(BaseCommand):
    """Reads the pools once from the node; the rest is computing."""

    help = "Time quotes and route searches over the node's pools, copied until there are enough candidates."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pair", nargs=2, default=("SOL", "USDC"), metavar=("IN", "OUT"))
        parser.add_argument("--amounts", nargs="+", default=("1", "100", "2000", "20000"), metavar="AMOUNT")
        parser.add_argument("--candidates", type=int, default=60, metavar="N", help="default 60")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for a token or amount that is not valid, or a node that does not answer."""
        self.stdout.write(machine_line())
        try:
            sold, bought = (gateway.find_token(name) for name in options["pair"])
            for text in options["amounts"]:
                amount = to_base_units(parse_amount(text), sold.decimals)
                figures = gateway.time_routing(sold, bought, amount, options["candidates"])
                median, slowest = figures.search_seconds * 1000, figures.slowest_seconds * 1000
                self.stdout.write(
                    f"{text} {sold.symbol} to {bought.symbol}: search over {figures.candidates} candidates"
                    f" {median:.1f} ms, slowest {slowest:.1f} ms"
                )
                rates = ", ".join(f"{name} {rate:,}" for name, rate in figures.quotes_per_second.items())
                self.stdout.write(f"  quotes per second: {rates}")
                self.stdout.write(f"  {_gains(figures)}")
        except OrderError as error:
            raise CommandError(f"{error.code}: {error.message}") from error


def _gains(figures: gateway.RoutingFigures) -> str:
    if figures.gain is None or figures.gain_of_any_size is None:
        return "no pool of the pair takes that much alone"
    fitting, any_size = (Decimal(gain) / 100 for gain in (figures.gain, figures.gain_of_any_size))
    pays = f"the best route pays {fitting} bps more than the best pool"
    return f"{pays}; {any_size} bps if its size did not matter"
