"""`manage.py orders --open`: the caller's orders at a running engine, newest first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from orders.client.command import EngineCommand
from orders.client.remote import RemoteEngine
from orders.client.waiting_text import row_text


class Command(EngineCommand):
    """Exit status: 0; 2 refused or unreachable."""

    help = "List your orders at a running engine, newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--open", action="store_true", help="only those that have not ended")
        parser.add_argument("--group", metavar="ID", help="only those of a group")
        parser.add_argument("--type", metavar="TYPE", help="one or more types, separated by commas")
        parser.add_argument("--status", metavar="STATUS", help="one or more, separated by commas")
        parser.add_argument("--limit", default="50", metavar="N", help="at most so many, up to 200")
        super().add_arguments(parser)

    def work(self, engine: RemoteEngine, options: Mapping[str, Any]) -> int:
        query = {
            "open": "true" if options["open"] else None,
            "groupId": options["group"],
            "type": options["type"],
            "status": options["status"],
            "limit": options["limit"],
        }
        page = engine.orders(**{name: value for name, value in query.items() if value})
        for order in page["results"]:
            self.line(json.dumps(order) if options["json"] else row_text(order))
        if page["next"]:
            self.stderr.write(f"there are more than {options['limit']}: give --limit, or a filter")
        return 0
