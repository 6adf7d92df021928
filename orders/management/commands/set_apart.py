"""Lists the orders that wait for somebody to look at them, and has workers take them up again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from orders.pipeline import followed
from orders.records import audit


class Command(BaseCommand):
    help = (
        "Orders that no worker takes up: set apart, as workers died of them, or parked, as they have swapped"
        " by another record. --release takes them up again; do so when you know what their transactions did."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The ids of orders to be taken up again."""
        parser.add_argument("--release", metavar="ORDER_ID", nargs="+", type=UUID, default=[])

    def handle(self, *args: Any, **options: Any) -> None:
        """Release what was named, or list."""
        named: list[UUID] = options["release"]
        released = followed.release(named, audit.on_the_command_line())
        missing = [str(order_id) for order_id in named if order_id not in released]
        for order_id in released:
            self.stdout.write(f"{order_id}  taken up again")
        if missing:
            raise CommandError(f"neither set apart nor parked: {', '.join(missing)}")
        if not named:
            for order in followed.waiting_for_somebody():
                signature = order.signature or "no transaction"
                self.stdout.write(f"{order.pk}  {order.waits_for}  {order.status}  {signature}")
