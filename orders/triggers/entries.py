"""From the rows of an open order to its entry in the book, and to what a price is asked for."""

from __future__ import annotations

from dex.types import SwapMode
from orders.gateway import Market
from orders.lifecycle import FIRED_FOR_GOOD, OrderType, WaitsFor
from orders.models import Order, Trigger
from orders.records import routes
from orders.records.open_orders import OpenOrder
from orders.records.thresholds import waits_for_its_limit
from orders.triggers.book import Entry
from orders.triggers.rules import Terms


def entry_of(row: OpenOrder) -> Entry:
    """The entry of an open order."""
    return Entry(
        number=0,
        order_id=row.pk,
        version=row.version,
        market=market_of(row),
        amount=amount_of(row),
        terms=_terms(row, row),
        created_at=row.created_at,
        due_at=row.due_at,
        fired=row.fired_at is not None and row.type in FIRED_FOR_GOOD,
        for_funds=row.waits_for == WaitsFor.FUNDS,
        judged=row.judged,
        sold=row.amount_in,
    )


def market_of(order: Order | OpenOrder) -> Market:
    """Where an order's amount has its price."""
    bounds = routes.bounds_of(order.route_bounds)
    return Market(order.token_in, order.token_out, SwapMode(order.mode), bounds)


def amount_of(order: Order | OpenOrder) -> int:
    """The amount that the order fixes, in base units."""
    return (order.floor_amount_out or 1) if order.mode == SwapMode.EXACT_OUT else order.amount_in


def terms_of(order: Order) -> Terms:
    """What the trigger of an order compares."""
    return _terms(order, order.trigger)


def _terms(order: Order | OpenOrder, trigger: Trigger | OpenOrder) -> Terms:
    if waits_for_its_limit(order.type, order.fired_at):
        return Terms(OrderType.LIMIT, at_or_above=order.floor_amount_out)
    return Terms(
        OrderType(order.type),
        at_or_above=trigger.fires_at_or_above,
        at_or_below=trigger.fires_at_or_below,
        confirmations=trigger.confirmations,
        trail_bps=trigger.trail_bps,
        activates_at=trigger.activates_at,
        watermark=trigger.watermark,
    )
