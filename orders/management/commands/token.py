"""`manage.py token MINT`: what the chain says of a token now."""

from __future__ import annotations

import json
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from orders import gateway
from orders.errors import ChainUnavailable, NotFound
from orders.wire.token_reports import token_report_as_wire


class Command(BaseCommand):
    """A field a line, as the API names them; lists a row a line below."""

    help = "Show what the chain says of a token: mint, holders, pools, a round trip, warnings."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token", metavar="MINT", help="mint address, or a symbol of the list")
        parser.add_argument("--json", action="store_true", help="as GET /api/tokens/MINT answers")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for what is no token, or without an answer of the node."""
        try:
            report = token_report_as_wire(gateway.token_report(options["token"]))
        except (NotFound, ChainUnavailable) as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=2))
            return
        for name, value in report.items():
            self._show(name, value)

    def _show(self, name: str, value: Any) -> None:
        if isinstance(value, dict):
            value = _row(value)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            self.stdout.write(f"{name}:")
            for row in value:
                self.stdout.write(f"  {_row(row)}")
            return
        self.stdout.write(f"{name:17} {_text(value)}")


def _row(row: dict[str, Any]) -> str:
    return "  ".join(f"{name} {_text(value)}" for name, value in row.items() if value is not None)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
