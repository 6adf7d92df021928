"""`manage.py portfolio`: balances with their value, average cost and profit, of a running engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from orders.client.book_text import portfolio_lines
from orders.client.command import EngineCommand
from orders.client.remote import RemoteEngine


class Command(EngineCommand):
    """Exit status: 0; 2 refused or unreachable."""

    help = "Show what the wallet holds, what it is worth, and what the swaps have come to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--csv", action="store_true", help="the tokens as CSV")
        super().add_arguments(parser)

    def work(self, engine: RemoteEngine, options: Mapping[str, Any]) -> int:
        if options["csv"]:
            self.stdout.write(engine.csv("portfolio"))
            return 0
        found = engine.portfolio()
        for text in [json.dumps(found)] if options["json"] else portfolio_lines(found):
            self.line(text)
        return 0
