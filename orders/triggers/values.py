"""What the amounts of some orders are worth now: one look at the chain for all of them."""

from __future__ import annotations

from collections.abc import Iterable

from dex.errors import DexError
from orders import gateway
from orders.gateway import Market
from orders.models import Order
from orders.triggers.entries import amount_of, market_of


def values_now(orders: Iterable[Order]) -> dict[Order, int]:
    """What each amount would bring now, or cost for an exact output; base units.

    Without those that have no quote, and none where no node answers.
    """
    asked = {order: (market_of(order), amount_of(order)) for order in orders}
    largest: dict[Market, int] = {}
    for market, amount in asked.values():
        largest[market] = max(largest.get(market, 0), amount)
    if not largest:
        return {}
    try:
        prices = gateway.look_at(largest)
    except DexError:
        return {}
    found = {order: prices.of(*each).value for order, each in asked.items()}
    return {order: value for order, value in found.items() if value is not None}
