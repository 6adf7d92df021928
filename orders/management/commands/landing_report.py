"""`manage.py landing_report`: how many of the sent transactions landed, how fast, and what they cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orders.amounts import from_base_units
from orders.reporting.landing import Landing, landings, rank, total

_LAMPORT_DECIMALS = 9
_HEAD = (
    f"{'day':<10} {'venue':<16} {'sent':>6} {'landed':>6} {'of known':>8} {'failed':>6} {'expired':>7} "
    f"{'p50 ms':>7} {'p99 ms':>7} {'per order':>9} {'network SOL':>13} {'priority SOL':>13} {'tips SOL':>13} "
    f"{'in vain SOL':>13}"
)


class Command(BaseCommand):
    """Print a line for each day and venue, and one for all; ``in vain`` is what failed transactions paid."""

    help = "Landed transactions, time to confirmed, attempts and fees, by day and venue."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--since DAYS`."""
        parser.add_argument("--since", type=int, default=7, metavar="DAYS", help="days back from now (7)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for a period of less than a day."""
        if options["since"] < 1:
            raise CommandError("--since is a number of days, at least 1")
        found = landings(timezone.now() - timedelta(days=options["since"]))
        self.stdout.write(_HEAD)
        for (day, venue), landing in found.items():
            self.stdout.write(_line(day.isoformat(), venue, landing))
        whole = total(found.values())
        self.stdout.write(_line("all", "", whole))
        if whole.costs_unknown:
            self.stdout.write(
                f"without the fees of {whole.costs_unknown} transactions that have none on record"
            )


def _line(day: str, venue: str, landing: Landing) -> str:
    percent, (sent, orders) = landing.landed_percent, landing.attempts_per_order
    p50, p99 = rank(landing.confirmation_ms, 50), rank(landing.confirmation_ms, 99)
    # Hundredths by integers: no float comes near.
    mean = sent * 100 // orders if orders else 0
    return (
        f"{day:<10} {venue:<16} {landing.sent:>6} {landing.landed:>6} "
        f"{'-' if percent is None else f'{percent} %':>8} {landing.failed_on_chain:>6} {landing.expired:>7} "
        f"{_or_dash(p50):>7} {_or_dash(p99):>7} {mean // 100:>6}.{mean % 100:02} "
        f"{_sol(landing.network_fees)} {_sol(landing.priority_fees)} "
        f"{_sol(landing.tips)} {_sol(landing.in_vain)}"
    )


def _sol(lamports: int) -> str:
    return f"{from_base_units(lamports, _LAMPORT_DECIMALS):>13}"


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)
