"""`manage.py amend ORDER --limit 170`: change an open order at a running engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import CommandParser

from orders.client.command import EngineCommand, network_of
from orders.client.order_arguments import add_amendment_arguments, amendment
from orders.client.real_money import require_yes
from orders.client.remote import EngineRefused, RemoteEngine
from orders.client.waiting_text import row_text

_TRIES: Final = 3


class Command(EngineCommand):
    """Exit status: 0 amended; 2 refused or unreachable."""

    help = "Change an open order: it waits anew by its new terms. The version is read first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order", metavar="ORDER", help="the order's id")
        add_amendment_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="on real money, without a question")
        super().add_arguments(parser)

    def work(self, engine: RemoteEngine, options: Mapping[str, Any]) -> int:
        changes = amendment(options)
        # It may be filled at once by its new terms.
        require_yes(network_of(engine, options), f"amend {options['order']}", yes=options["yes"])
        order = _amended(engine, options["order"], changes)
        self.line(json.dumps(order) if options["json"] else row_text(order))
        return 0


def _amended(engine: RemoteEngine, order_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The order as amended; what is said are values, not differences, so a newer version takes them too."""
    for _ in range(_TRIES - 1):
        try:
            return engine.amend(order_id, {"version": engine.order(order_id)["version"], **changes})
        except EngineRefused as error:
            if error.code != "CHANGED_MEANWHILE":
                raise
    return engine.amend(order_id, {"version": engine.order(order_id)["version"], **changes})
