"""What the page of one order shows of its routes: the chosen one drawn, and all that lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from orders.lifecycle import FailureReason, Status
from orders.models import OrderEvent

_BPS: Final = 10_000
_TENTH: Final = Decimal("0.1")
# The line of a path in the drawing, in pixels: the least, and what a share of all adds.
_LEAST_WIDTH: Final = 2
_SHARED_WIDTH: Final = 8


@dataclass(frozen=True, slots=True)
class DrawnPath:
    """One path: its share as text, the width of its line, and its legs as the event has them."""

    share: str
    width: int
    legs: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ComparedRoute:
    """One route's offer. ``difference`` is against the best; of the best, against the best of the others."""

    name: str
    pools: str
    is_chosen: bool
    amount_out: str
    difference: str
    price: str
    price_impact: str
    fee: str
    min_amount_out: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The routes at the latest routing, best first, that one drawn, and the venues that had none."""

    token_out: str
    drawn: Sequence[DrawnPath]
    quotes: Sequence[ComparedRoute]
    errors: Sequence[tuple[str, str, str]]


def compared(events: Sequence[OrderEvent], wire: Mapping[str, Any]) -> Comparison | None:
    """The routes of the latest routing, None before the first; ``wire`` is the order as it goes out."""
    boards = [event.data for event in events if event.status == Status.BUILDING and "amountOut" in event.data]
    if not boards:
        return None
    best = boards[-1]
    offers = [best, *best.get("quotes", [])]
    return Comparison(
        token_out=wire["tokenOut"],
        drawn=[_drawn(path) for path in _paths(best, wire)],
        quotes=[_compared(offer, offers, wire) for offer in offers],
        errors=[(each["venue"], each["code"], _words(each["code"])) for each in best.get("errors", [])],
    )


def gap_text(best: Decimal, other: Decimal) -> str:
    """How far one amount is behind the best, in basis points of the best: the one number for this gap."""
    return f"{((best - other) * _BPS / best).quantize(_TENTH, ROUND_HALF_UP)} bps" if best else ""


def _compared(
    offer: Mapping[str, Any], offers: Sequence[Mapping[str, Any]], wire: Mapping[str, Any]
) -> ComparedRoute:
    paths = _paths(offer, wire)
    return ComparedRoute(
        name=_name(paths),
        pools=" → ".join(leg["pool"] for path in paths for leg in path["legs"]),
        is_chosen=offer is offers[0],
        amount_out=offer["amountOut"],
        difference=_difference(offer, offers),
        price=offer["price"],
        price_impact=f"{offer['priceImpactBps']} bps",
        fee=f"{offer['fee']} {offer['feeToken']}",
        min_amount_out=offer["minAmountOut"],
    )


def _difference(offer: Mapping[str, Any], offers: Sequence[Mapping[str, Any]]) -> str:
    best = offers[0]
    if offer is not best:
        return f"-{gap_text(Decimal(best['amountOut']), Decimal(offer['amountOut']))}"
    if len(offers) == 1:
        return ""
    return f"+{gap_text(Decimal(best['amountOut']), Decimal(offers[1]['amountOut']))}"


def _paths(offer: Mapping[str, Any], wire: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """An offer's paths; of an offer that names no route its one pool, for the whole amount."""
    if offer.get("route"):
        paths: Sequence[Mapping[str, Any]] = offer["route"]
        return paths
    leg = {
        **{name: offer[name] for name in ("dex", "venue", "pool", "amountOut")},
        **{name: wire[name] for name in ("tokenIn", "tokenOut", "amountIn")},
    }
    return [{"shareBps": _BPS, "legs": [leg]}]


def _drawn(path: Mapping[str, Any]) -> DrawnPath:
    share = path["shareBps"]
    width = _LEAST_WIDTH + _SHARED_WIDTH * share // _BPS
    return DrawnPath(f"{Decimal(share) / 100:f} %", width, path["legs"])


def _name(paths: Sequence[Mapping[str, Any]]) -> str:
    if len(paths) == 1:
        return _path_name(paths[0])
    return ", ".join(f"{Decimal(path['shareBps']) / 100:f} % {_path_name(path)}" for path in paths)


def _path_name(path: Mapping[str, Any]) -> str:
    legs = path["legs"]
    venues = " → ".join(leg["venue"] for leg in legs)
    return f"{venues} over {legs[1]['tokenIn']}" if len(legs) > 1 else venues


def _words(code: str) -> str:
    return str(FailureReason(code).label) if code in FailureReason.values else ""
