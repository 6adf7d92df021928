"""`manage.py reconcile_restored`: after restoring an old database, before trading goes on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.client.engine_address import find_engine
from orders.errors import ChainUnavailable
from orders.gateway.audit import WalletAudit
from orders.pipeline import followed
from orders.pipeline.restored import in_flight, lies_before_the_backup, park_forgotten
from orders.records import audit, kill_switch


class Command(BaseCommand):
    """Parks orders that swapped after the backup was made, and lists swaps that it knows no order of."""

    help = "Keep orders from being executed again that have swapped since a restored backup was made."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            metavar="SIGNATURE",
            help="begin behind this swap, which the record knows; default: the wallet's whole history",
        )

        parser.add_argument(
            "--release",
            metavar="ORDER",
            help="only let workers execute this parked order after all: you know that it has not swapped",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError while trading is on or transactions are in flight, or for bad arguments."""
        if options["release"] is not None:
            self._release(options["release"])
            return
        self._reconcile(options["since"])

    def _release(self, text: str) -> None:
        try:
            order_id = UUID(text)
        except ValueError as error:
            raise CommandError(f"{text} is no order's id") from error
        if not followed.release([order_id], audit.on_the_command_line()):
            raise CommandError(f"{order_id} is not parked")
        self.stdout.write(f"released {order_id}")

    def _reconcile(self, since: str | None) -> None:
        if kill_switch.is_on():
            raise CommandError("trading is on: `manage.py trading off` first, before any worker starts")
        if waiting := in_flight():
            raise CommandError(f"{waiting} orders are in flight: let workers settle them, then try again")
        if since is not None and not lies_before_the_backup(since):
            raise CommandError(
                "--since is no swap that was confirmed before the newest order of this record was placed: "
                "what came before it may be forgotten too"
            )
        address = find_engine()
        if not address.wallet:
            raise CommandError("WALLET_ADDRESS is not set")
        books = WalletAudit(address.rpc_urls, address.wallet)
        try:
            found = park_forgotten(books.landed_since(since))
        except ChainUnavailable as error:
            raise CommandError(f"the chain cannot be asked: {error}") from error
        finally:
            books.close()
        for order_id, signature in found.parked.items():
            self.stdout.write(f"parked {order_id} {signature}")
        for order_id, signature in found.unknown.items():
            self.stdout.write(f"unknown {order_id} {signature}")
        self.stdout.write(f"{len(found.parked)} orders parked, {len(found.unknown)} swaps of unknown orders")
