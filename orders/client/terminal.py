"""How an order's steps look in a terminal: one line a step, and a line that moves while one is awaited."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from io import TextIOBase
from typing import Any, Final, TextIO

from orders.client.waiting_text import fired_text, open_text, terms_text
from orders.lifecycle import PAPER

_SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_CLEAR_LINE: Final = "\r\x1b[K"
_COLOURS: Final = {"confirmed": "32", "failed": "31", "cancelled": "33", "expired": "33"}
_AWAITED: Final = {
    "open": "waiting for its price",
    "pending": "waiting for a worker",
    "routing": "asking the pools for their prices",
    "building": "signing",
    "submitted": "waiting for the chain",
}


class ProgressDisplay:
    """Writes the steps of one order. Colours and the moving line appear on terminals only."""

    def __init__(self, out: TextIO | TextIOBase, order: Mapping[str, Any]) -> None:
        self._out = out
        self._order = order
        self._is_terminal = out.isatty()
        self._frames = itertools.cycle(_SPINNER)
        self._accepted_at: datetime | None = None
        self._shown_at = time.monotonic()
        self._awaiting = ""

    def head(self) -> None:
        """Say which order this is."""
        order = self._order
        self._line(
            f"order {order['orderId']}: {order['amountIn']} {order['tokenIn']} to {order['tokenOut']}, "
            f"{terms_text(order)}"
        )

    def step(self, event: Mapping[str, Any]) -> None:
        """Write the line of an event."""
        at = datetime.fromisoformat(event["at"])
        self._accepted_at = self._accepted_at or at
        elapsed = round((at - self._accepted_at).total_seconds() * 1000)
        status = event["status"]
        text = describe(event, self._order)
        self._line(f"{elapsed:>7,} ms  {self._coloured(status)}  {text}".rstrip())
        self._awaiting = _AWAITED.get(status, "")
        self._shown_at = time.monotonic()

    def wait(self) -> None:
        """Move the last line; to be called several times a second."""
        if self._is_terminal and self._awaiting:
            seconds = time.monotonic() - self._shown_at
            self._out.write(f"{_CLEAR_LINE}   {next(self._frames)}  {self._awaiting} {seconds:.1f} s")
            self._out.flush()

    def summary(self, order: Mapping[str, Any]) -> None:
        """Write what a confirmed order came to."""
        if order.get("network") == PAPER:
            self._line(f"{order['executedAmountOut']} {order['tokenOut']} on paper: nothing was swapped")
            return
        if order.get("schedule"):
            self._line(
                f"swapped {order['executedAmountIn']} {order['tokenIn']} for {order['executedAmountOut']} "
                f"{order['tokenOut']} at {order['executedPrice']} by its rounds together"
            )
            return
        fees = order["fees"]
        self._line(
            f"swapped {order['executedAmountIn']} {order['tokenIn']} for {order['executedAmountOut']} "
            f"{order['tokenOut']} at {order['executedPrice']}, slippage {order['slippageRealisedBps']} bps "
            f"against the quote"
        )
        self._line(
            f"fees: pool {fees['lp']} {fees['lpToken']}, network {fees['network']} SOL, "
            f"priority {fees['priority']} SOL"
        )
        self._line(f"see {order['explorerUrl']}")

    def note(self, text: str) -> None:
        """Write a line of its own."""
        self._line(text)

    def _line(self, text: str) -> None:
        self._out.write(f"{_CLEAR_LINE if self._is_terminal else ''}{text}\n")
        self._out.flush()

    def _coloured(self, status: str) -> str:
        padded = f"{status:<9}"
        if not self._is_terminal or status not in _COLOURS:
            return padded
        return f"\x1b[{_COLOURS[status]}m{padded}\x1b[0m"


def describe(event: Mapping[str, Any], order: Mapping[str, Any]) -> str:
    """What an event says, in words."""
    status = event["status"]
    if status == "open":
        return open_text(event, order)
    if status == "routing" and "slot" in event:
        return fired_text(event, order)
    if event.get("network") == PAPER and status in ("submitted", "confirmed"):
        received = event.get("executedAmountOut")
        return f"{received} {order['tokenOut']} {event['note']}" if received else "no transaction: on paper"
    if status == "building":
        return _routed(event, order)
    if status == "submitted":
        return f"transaction {event['txHash']}"
    if status == "confirmed":
        slot = f" in slot {event['slot']}" if event["slot"] is not None else ""
        return f"{event['executedAmountOut']} {order['tokenOut']}{slot}"
    if "retryInMs" in event:
        return f"{event['error']} ({event['code']}), retry {event['attempt']} in {event['retryInMs']} ms"
    return f"{event['error']} ({event['code']})" if "error" in event else ""


def _routed(event: Mapping[str, Any], order: Mapping[str, Any]) -> str:
    best = f"{event['dex']} gives {event['amountOut']} {order['tokenOut']}, price {event['price']}"
    losing: Sequence[Mapping[str, Any]] = event.get("quotes") or ()
    others = [f"{q['dex']} {q['amountOut']} ({_behind(q, event)} bps less)" for q in losing]
    return best + (f"; not taken: {', '.join(others)}" if others else "")


def _behind(losing: Mapping[str, Any], best: Mapping[str, Any]) -> Decimal:
    lost, won = Decimal(losing["amountOut"]), Decimal(best["amountOut"])
    return ((won - lost) * 10_000 / won).quantize(Decimal("0.1"))
