"""`manage.py demo orders`: one order of each type against the running engine on localnet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser

from orders.client.command import REFUSED, EngineCommand
from orders.client.engine_address import find_engine
from orders.client.remote import RemoteEngine
from orders.proving.demo.prices import LocalnetPrices, PricesStay
from orders.proving.demo.run import OrdersDemo

_LOCALNET: Final = "localnet"


class Command(EngineCommand):
    """Exit status: 0 all did what they should; 1 some did not; 2 no engine on localnet."""

    help = (
        "Place one order of each type at the running engine, move the price of its localnet, and show "
        "whether each did what it should. Prices are set back; other open orders see them too."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("orders",))
        super().add_arguments(parser)

    def work(self, engine: RemoteEngine, options: Mapping[str, Any]) -> int:
        """Raises CommandError where the engine is not on a localnet that sets prices."""
        address = find_engine()
        if engine.network() != _LOCALNET or address.network != _LOCALNET:
            raise CommandError("the demo moves prices: it runs on localnet only", returncode=REFUSED)
        others = engine.orders(open="true")["results"]
        if others:
            self.line(f"{len(others)} or more of your orders are open: they see the prices of the demo too")
        try:
            failed = OrdersDemo(engine, LocalnetPrices(address.rpc_urls[0]), self.line).run()
        except PricesStay as error:
            raise CommandError(f"this localnet does not set prices: {error}", returncode=REFUSED) from error
        self.line("all did what they should" if not failed else f"{failed} did not do what they should")
        return 1 if failed else 0
