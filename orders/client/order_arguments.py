"""The arguments of `manage.py order` and `amend`, and the request that they come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import CommandParser

from orders.client.argument_types import NEVER, basis_points, moment, moment_or_never, refused, seconds
from orders.client.sniper_arguments import add_sniper_arguments, sniper_fields

# Of these an order has one at most.
_KINDS: Final = ("stop", "take_profit", "trail", "oco", "bracket", "rounds", "sniper")
_TYPES: Final = {
    "take_profit": "take_profit",
    "trail": "trailing_stop",
    "rounds": "dca",
    "sniper": "sniper",
}
# What goes with --rounds alone, in the names of the options.
_OF_ROUNDS: Final = ("every", "min_price", "max_price", "start_at")


def add_order_arguments(parser: CommandParser) -> None:
    """What an order waits for, and the bounds that its owner sets."""
    add = parser.add_argument
    add("--limit", metavar="PRICE", help="never filled worse; alone: wait for it")
    add("--stop", metavar="PRICE", help="sell when the price falls to this; with --limit not below that")
    add("--take-profit", metavar="PRICE", help="sell at market when the price rises to this")
    add("--trail", type=basis_points, metavar="BPS", help="sell so far below the best price seen")
    add("--activation", metavar="PRICE", help="with --trail: follow from this price on")
    prices = ("TAKE_PROFIT", "STOP")
    add("--oco", nargs=2, metavar=prices, help="a limit order and a stop, of which one at most is filled")
    add("--bracket", nargs=2, metavar=prices, help="buy now, or at --limit; then an OCO for what it received")
    add("--stop-limit", metavar="PRICE", help="with --oco and --bracket: the stop is not filled below this")
    add("--rounds", type=int, metavar="N", help="share the amount among so many orders (DCA); with --every")
    add("--every", type=seconds, metavar="TIME", help="with --rounds: seconds between two, or 30m, 12h, 7d")
    add("--min-price", metavar="PRICE", help="with --rounds: a round at a lower price is skipped")
    add("--max-price", metavar="PRICE", help="with --rounds: a round at a higher price is skipped")
    add("--start-at", type=moment, metavar="TIME", help="with --rounds: the first of them; as --expires")
    add("--price-of", choices=("tokenIn", "tokenOut"), help="what prices are of; buyers say tokenOut")
    add("--confirmations", type=int, metavar="N", help="slots in a row that must say so")
    add("--time-in-force", choices=("gtc", "gtd", "ioc", "fok"), help="of a limit order")
    add("--expires", type=moment, metavar="TIME", help="a moment (2026-12-01T12:00Z), or 90s, 30m, 12h, 7d")
    add("--min-out", metavar="AMOUNT", help="the least to receive, in whole tokens")
    add_sniper_arguments(parser)


def add_amendment_arguments(parser: CommandParser) -> None:
    """What of an open order is to change."""
    add = parser.add_argument
    add("--limit", metavar="PRICE")
    add("--trigger", "--stop", "--take-profit", metavar="PRICE", help="the price that fires it")
    add("--trail", type=basis_points, metavar="BPS")
    add("--activation", metavar="PRICE")
    add("--confirmations", type=int, metavar="N")
    add("--amount", metavar="AMOUNT", help="whole tokens to sell")
    add("--min-out", metavar="AMOUNT", help="the least to receive, in whole tokens")
    add("--slippage-bps", type=basis_points, metavar="N")
    add("--expires", type=moment_or_never, metavar="TIME", help=f"as of an order, or {NEVER}")
    add("--rounds", type=int, metavar="N", help="of a DCA: the last round to be placed")
    add("--min-price", metavar="PRICE", help=f"of a DCA, or {NEVER}: skip no round for it")
    add("--max-price", metavar="PRICE", help=f"of a DCA, or {NEVER}: skip no round for it")
    pause = parser.add_mutually_exclusive_group()
    pause.add_argument("--pause", dest="paused", action="store_const", const=True, help="place no round")
    pause.add_argument(
        "--resume", dest="paused", action="store_const", const=False, help="place rounds again"
    )


def order_request(options: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a new order; raises EngineRefused for arguments that exclude each other."""
    given = [name for name in _KINDS if options[name] is not None]
    if len(given) > 1:
        raise refused(f"--{given[0]} and --{given[1]} exclude each other")
    kind = given[0] if given else ""
    _require_rounds(kind, options)
    if options["stop_limit"] is not None and kind not in ("oco", "bracket"):
        raise refused("--stop-limit goes with --oco and --bracket; else say --stop PRICE --limit PRICE")
    fields = {
        "tokenIn": options["token_in"],
        "tokenOut": options["token_out"],
        "amountIn": options["amount"],
        "type": _type(kind, options),
        "limitPrice": options["limit"],
        "triggerPrice": options["stop"] or options["take_profit"],
        "trailBps": options["trail"],
        "activationPrice": options["activation"],
        "priceOf": options["price_of"],
        "rounds": options["rounds"],
        "intervalSeconds": options["every"],
        "minPrice": options["min_price"],
        "maxPrice": options["max_price"],
        "startAt": options["start_at"],
        "confirmations": options["confirmations"],
        "timeInForce": options["time_in_force"],
        "expiresAt": options["expires"],
        "minAmountOut": options["min_out"],
        "slippageBps": options["slippage_bps"],
        "clientOrderId": options["client_order_id"],
        **_exits(kind, options),
        **sniper_fields(options),
    }
    return {name: value for name, value in fields.items() if value is not None}


def amendment(options: Mapping[str, Any]) -> dict[str, Any]:
    """What is to change, without the version; raises EngineRefused where nothing is."""
    fields = {
        "limitPrice": options["limit"],
        "triggerPrice": options["trigger"],
        "trailBps": options["trail"],
        "activationPrice": options["activation"],
        "confirmations": options["confirmations"],
        "amountIn": options["amount"],
        "minAmountOut": options["min_out"],
        "slippageBps": options["slippage_bps"],
        "expiresAt": options["expires"],
        "rounds": options["rounds"],
        "minPrice": options["min_price"],
        "maxPrice": options["max_price"],
        "paused": options["paused"],
    }
    changes = {name: value for name, value in fields.items() if value is not None}
    if not changes:
        raise refused("say what to change; see --help")
    return {name: None if value == NEVER else value for name, value in changes.items()}


def _type(kind: str, options: Mapping[str, Any]) -> str | None:
    has_limit = options["limit"] is not None
    if kind == "stop":
        return "stop_limit" if has_limit else "stop"
    if kind in _TYPES:
        return _TYPES[kind]
    # A plain market order says nothing of its type.
    return "limit" if has_limit or kind == "oco" else None


def _require_rounds(kind: str, options: Mapping[str, Any]) -> None:
    if kind == "rounds":
        if options["every"] is None:
            raise refused("--rounds needs --every: the time between two")
        if options["limit"] is not None:
            raise refused("--rounds and --limit exclude each other: say --min-price or --max-price")
        return
    alone = next((name for name in _OF_ROUNDS if options[name] is not None), None)
    if alone is not None:
        raise refused(f"--{alone.replace('_', '-')} goes with --rounds")


def _exits(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    if kind not in ("oco", "bracket"):
        return {}
    take_profit, stop = options[kind]
    stop_loss = {"triggerPrice": stop, "limitPrice": options["stop_limit"]}
    return {
        "orderClass": kind,
        "takeProfit": {"limitPrice": take_profit},
        "stopLoss": {name: value for name, value in stop_loss.items() if value is not None},
    }
