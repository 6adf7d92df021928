"""From what a request says of an order that waits to its rows: the order, its trigger, its group.

Also whether it would fire at once, where the price can be had: a stop on the wrong side of it is refused.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.conf import settings

from orders.amounts import amount_at_price
from orders.errors import InvalidRequest, OrderError, WouldTriggerNow
from orders.intake import limits, rounds, sniping
from orders.intake.exact_output import is_asked_for
from orders.intake.named_amounts import named
from orders.lifecycle import (
    AT_ONCE,
    FIRED_FOR_GOOD,
    IN_A_HURRY,
    GroupKind,
    GroupRole,
    OrderType,
    Status,
    TimeInForce,
)
from orders.models import Order, OrderGroup
from orders.records.thresholds import Decimals, TriggerTerms, trigger_of
from orders.triggers.entries import terms_of
from orders.triggers.rules import is_beyond
from orders.triggers.values import values_now
from orders.wire.events import open_data
from orders.wire.request_terms import BRACKET, BUYERS_WAY, OCO, SIMPLE, ExitTerms
from orders.wire.requests import OrderIntent
from orders.wire.waiting import thresholds_text

# The fields that only some types have, by their names on the wire.
_FIELDS: Final[Mapping[str, str]] = {
    "triggerPrice": "trigger_price",
    "confirmations": "confirmations",
    "trailBps": "trail_bps",
    "activationPrice": "activation_price",
    "timeInForce": "time_in_force",
    "rounds": "rounds",
    "intervalSeconds": "interval_seconds",
    "startAt": "start_at",
    "minPrice": "min_price",
    "maxPrice": "max_price",
    "missed": "missed",
}
_REQUIRED: Final[Mapping[OrderType, tuple[str, ...]]] = {
    OrderType.STOP: ("triggerPrice",),
    OrderType.STOP_LIMIT: ("triggerPrice", "limitPrice"),
    OrderType.TAKE_PROFIT: ("triggerPrice",),
    OrderType.TRAILING_STOP: ("trailBps",),
    OrderType.DCA: ("rounds", "intervalSeconds"),
}
_MAY: Final[Mapping[OrderType, frozenset[str]]] = {
    OrderType.MARKET: frozenset(),
    OrderType.LIMIT: frozenset({"timeInForce"}),
    OrderType.STOP: frozenset({"triggerPrice", "confirmations"}),
    OrderType.STOP_LIMIT: frozenset({"triggerPrice", "confirmations"}),
    OrderType.TAKE_PROFIT: frozenset({"triggerPrice", "confirmations"}),
    OrderType.TRAILING_STOP: frozenset({"trailBps", "activationPrice", "confirmations"}),
    OrderType.DCA: frozenset({"rounds", "intervalSeconds", "startAt", "minPrice", "maxPrice", "missed"}),
    OrderType.SNIPER: frozenset(),
}
# Those of them that have no price of their own.
_IN_A_HURRY: Final = IN_A_HURRY - {OrderType.TAKE_PROFIT}
_CLASSED: Final = frozenset({OrderType.MARKET, OrderType.LIMIT})


def require_fitting(kind: OrderType, intent: OrderIntent) -> None:
    """Raise InvalidRequest for fields that do not go with the type, or with each other."""
    given = {name for name, attribute in _FIELDS.items() if getattr(intent, attribute) is not None}
    refusals = dict.fromkeys(given - _MAY[kind], f"not with {kind.value}")
    if intent.limit_price is not None and kind in FIRED_FOR_GOOD:
        refusals["limitPrice"] = f"not with {kind.value}; stop_limit has both, minAmountOut is a floor"
    present = given | ({"limitPrice"} if intent.limit_price is not None else set())
    refusals |= {name: "required" for name in _REQUIRED.get(kind, ()) if name not in present}
    if intent.limit_price is not None and kind is OrderType.DCA:
        refusals["limitPrice"] = "not with dca; minPrice and maxPrice bound its rounds"
    if kind not in (OrderType.MARKET, OrderType.LIMIT) and is_asked_for(intent):
        refusals["amountOut"] = f"not with {kind.value}"
    if kind is OrderType.LIMIT and _has_no_limit(intent):
        refusals["limitPrice"] = "required"
    if intent.time_in_force == TimeInForce.GTD and intent.expires_at is None:
        refusals["expiresAt"] = "required with gtd"
    refusals |= _class_refusals(kind, intent) | sniping.refusals(kind, intent)
    if refusals:
        raise InvalidRequest("The order is not valid", **refusals)


def _has_no_limit(intent: OrderIntent) -> bool:
    if is_asked_for(intent):
        bounds = (intent.limit_price, intent.max_amount_in, intent.max_amount_in_raw)
    else:
        bounds = (intent.limit_price, intent.min_amount_out, intent.min_amount_out_raw)
    return all(bound is None for bound in bounds) and intent.order_class != OCO


def _class_refusals(kind: OrderType, intent: OrderIntent) -> dict[str, str]:
    exits = {"takeProfit": intent.take_profit, "stopLoss": intent.stop_loss}
    if (intent.order_class or SIMPLE) == SIMPLE:
        return {name: "only with orderClass oco or bracket" for name, terms in exits.items() if terms}
    refusals = {name: "required" for name, terms in exits.items() if terms is None}
    if kind not in _CLASSED:
        refusals["orderClass"] = "with market and limit only"
    if is_asked_for(intent):
        refusals["amountOut"] = f"not with {intent.order_class}"
    if intent.order_class == OCO and intent.limit_price is not None:
        refusals["limitPrice"] = "say it in takeProfit"
    if intent.order_class == OCO and intent.time_in_force in {each.value for each in AT_ONCE}:
        refusals["timeInForce"] = "not with oco"
    return refusals


def prepare(order: Order, intent: OrderIntent, decimals: Decimals) -> None:
    """Make a new order, whose floor is set, wait for its trigger, and bring its group.

    Raises InvalidRequest, InvalidAmount.
    """
    order.prices_inverted = intent.price_of == BUYERS_WAY
    order.time_in_force = intent.time_in_force or TimeInForce.GTC
    if intent.slippage_bps is None and order.type in _IN_A_HURRY:
        order.slippage_bps = limits.stop_slippage()
    if order.type == OrderType.SNIPER:
        sniping.prepare(order, intent, decimals.token_in)
        return
    if order.type == OrderType.DCA:
        rounds.prepare(order, intent, decimals)
        return
    if intent.order_class == OCO:
        _make_pair(order, intent, decimals)
        return
    if order.has_trigger:
        terms = TriggerTerms(
            intent.trigger_price, intent.activation_price, intent.trail_bps, intent.confirmations
        )
        _wait(order, terms, decimals)
    if intent.order_class == BRACKET:
        _make_entry(order, intent, decimals)


def _wait(order: Order, terms: TriggerTerms, decimals: Decimals) -> None:
    order.status = Status.OPEN
    named("triggerPrice", trigger_of, order, terms, decimals)
    order.open_with(open_data(order))


def _make_pair(order: Order, intent: OrderIntent, decimals: Decimals) -> None:
    """An OCO: the order becomes the limit order, and brings the stop."""
    assert intent.take_profit is not None
    assert intent.stop_loss is not None
    group = OrderGroup(user_id=order.user_id, kind=GroupKind.OCO, created_at=order.created_at)
    stop = copy.copy(order)
    stop._state = copy.deepcopy(order._state)
    stop.pk = uuid.uuid4()
    # The client's key is the first one's.
    stop.client_order_id = None
    order.type, order.group, order.group_role = OrderType.LIMIT, group, GroupRole.TAKE_PROFIT
    order.limit_price, order.floor_amount_out = _limit(order, intent.take_profit, decimals, "takeProfit")
    _wait(order, TriggerTerms(), decimals)
    is_limited = intent.stop_loss.limit_price is not None
    stop.type = OrderType.STOP_LIMIT if is_limited else OrderType.STOP
    stop.group, stop.group_role = group, GroupRole.STOP_LOSS
    stop.slippage_bps = _exit_slippage(intent.stop_loss)
    if is_limited:
        stop.limit_price, stop.floor_amount_out = _limit(stop, intent.stop_loss, decimals, "stopLoss")
    stop_terms = TriggerTerms(intent.stop_loss.trigger_price, confirmations=intent.stop_loss.confirmations)
    _wait(stop, stop_terms, decimals)
    _require_apart(order.trigger.fires_at_or_above, stop.trigger.fires_at_or_below)
    order.bring([stop])


def _make_entry(order: Order, intent: OrderIntent, decimals: Decimals) -> None:
    """A bracket: its exits are made of what is kept here when this order is confirmed."""
    assert intent.take_profit is not None
    assert intent.stop_loss is not None
    exits = {"takeProfit": intent.take_profit.as_json(), "stopLoss": intent.stop_loss.as_json()}
    exits["stopLoss"]["slippageBps"] = _exit_slippage(intent.stop_loss)
    order.group = OrderGroup(
        user_id=order.user_id, kind=GroupKind.BRACKET, exits=exits, created_at=order.created_at
    )
    order.group_role = GroupRole.ENTRY
    # Of any amount of what it buys: the prices alone must lie apart.
    sample, back = 10**12, Decimals(decimals.token_out, decimals.token_in)
    inverted = not order.prices_inverted
    above = _at(sample, intent.take_profit.limit_price, back, inverted=inverted)
    below = _at(sample, intent.stop_loss.trigger_price, back, inverted=inverted)
    _require_apart(above, below)
    paid = _at(sample, intent.limit_price, back, inverted=inverted) if order.type == OrderType.LIMIT else None
    if paid is not None and below is not None and below >= paid:
        text = "its triggerPrice must be worse than the limitPrice of the entry"
        raise InvalidRequest("The order is not valid", stopLoss=text)


def _at(amount: int, price: Decimal | None, decimals: Decimals, *, inverted: bool) -> int | None:
    if price is None:
        return None
    return amount_at_price(amount, decimals.token_in, price, decimals.token_out, inverted=inverted)


def _require_apart(above: int | None, below: int | None) -> None:
    if above is not None and below is not None and above <= below:
        raise InvalidRequest(
            "The order is not valid", stopLoss="its triggerPrice must be worse than takeProfit's limitPrice"
        )


def _limit(order: Order, terms: ExitTerms, decimals: Decimals, name: str) -> tuple[str, int]:
    price = terms.limit_price
    assert price is not None
    floor = named(
        name,
        amount_at_price,
        order.amount_in,
        decimals.token_in,
        price,
        decimals.token_out,
        inverted=order.prices_inverted,
    )
    return format(price, "f"), max(floor, order.floor_amount_out or 1)


def _exit_slippage(terms: ExitTerms) -> int:
    if terms.slippage_bps is None:
        return limits.stop_slippage()
    if not 0 <= terms.slippage_bps <= settings.MAX_SLIPPAGE_BPS:
        text = f"slippageBps: 0 to {settings.MAX_SLIPPAGE_BPS}"
        raise InvalidRequest("The slippage is out of range", stopLoss=text)
    return terms.slippage_bps


def meaning(intent: OrderIntent) -> dict[str, Any]:
    """What a request says of waiting, for telling whether a repeated one is the same."""
    said: dict[str, Any] = {
        "trigger": intent.trigger_price and str(intent.trigger_price.normalize()),
        "confirmations": intent.confirmations,
        "trail": intent.trail_bps,
        "activation": intent.activation_price and str(intent.activation_price.normalize()),
        "time_in_force": intent.time_in_force,
        "rounds": intent.rounds,
        "interval": intent.interval_seconds,
        "start": intent.start_at and intent.start_at.isoformat(),
        "min_price": intent.min_price and str(intent.min_price.normalize()),
        "max_price": intent.max_price and str(intent.max_price.normalize()),
        "class": None if intent.order_class == SIMPLE else intent.order_class,
        "take_profit": intent.take_profit and intent.take_profit.as_json(),
        "stop_loss": intent.stop_loss and intent.stop_loss.as_json(),
    }
    return {name: value for name, value in said.items() if value is not None} | sniping.meaning(intent)


def needs_a_price(order: Order) -> bool:
    """Whether accepting the order takes a look at the chain."""
    return any(True for _ in _unjudged(order))


def refusals_at_once(orders: Sequence[Order]) -> dict[uuid.UUID, OrderError]:
    """Orders whose triggers would fire at the price of now, by id; where none can be had, a watcher judges.

    One look at the chain for all of them, and none where no order has such a trigger.
    """
    doubtful = {each: order for order in orders for each in _unjudged(order)}
    refusals: dict[uuid.UUID, OrderError] = {}
    for each, value in values_now(doubtful).items():
        order = doubtful[each]
        each.trigger.judged = True
        if is_beyond(terms_of(each), value):
            refusals[order.pk] = WouldTriggerNow(**thresholds_text(each, value))
    return refusals


def _unjudged(order: Order) -> Iterable[Order]:
    for each in (order, *order.companions):
        if each.status == Status.OPEN and each.has_trigger and not each.trigger.judged:
            yield each
