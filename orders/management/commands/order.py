"""`manage.py order SOL USDC 5 --limit 180`: place an order at a running engine and watch it to its end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import CommandParser

from orders.client.argument_types import basis_points
from orders.client.command import EngineCommand, network_of
from orders.client.group_following import group_orders, sibling_to_follow
from orders.client.order_arguments import add_order_arguments, order_request
from orders.client.real_money import require_yes
from orders.client.remote import EngineUnreachable, RemoteEngine
from orders.client.terminal import ProgressDisplay
from orders.client.waiting_text import row_text
from orders.lifecycle import Status

_CONFIRMED, _NOT_CONFIRMED = 0, 1
_LATER: Final = "the order goes on. See it with: curl {url}/api/orders/{order_id}"
_COME_BACK: Final = (
    "it waits in the engine; Ctrl-C ends this view alone. script/manage orders --open lists it, "
    "script/manage amend {order_id} and cancel {order_id} change and end it"
)


class Command(EngineCommand):
    """Exit status: 0 confirmed; 1 failed, cancelled or expired; 2 refused or unreachable; 130 Ctrl-C."""

    help = (
        "Place a swap order at a running engine and follow it until it is final. "
        "Without a price: at market. Ctrl-C ends this command, not the order."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token_in", metavar="TOKEN_IN", help="symbol or mint address")
        parser.add_argument("token_out", metavar="TOKEN_OUT", help="symbol or mint address")
        parser.add_argument("amount", metavar="AMOUNT", help="whole tokens to spend, for example 1.5")
        add_order_arguments(parser)
        parser.add_argument("--slippage-bps", type=basis_points, metavar="N", help="default: the engine's")
        parser.add_argument("--client-order-id", metavar="ID", help="the same ID never makes a second order")
        parser.add_argument("--no-follow", action="store_true", help="place it, and end with status 0")
        parser.add_argument("--yes", action="store_true", help="spend real money without a question")
        super().add_arguments(parser)

    def work(self, engine: RemoteEngine, options: Mapping[str, Any]) -> int:
        request = order_request(options)
        what = f"swap {options['amount']} {options['token_in']} for {options['token_out']}"
        require_yes(network_of(engine, options), what, yes=options["yes"])
        order = engine.place(request)
        if options["no_follow"]:
            self.line(json.dumps(order) if options["json"] else row_text(order))
            return _CONFIRMED
        return self._watch(engine, order, options["url"], as_json=options["json"])

    def _watch(self, engine: RemoteEngine, order: Mapping[str, Any], url: str, *, as_json: bool) -> int:
        followed: Mapping[str, Any] | None = order
        # Behind which event each of two siblings is followed.
        sequences: dict[str, int] = {}
        try:
            if not as_json:
                self._show_siblings(engine, order)
            while followed is not None:
                display = None if as_json else ProgressDisplay(self.stdout, followed)
                last = self._follow(engine, followed, display, sequences)
                order, followed = followed, sibling_to_follow(engine, followed, last)
            return self._ended(engine, order, last, display)
        except KeyboardInterrupt:
            self.stderr.write("\n" + _LATER.format(url=url, order_id=order["orderId"]))
            raise
        except EngineUnreachable as error:
            later = _LATER.format(url=url, order_id=order["orderId"])
            raise EngineUnreachable(f"{error}; {later}") from error

    def _show_siblings(self, engine: RemoteEngine, order: Mapping[str, Any]) -> None:
        """Write the other order of an OCO, which is followed only if it fires."""
        for each in group_orders(engine, order):
            if each["orderId"] != order["orderId"]:
                self.line(row_text(each))

    def _follow(
        self,
        engine: RemoteEngine,
        order: Mapping[str, Any],
        display: ProgressDisplay | None,
        sequences: dict[str, int],
    ) -> Mapping[str, Any]:
        """Show an order's events to its end; the last of them."""
        order_id, last = order["orderId"], {}
        after = sequences.get(order_id, 0)
        if display and not after:
            display.head()
        for event in engine.follow(order_id, after):
            if event is None:
                if display:
                    display.wait()
                continue
            last, sequences[order_id] = event, event["sequence"]
            if display is None:
                self.line(json.dumps(event))
                continue
            display.step(event)
            if event["status"] == Status.OPEN and event["sequence"] == 1:
                display.note(_COME_BACK.format(order_id=order_id))
        return last

    def _ended(
        self,
        engine: RemoteEngine,
        order: Mapping[str, Any],
        last: Mapping[str, Any],
        display: ProgressDisplay | None,
    ) -> int:
        if last["status"] != Status.CONFIRMED:
            return _NOT_CONFIRMED
        if display:
            display.summary(engine.order(order["orderId"]))
            if order.get("groupRole") == "entry":
                for each in group_orders(engine, order):
                    if each["groupRole"] != "entry":
                        display.note(row_text(each))
        return _CONFIRMED
