"""`manage.py bench_history`: reads and writes on a short and on a long history, to see what grows with it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from orders.management.commands.bench import positive
from orders.models import Order
from orders.proving.benchmark.history import NotOurs, fill, require_own, settle, trade_safety_for_speed
from orders.proving.benchmark.machine import machine_line
from orders.proving.benchmark.reads import Measured, measure, reads
from orders.proving.benchmark.writes import writes

_NEWEST: Final = datetime(2026, 6, 1, tzinfo=UTC)


class Command(BaseCommand):
    """Fills a database of its own: --file (SQLite), or DATABASE_URL, unless that holds orders already."""

    help = "Fill a database with orders, measure lists, details, the admin and writes, print the figures."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=positive, default=1_000_000, metavar="N")
        parser.add_argument("--compare", type=positive, default=10_000, metavar="N", help="the short history")
        parser.add_argument("--repeat", type=positive, default=50, metavar="N", help="runs of each read")
        parser.add_argument(
            "--file", type=Path, metavar="FILE", help="default: DATA_DIR/bench-history.sqlite3"
        )
        parser.add_argument("--only", default="", metavar="TEXT", help="reads whose name holds this")
        parser.add_argument("--explain", action="store_true", help="also print the plans of the long history")
        parser.add_argument("--fill-only", action="store_true", help="with ended orders; measure nothing")
        parser.add_argument("--no-admin", action="store_true", help="leave the admin out")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"] or not os.environ.get("DATABASE_URL"):
            _use_file(options["file"] or settings.DATA_DIR / "bench-history.sqlite3")
        try:
            require_own()
        except NotOurs as error:
            raise CommandError(f"cannot measure: {error}", returncode=2) from error
        call_command("migrate", verbosity=0)
        self.stdout.write(machine_line())
        if options["fill_only"]:
            self._fill(options["orders"], all_ended=True)
            return
        short = {}
        # A history that is there already is measured as it is.
        if Order.objects.count() <= options["compare"]:
            short = {each.name: each for each in self._measured(options["compare"], options, explain=False)}
        long = self._measured(options["orders"], options, explain=options["explain"])
        self._print(short, long, options)

    def _measured(self, orders: int, options: Any, *, explain: bool) -> list[Measured]:
        self._fill(orders)
        wanted = [pair for pair in reads(not options["no_admin"]) if options["only"] in pair[0]]
        found = [measure(name, read, options["repeat"], explain) for name, read in wanted]
        return found + list(writes(options["repeat"], options["only"]))

    def _fill(self, orders: int, *, all_ended: bool = False) -> None:
        started = time.perf_counter()
        trade_safety_for_speed()
        fill(orders, _NEWEST, all_ended=all_ended)
        settle()
        there = Order.objects.count()
        self.stderr.write(f"{there:,} orders after {time.perf_counter() - started:,.0f} s")

    def _print(self, short: dict[str, Measured], long: Sequence[Measured], options: Any) -> None:
        heading = f"{options['compare']:,} / {options['orders']:,} orders, ms"
        self.stdout.write(f"{heading:<47}{'p50':>15}{'p95':>17}{'p99':>17}")
        for each in long:
            before = short.get(each.name)
            columns = [
                f"{getattr(before.times, name) if before else '':>7} /{getattr(each.times, name):>7}"
                for name in ("p50", "p95", "p99")
            ]
            self.stdout.write(f"{each.name:<45}" + "  ".join(columns))
            for step in each.plans:
                self.stdout.write(f"      {step}")


def _use_file(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if connection.vendor != "sqlite":
        raise CommandError("--file needs DATABASE_URL to be unset", returncode=2)
    connection.close()
    connection.settings_dict["NAME"] = str(file)
