"""`manage.py cancel ORDER…` and `cancel --all`: end orders at a running engine that no worker has begun."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser

from orders.client.command import REFUSED, EngineCommand
from orders.client.remote import EngineRefused, RemoteEngine
from orders.lifecycle import Status


class Command(EngineCommand):
    """Exit status: 0 all cancelled; 1 some had begun, or were not there; 2 refused or unreachable."""

    help = "Cancel orders that no worker has begun. With one of the two of an OCO the other is cancelled too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("orders", nargs="*", metavar="ORDER", help="order ids")
        parser.add_argument("--all", action="store_true", help="all of yours that fit the filters")
        parser.add_argument("--type", metavar="TYPE", help="with --all: one or more, separated by commas")
        parser.add_argument("--group", metavar="ID", help="with --all: those of a group")
        parser.add_argument("--token-symbol", metavar="TOKEN", help="with --all: on either side")
        super().add_arguments(parser)

    def work(self, engine: RemoteEngine, options: Mapping[str, Any]) -> int:
        """Raises CommandError where it is not clear which orders are meant."""
        filters = {"type": options["type"], "groupId": options["group"], "token": options["token_symbol"]}
        query = {name: value for name, value in filters.items() if value}
        if bool(options["orders"]) == options["all"] or (query and not options["all"]):
            raise CommandError("give order ids, or --all with or without filters", returncode=REFUSED)
        if options["all"]:
            return self._cancel_all(engine, query, as_json=options["json"])
        statuses = [self._cancel(engine, each, as_json=options["json"]) for each in options["orders"]]
        return max(statuses)

    def _cancel_all(self, engine: RemoteEngine, query: Mapping[str, str], *, as_json: bool) -> int:
        answer = engine.cancel_all(**query)
        if as_json:
            self.line(json.dumps(answer))
            return 1 if answer["notCancelled"] else 0
        for order_id in answer["orderIds"]:
            self.line(f"{order_id}  cancelled")
        for order in answer["notCancelled"]:
            self.line(f"{order['orderId']}  {order['status']}: a worker has begun it")
        self.line(f"{answer['cancelled']} cancelled, {len(answer['notCancelled'])} not")
        return 1 if answer["notCancelled"] else 0

    def _cancel(self, engine: RemoteEngine, order_id: str, *, as_json: bool) -> int:
        try:
            order = engine.cancel(order_id)
        except EngineRefused as error:
            if error.details.get("status") == Status.CANCELLED:
                # Its sibling came first, or somebody else.
                self.line(f"{order_id}  cancelled before")
                return 0
            self.refuse(error, order_id)
            return 1
        self.line(json.dumps(order) if as_json else f"{order_id}  {order['status']}")
        return 0
