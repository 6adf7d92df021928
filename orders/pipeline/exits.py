"""The exits of a position: orders that sell what an entry has received, made when it is confirmed.

A bracket's have prices. A sniper's have prices too, or shares of what was paid: a purchase out of a pool that
was not there before has no price that could have been named. One of them may also sell at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from orders import gateway
from orders.amounts import amount_at_price
from orders.errors import InvalidAmount
from orders.lifecycle import GroupKind, GroupRole, OrderType, Status
from orders.models import Order, Trigger
from orders.pipeline.children import child_of
from orders.records import routes
from orders.records.thresholds import DEFAULT_CONFIRMATIONS, Decimals, TriggerTerms, trigger_of
from orders.wire.events import open_data

logger = logging.getLogger(__name__)

ROLES: Final = (GroupRole.TAKE_PROFIT, GroupRole.STOP_LOSS)
_ALL_BPS: Final = 10_000


def of(entry: Order, there: Sequence[Order]) -> list[Order]:
    """The exits of an entry that was confirmed; none where it has none, or they are there already."""
    group = entry.group
    if group is None or group.kind != GroupKind.BRACKET or there or not group.exits:
        return []
    amount = entry.executed_amount_out
    if not amount:
        return []
    decimals = Decimals(gateway.decimals_of(entry.token_out), gateway.decimals_of(entry.token_in))
    try:
        if entry.type == OrderType.SNIPER:
            return _of_sniper(entry, group.exits, amount, decimals)
        return [
            _at_prices(entry, GroupRole.TAKE_PROFIT, group.exits["takeProfit"], amount, decimals),
            _at_prices(entry, GroupRole.STOP_LOSS, group.exits["stopLoss"], amount, decimals),
        ]
    except InvalidAmount:
        # Less than a unit at these prices. What has landed has landed: the entry is confirmed all the same.
        logger.exception("no exits can be made for %s", entry.pk)
        return []


def _exit(
    entry: Order, role: GroupRole, kind: OrderType, amount: int, slippage_bps: int, **columns: Any
) -> Order:
    return child_of(
        entry,
        type=kind,
        # The bound may have been lowered since the entry was placed: an exit beyond it would be refused.
        slippage_bps=min(slippage_bps, settings.MAX_SLIPPAGE_BPS),
        status=Status.OPEN,
        token_in=entry.token_out,
        token_out=entry.token_in,
        amount_in=amount,
        # The request has one way of saying prices: what the entry pays per token is what an exit gets.
        prices_inverted=not entry.prices_inverted,
        group_role=role,
        route_bounds=routes.without_pools(entry.route_bounds),
        **columns,
    )


def _at_prices(
    entry: Order, role: GroupRole, terms: Mapping[str, Any], amount: int, decimals: Decimals
) -> Order:
    limit, fires_at = terms.get("limitPrice"), terms.get("triggerPrice")
    kind = OrderType.LIMIT if fires_at is None else OrderType.STOP_LIMIT if limit else OrderType.STOP
    slippage = terms.get("slippageBps", settings.STOP_SLIPPAGE_BPS)
    order = _exit(entry, role, kind, amount, slippage_bps=slippage, limit_price=limit)
    if limit is not None:
        order.floor_amount_out = _at(order, limit, decimals)
    given = TriggerTerms(
        None if fires_at is None else Decimal(fires_at), confirmations=terms.get("confirmations")
    )
    trigger = trigger_of(order, given, decimals)
    # The price may have fallen beyond the stop while the entry was filled: then it is to sell, not to fail.
    trigger.judged = True
    order.open_with(open_data(order))
    return order


def _of_sniper(entry: Order, terms: Mapping[str, Any], amount: int, decimals: Decimals) -> list[Order]:
    paid = entry.executed_amount_in or entry.amount_in
    found = []
    if "takeProfit" in terms:
        found.append(_take_profit(entry, terms["takeProfit"], amount, paid, decimals))
    if "stopLoss" in terms or "afterSeconds" in terms:
        found.append(_stop_loss(entry, terms, amount, paid, decimals))
    for order in found:
        order.open_with(open_data(order))
    return found


def _take_profit(entry: Order, level: Mapping[str, Any], amount: int, paid: int, decimals: Decimals) -> Order:
    order = _exit(
        entry,
        GroupRole.TAKE_PROFIT,
        OrderType.LIMIT,
        amount,
        slippage_bps=settings.DEFAULT_SLIPPAGE_BPS,
        limit_price=level.get("price"),
    )
    if "price" in level:
        order.floor_amount_out = _at(order, level["price"], decimals)
    else:
        order.floor_amount_out = -(-paid * (_ALL_BPS + level["bps"]) // _ALL_BPS)
    Trigger(order=order, fires_at_or_above=order.floor_amount_out)
    return order


def _stop_loss(entry: Order, terms: Mapping[str, Any], amount: int, paid: int, decimals: Decimals) -> Order:
    """A stop at its level, at a time, or at whichever of both comes first."""
    level = terms.get("stopLoss", {})
    kind, slippage = OrderType.STOP, terms.get("slippageBps", settings.STOP_SLIPPAGE_BPS)
    order = _exit(entry, GroupRole.STOP_LOSS, kind, amount, slippage_bps=slippage)
    below = None
    if "price" in level:
        below = _at(order, level["price"], decimals, round_up=False)
    elif "bps" in level:
        below = paid * (_ALL_BPS - level["bps"]) // _ALL_BPS
    after = terms.get("afterSeconds")
    Trigger(
        order=order,
        fires_at_or_below=below,
        confirmations=DEFAULT_CONFIRMATIONS[kind],
        trigger_price=level.get("price"),
        fires_at=None if after is None else timezone.now() + timedelta(seconds=after),
    )
    return order


def _at(order: Order, price: str, decimals: Decimals, *, round_up: bool = True) -> int:
    return amount_at_price(
        order.amount_in,
        decimals.token_in,
        Decimal(price),
        decimals.token_out,
        inverted=order.prices_inverted,
        round_up=round_up,
    )
