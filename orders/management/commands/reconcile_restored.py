"""`manage.py reconcile_restored`: after restoring an old database, before trading goes on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.client.engine_address import find_engine
from orders.errors import ChainUnavailable
from orders.gateway.audit import WalletAudit
from orders.pipeline.restored import in_flight, lies_before_the_backup, park_forgotten
from orders.records import kill_switch


class Command(BaseCommand):
    """Parks orders that swapped after the backup was made, and lists swaps that it knows no order of."""

    help = "Keep orders from being executed again that have swapped since a restored backup was made."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            metavar="SIGNATURE",
            help="begin behind this swap, which the record knows; default: the wallet's whole history",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError while trading is on or transactions are in flight, or for a bad ``--since``."""
        if kill_switch.is_on():
            raise CommandError("trading is on: `manage.py trading off` first, before any worker starts")
        if waiting := in_flight():
            raise CommandError(f"{waiting} orders are in flight: let workers settle them, then try again")
        if options["since"] is not None and not lies_before_the_backup(options["since"]):
            raise CommandError(
                "--since is no swap that was confirmed before the newest order of this record was placed: "
                "what came before it may be forgotten too"
            )
        address = find_engine()
        if not address.wallet:
            raise CommandError("WALLET_ADDRESS is not set")
        audit = WalletAudit(address.rpc_url, address.wallet)
        try:
            found = park_forgotten(audit.landed_since(options["since"]))
        except ChainUnavailable as error:
            raise CommandError(f"the chain cannot be asked: {error}") from error
        finally:
            audit.close()
        for order_id, signature in found.parked.items():
            self.stdout.write(f"parked {order_id} {signature}")
        for order_id, signature in found.unknown.items():
            self.stdout.write(f"unknown {order_id} {signature}")
        self.stdout.write(f"{len(found.parked)} orders parked, {len(found.unknown)} swaps of unknown orders")
