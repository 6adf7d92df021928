"""The arguments of a sniper order of `manage.py order`, and the part of the request that they come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import CommandParser

from orders.client.argument_types import basis_points, refused, seconds

# What goes with --sniper alone, in the names of the options.
_ALONE: Final = (
    *("min_liquidity", "max_fee", "max_loss", "require", "open_within", "max_orders"),
    *("sell_at_gain", "sell_at_loss", "sell_after"),
)


def add_sniper_arguments(parser: CommandParser) -> None:
    """Which new pools are bought in, and how what was bought is sold again."""
    add = parser.add_argument
    add("--sniper", action="store_true", default=None, help="buy in a new pool of TOKEN_OUT, or of `any`")
    add("--min-liquidity", metavar="AMOUNT", help="with --sniper: what the pool holds of TOKEN_IN at least")
    add("--max-fee", type=basis_points, metavar="BPS", help="with --sniper: what the pool may take of it")
    add("--max-loss", type=basis_points, metavar="BPS", help="with --sniper: of buying and selling at once")
    add("--require", metavar="NAMES", help="with --sniper: names with commas, or none; see docs/launches.md")
    add("--open-within", type=seconds, metavar="TIME", help="with --sniper: leave later pools alone")
    add("--max-orders", type=int, metavar="N", help="with TOKEN_OUT any: how many tokens, AMOUNT each")
    add("--sell-at-gain", type=basis_points, metavar="BPS", help="with --sniper: sell with so much gained")
    add("--sell-at-loss", type=basis_points, metavar="BPS", help="with --sniper: sell with so much lost")
    add("--sell-after", type=seconds, metavar="TIME", help="with --sniper: sell so long after the purchase")


def sniper_fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a sniper order; raises EngineRefused for arguments of one without --sniper."""
    if not options["sniper"]:
        alone = next((name for name in _ALONE if options[name] is not None), None)
        if alone is not None:
            raise refused(f"--{alone.replace('_', '-')} goes with --sniper")
        return {}
    launch = {
        "minLiquidity": options["min_liquidity"],
        "maxFeeBps": options["max_fee"],
        "maxRoundTripBps": options["max_loss"],
        "require": _names(options["require"]),
        "openWithinSeconds": options["open_within"],
    }
    gain, loss = options["sell_at_gain"], options["sell_at_loss"]
    exits = {
        "takeProfit": None if gain is None else {"gainBps": gain},
        "stopLoss": None if loss is None else {"lossBps": loss},
        "afterSeconds": options["sell_after"],
    }
    fields = {"launch": _given(launch), "exit": _given(exits)}
    return {name: value for name, value in fields.items() if value} | _given(
        {"maxOrders": options["max_orders"]}
    )


def _names(text: str | None) -> list[str] | None:
    if text is None:
        return None
    return [] if text == "none" else [name.strip() for name in text.split(",")]


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
