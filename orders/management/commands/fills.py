"""`manage.py fills`: the confirmed swaps of a running engine's user, with all that they cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from orders.client.book_text import fill_text
from orders.client.command import EngineCommand
from orders.client.remote import RemoteEngine


class Command(EngineCommand):
    """Exit status: 0; 2 refused or unreachable."""

    help = "List confirmed swaps, newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--of", metavar="TOKEN", help="symbol or mint, on either side")
        parser.add_argument("--from", metavar="TIME", help="confirmed at or after this ISO 8601 time")
        parser.add_argument("--to", metavar="TIME", help="confirmed before it")
        parser.add_argument("--limit", default="20", metavar="N", help="at most so many, up to 200")
        parser.add_argument("--csv", action="store_true", help="all that fit, as CSV")
        super().add_arguments(parser)

    def work(self, engine: RemoteEngine, options: Mapping[str, Any]) -> int:
        given = {"token": options["of"], "from": options["from"], "to": options["to"]}
        query = {name: value for name, value in given.items() if value}
        if options["csv"]:
            self.stdout.write(engine.csv("fills", **query))
            return 0
        for fill in engine.fills(**query, limit=options["limit"])["results"]:
            self.line(json.dumps(fill) if options["json"] else fill_text(fill))
        return 0
