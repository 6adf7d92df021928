"""`manage.py order SOL USDC 5`: place an order at a running engine and watch it to its end."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser

from orders.client.engine_address import find_engine
from orders.client.real_money import require_yes
from orders.client.remote import EngineRefused, EngineUnreachable, RemoteEngine
from orders.client.terminal import ProgressDisplay
from orders.lifecycle import Status

_CONFIRMED, _NOT_CONFIRMED, _NOT_PLACED, _INTERRUPTED = 0, 1, 2, 130
_LATER: Final = "the order goes on. See it with: curl {url}/api/orders/{order_id}"


class Command(BaseCommand):
    """Exit status: 0 confirmed; 1 failed, cancelled or expired; 2 refused or unreachable; 130 Ctrl-C."""

    help = "Place a swap order at a running engine and follow it until it is final."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token_in", metavar="TOKEN_IN", help="symbol or mint address")
        parser.add_argument("token_out", metavar="TOKEN_OUT", help="symbol or mint address")
        parser.add_argument("amount", metavar="AMOUNT", help="whole tokens to spend, for example 1.5")
        parser.add_argument("--slippage-bps", type=_basis_points, metavar="N", help="default: the engine's")
        parser.add_argument("--client-order-id", metavar="ID", help="the same ID never makes a second order")
        parser.add_argument("--url", help="default: the engine that runs on DATA_DIR, else HOST and PORT")
        parser.add_argument("--token", default=os.environ.get("ORDER_ENGINE_TOKEN"), help="bearer token")
        parser.add_argument("--yes", action="store_true", help="spend real money without a question")
        parser.add_argument("--json", action="store_true", help="print the raw events, one a line")

    def handle(self, *args: Any, **options: Any) -> None:
        # The display ends its lines itself: a line that moves has no end yet.
        self.stdout.ending = ""
        url = (options["url"] or find_engine().url).rstrip("/")
        try:
            with RemoteEngine(url, options["token"]) as engine:
                what = f"swap {options['amount']} {options['token_in']} for {options['token_out']}"
                network = engine.network() if options["url"] else find_engine().network
                require_yes(network, what, yes=options["yes"])
                order = engine.place(_request(options))
                status = self._watch(engine, order, url, as_json=options["json"])
        except EngineRefused as error:
            details = f" {json.dumps(error.details)}" if error.details else ""
            self.stderr.write(f"{error.code}: {error.message}{details}")
            status = _NOT_PLACED
        except EngineUnreachable as error:
            self.stderr.write(f"no engine answers: {error}. Start one with script/server, or give --url")
            status = _NOT_PLACED
        except KeyboardInterrupt:
            status = _INTERRUPTED
        sys.exit(status)

    def _watch(self, engine: RemoteEngine, order: Mapping[str, Any], url: str, *, as_json: bool) -> int:
        display = ProgressDisplay(self.stdout, order)
        try:
            return self._follow(engine, order["orderId"], None if as_json else display)
        except KeyboardInterrupt:
            self.stderr.write("\n" + _LATER.format(url=url, order_id=order["orderId"]))
            raise
        except EngineUnreachable as error:
            later = _LATER.format(url=url, order_id=order["orderId"])
            raise EngineUnreachable(f"{error}; {later}") from error

    def _follow(self, engine: RemoteEngine, order_id: str, display: ProgressDisplay | None) -> int:
        last: Mapping[str, Any] = {}
        if display:
            display.head()
        for event in engine.follow(order_id):
            if event is not None:
                last = event
            if display is None:
                self._print_json(event)
            elif event is None:
                display.wait()
            else:
                display.step(event)
        if last["status"] != Status.CONFIRMED:
            return _NOT_CONFIRMED
        if display:
            display.summary(engine.order(order_id))
        return _CONFIRMED

    def _print_json(self, event: Mapping[str, Any] | None) -> None:
        if event is not None:
            self.stdout.write(json.dumps(event) + "\n")
            self.stdout.flush()


def _request(options: Mapping[str, Any]) -> dict[str, Any]:
    fields = {
        "tokenIn": options["token_in"],
        "tokenOut": options["token_out"],
        "amountIn": options["amount"],
        "slippageBps": options["slippage_bps"],
        "clientOrderId": options["client_order_id"],
    }
    return {name: value for name, value in fields.items() if value is not None}


def _basis_points(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of basis points")
    return int(text)
