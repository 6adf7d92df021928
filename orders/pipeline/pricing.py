"""From an order to the quote that its next transaction is built from, within the limits of its whole life.

The first quote fixes the order's floor, by the slippage that was asked for where that is stricter than
what the client said. Later quotes may raise what a transaction asks for, and never lower it below. Of an
exact output it fixes in the same way the most that it may cost.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from solders.pubkey import Pubkey

from dex.types import Limits, QuoteRequest, Quotes, Route, SwapMode
from orders import gateway
from orders.amounts import from_base_units
from orders.gateway import Failure
from orders.lifecycle import FIRED_FOR_GOOD, FailureReason, OrderType, Status
from orders.models import Order
from orders.pipeline.outcomes import ended, failed_or_retried, open_again
from orders.records import routes
from orders.records.transition import Transition
from orders.wire.events import building_data

# Whose floor the first quote's slippage sets, where the client gave none that is higher.
_SLIPPING: Final = frozenset({OrderType.MARKET, OrderType.SNIPER, *FIRED_FOR_GOOD})
# Why there is no offer once pools are left out.
_NO_POOL_LEFT: Final = frozenset(
    {FailureReason.NO_ROUTE, FailureReason.POOL_DISABLED, FailureReason.UNSUPPORTED_POOL}
)


def request_of(order: Order) -> QuoteRequest:
    """What is to be quoted for an order. What an automatic slippage has become stays what it is."""
    is_auto = order.slippage_is_auto and order.first_quoted_amount_out is None
    limits = Limits(order.slippage_bps, is_auto, order.max_price_impact_bps, order.max_cost_bps)
    token_in, token_out = Pubkey.from_string(order.token_in), Pubkey.from_string(order.token_out)
    if order.mode == SwapMode.EXACT_OUT:
        is_first = order.first_quoted_amount_out is None
        by_slippage = order.is_bound_by_slippage and is_first
        limits = replace(limits, max_amount_in=order.bound_amount_in, is_bound_by_slippage=by_slippage)
        bought = order.floor_amount_out or 1
        return QuoteRequest(token_in, token_out, bought, SwapMode.EXACT_OUT, limits, routes.bounds(order))
    return QuoteRequest(token_in, token_out, order.amount_in, limits=limits, bounds=routes.bounds(order))


def priced(order: Order, board: Quotes | Failure, *, keep_lease: bool = False) -> Transition:
    """On to building with the best offer; or a retry, or the end when no offer reaches the floor."""
    if isinstance(board, Failure):
        return _without_offer(order, board)
    best = board.quotes[0]
    if best.mode is SwapMode.EXACT_OUT and best.amount_in > order.amount_in:
        return _unreachable(order, _too_dear(best, order.amount_in))
    limits = _limits(order, best)
    if best.amount_out < limits["floor_amount_out"]:
        return _unreachable(order, _out_of_reach(best, limits["floor_amount_out"]))
    changes = limits | routes.columns(best) | {"quoted_slot": board.slot}
    return Transition(order, Status.BUILDING, changes, building_data(board), keep_lease)


def _unreachable(order: Order, failure: Failure) -> Transition:
    """Back to waiting for an order whose limit is a price; the end for one that has fired for good."""
    if order.waits and order.type not in FIRED_FOR_GOOD:
        return open_again(order, failure)
    return ended(order, failure)


def _without_offer(order: Order, failure: Failure) -> Transition:
    """Where only pools at fault are left, the order ends with what its transactions failed by."""
    if order.left_out_pools and failure.reason in _NO_POOL_LEFT:
        reason = FailureReason(list(order.left_out_pools.values())[-1])
        text = f"{reason.label}, and there is no other pool"
        return ended(order, Failure(reason, text, dict(order.left_out_pools)))
    return failed_or_retried(order, failure)


def is_unchanged(order: Order, board: Quotes | Failure) -> bool:
    """Whether a quote that was made again is the one that the order has."""
    if isinstance(board, Failure):
        return False
    return routes.is_of(order, board.quotes[0])


def _limits(order: Order, best: Route) -> dict[str, Any]:
    floor = order.floor_amount_out or 1
    first = order.first_quoted_amount_out
    if best.mode is SwapMode.EXACT_OUT:
        return {
            # The most that this order may ever cost: a quote may lower it, and never raises it.
            "amount_in": min(order.amount_in, best.max_amount_in),
            "first_quoted_amount_out": best.amount_out,
            "floor_amount_out": floor,
            "min_amount_out": floor,
            "quoted_amount_in": best.amount_in,
        }
    if first is None:
        first = best.amount_out
        # The limit of an order that waits for its price is the price alone, however often it is quoted.
        floor = max(floor, best.min_amount_out) if order.type in _SLIPPING else floor
    return {
        "first_quoted_amount_out": first,
        "floor_amount_out": floor,
        "min_amount_out": max(floor, best.min_amount_out),
    }


def _too_dear(best: Route, most: int) -> Failure:
    token = gateway.token_by_mint(str(best.token_in))
    decimals, name = (token.decimals, token.symbol) if token else (0, "base units")
    asked, allowed = from_base_units(best.amount_in, decimals), from_base_units(most, decimals)
    text = f"The best offer costs {asked} {name}; the order allows {allowed} at most"
    details = {"token": name, "bestAmountIn": asked, "maxAmountIn": allowed}
    return Failure(FailureReason.SLIPPAGE_EXCEEDED, text, details)


def _out_of_reach(best: Route, floor: int) -> Failure:
    token = gateway.token_by_mint(str(best.token_out))
    decimals, name = (token.decimals, token.symbol) if token else (0, "base units")
    offered, wanted = from_base_units(best.amount_out, decimals), from_base_units(floor, decimals)
    text = f"The best offer is {offered} {name}; the order asks for {wanted} at least"
    details = {"token": name, "bestAmountOut": offered, "floorAmountOut": wanted}
    return Failure(FailureReason.SLIPPAGE_EXCEEDED, text, details)
