"""From the row of an open order to its entry in the book."""

from __future__ import annotations

from dex.types import SwapMode
from orders.gateway import Market
from orders.lifecycle import FIRED_FOR_GOOD, OrderType, WaitsFor
from orders.models import Order
from orders.records import routes
from orders.records.open_orders import OpenOrder
from orders.triggers.book import Entry
from orders.triggers.rules import Terms


def entry_of(row: OpenOrder) -> Entry:
    """The entry of an open order."""
    mode = SwapMode(row.mode)
    exact_out = mode is SwapMode.EXACT_OUT
    market = Market(row.token_in, row.token_out, mode, routes.bounds_of(row.route_bounds))
    kind = OrderType(row.type)
    return Entry(
        number=0,
        order_id=row.pk,
        version=row.version,
        market=market,
        amount=(row.floor_amount_out or 1) if exact_out else row.amount_in,
        terms=_terms(row, kind),
        created_at=row.created_at,
        due_at=row.due_at,
        fired=row.fired_at is not None and kind in FIRED_FOR_GOOD,
        for_funds=row.waits_for == WaitsFor.FUNDS,
        judged=row.judged,
        sold=row.amount_in,
    )


def terms_of(order: Order) -> Terms:
    """What the trigger of an order that has not fired compares."""
    trigger = order.trigger
    return Terms(
        OrderType(order.type),
        at_or_above=trigger.fires_at_or_above,
        at_or_below=trigger.fires_at_or_below,
        confirmations=trigger.confirmations,
        trail_bps=trigger.trail_bps,
        activates_at=trigger.activates_at,
        watermark=trigger.watermark,
    )


def _terms(row: OpenOrder, kind: OrderType) -> Terms:
    if kind is OrderType.STOP_LIMIT and row.fired_at is not None:
        # Its trigger has fired: from then on it is a limit order.
        return Terms(OrderType.LIMIT, at_or_above=row.floor_amount_out)
    return Terms(
        kind,
        at_or_above=row.fires_at_or_above,
        at_or_below=row.fires_at_or_below,
        confirmations=row.confirmations,
        trail_bps=row.trail_bps,
        activates_at=row.activates_at,
        watermark=row.watermark,
    )
