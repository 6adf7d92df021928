"""`manage.py demo`: on the running engine's localnet, orders of each type, or sniper orders over launches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser

from orders.client.command import REFUSED, EngineCommand
from orders.client.engine_address import find_engine
from orders.client.remote import RemoteEngine
from orders.proving.demo.launches import LaunchesDemo
from orders.proving.demo.prices import LocalnetPrices, PricesStay
from orders.proving.demo.run import OrdersDemo
from orders.proving.launches.node import LaunchesNowhere, LocalnetLaunches

_LOCALNET: Final = "localnet"


class Command(EngineCommand):
    """Exit status: 0 all did what they should; 1 some did not; 2 no engine on localnet."""

    help = (
        "orders: place one order of each type at the running engine, move the price of its localnet, and "
        "show whether each did what it should; prices are set back, other open orders see them too. "
        "launches: launch tokens there and show what sniper orders did with each."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("orders", "launches"))
        super().add_arguments(parser)

    def work(self, engine: RemoteEngine, options: Mapping[str, Any]) -> int:
        """Raises CommandError where the engine is not on a localnet that can be told what to do."""
        address = find_engine()
        if engine.network() != _LOCALNET or address.network != _LOCALNET:
            raise CommandError("the demo tells its chain what to do: on localnet only", returncode=REFUSED)
        demo = self._launches if options["what"] == "launches" else self._orders
        failed = demo(engine, address.rpc_urls[0])
        self.line("all did what they should" if not failed else f"{failed} did not do what they should")
        return 1 if failed else 0

    def _orders(self, engine: RemoteEngine, rpc_url: str) -> int:
        others = engine.orders(open="true")["results"]
        if others:
            self.line(f"{len(others)} or more of your orders are open: they see the prices of the demo too")
        try:
            return OrdersDemo(engine, LocalnetPrices(rpc_url), self.line).run()
        except PricesStay as error:
            raise CommandError(f"this localnet does not set prices: {error}", returncode=REFUSED) from error

    def _launches(self, engine: RemoteEngine, rpc_url: str) -> int:
        try:
            return LaunchesDemo(engine, LocalnetLaunches(rpc_url), self.line).run()
        except LaunchesNowhere as error:
            raise CommandError(f"this localnet launches nothing: {error}", returncode=REFUSED) from error
