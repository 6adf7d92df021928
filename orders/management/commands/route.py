"""`manage.py route SOL BONK 1000`: the routes that the search finds now, with cost, bytes and units."""

from __future__ import annotations

from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from dex.types import Path, Route, Token
from orders import gateway
from orders.amounts import from_base_units, parse_amount, price_text, to_base_units
from orders.errors import OrderError
from orders.gateway import RouteSize


class Command(BaseCommand):
    """Asks the node; places nothing."""

    help = (
        "Print the candidate routes of an amount, best first: shares, cost, transaction size, compute units."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token_in", metavar="TOKEN_IN", help="symbol or mint address")
        parser.add_argument("token_out", metavar="TOKEN_OUT", help="symbol or mint address")
        parser.add_argument("amount", metavar="AMOUNT", help="whole tokens to spend")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for a token or amount that is not valid, or a node that does not answer."""
        try:
            sold, bought = (gateway.named_token(options[name]) for name in ("token_in", "token_out"))
            amount = to_base_units(parse_amount(options["amount"]), sold.decimals)
            survey = gateway.survey_routes(sold, bought, amount)
        except OrderError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        for route, size in zip(survey.quotes.quotes, survey.sizes, strict=True):
            self._print(route, size, sold, bought, survey.quotes.quotes[0])
        for refusal in survey.quotes.errors:
            pool = f" {refusal.pool}" if refusal.pool else ""
            self.stdout.write(f"no quote  {refusal.venue}{pool}: {refusal.code}, {refusal.message}")
        if not survey.quotes.quotes:
            self.stdout.write("no route")

    def _print(self, route: Route, size: RouteSize | None, sold: Token, bought: Token, best: Route) -> None:
        behind = (best.amount_out - route.amount_out) * 10_000 / best.amount_out
        received = from_base_units(route.amount_out, bought.decimals)
        price = price_text(route.amount_in, sold.decimals, route.amount_out, bought.decimals)
        self.stdout.write(
            f"{received} {bought.symbol}  price {price}  {behind:.1f} bps behind the best"
            f"  impact {route.price_impact_bps} bps, fees {route.fee_bps} bps  {_sized(size)}"
        )
        for path in route.paths:
            self.stdout.write(f"    {path.amount_in * 100 / route.amount_in:5.1f} %  {_way(path)}")


# The network's bound on a transaction.
_MOST_BYTES = 1_232


def _sized(size: RouteSize | None) -> str:
    if size is None:
        return "no transaction can be built"
    too_large = "" if size.bytes <= _MOST_BYTES else ", too large without a lookup table"
    return f"{size.bytes} bytes{too_large}, {size.compute_units} compute units"


def _way(path: Path) -> str:
    return ", then ".join(f"{leg.venue} {leg.pool}" for leg in path.legs)
