"""Amends an open order: the same rules as for a new one, and only as its client last read it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from dex.types import SwapMode
from orders import gateway
from orders.amounts import amount_at_price, amount_for_price, to_base_units
from orders.errors import ChangedMeanwhile, InvalidRequest, NotAmendable, NotFound
from orders.intake import limits, rounds, waiting
from orders.intake.named_amounts import named
from orders.lifecycle import GroupRole, OrderType, Status
from orders.models import Order, Trigger
from orders.pipeline import groups
from orders.records.thresholds import Decimals, TriggerTerms, trigger_of
from orders.records.transition import Transition
from orders.wire.amendments import Amendment
from orders.wire.events import open_data, schedule_data
from orders.wire.sniping import sniping_data

# Columns of an order that an amendment may change.
_COLUMNS: Final = ("amount_in", "floor_amount_out", "limit_price", "slippage_bps", "expires_at")
_HAS_LIMIT: Final = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.SNIPER})


def amend_order(user: AbstractBaseUser, order_id: UUID, amendment: Amendment) -> Order:
    """Change an open order; it waits anew by its new terms.

    Raises NotFound, NotAmendable, ChangedMeanwhile, InvalidRequest, InvalidAmount, OrderTooLarge,
    WouldTriggerNow.
    """
    rows = Order.objects.filter(user_id=user.pk, pk=order_id)
    order = rows.select_related("trigger", "schedule", "launch_rules").first()
    if order is None:
        raise NotFound("There is no such order")
    if order.status != Status.OPEN:
        raise NotAmendable(status=order.status)
    if order.version != amendment.version:
        raise ChangedMeanwhile(version=order.version, status=order.status)
    before = {name: getattr(order, name) for name in _COLUMNS}
    data = _amend(order, amendment)
    changes = {name: getattr(order, name) for name in _COLUMNS if getattr(order, name) != before[name]}
    changes |= {"due_at": timezone.now(), "retries": 0}

    def write_beside(_: Sequence[Order]) -> None:
        if order.type == OrderType.DCA:
            order.schedule.save()
        elif order.type != OrderType.SNIPER:
            _write_trigger(order, before["amount_in"])

    if not groups.record([Transition(order, Status.OPEN, changes, data)], alongside=write_beside):
        now = Order.objects.get(pk=order_id)
        if now.status != Status.OPEN:
            raise NotAmendable(status=now.status)
        raise ChangedMeanwhile(version=now.version, status=now.status)
    return order


def _amend(order: Order, amendment: Amendment) -> dict[str, Any]:
    """Give a row that is not written yet what the amendment says; the event's data."""
    _require_fitting(order, amendment)
    if order.type == OrderType.DCA:
        _change_slippage_and_expiry(order, amendment)
        rounds.change(order, amendment)
        return schedule_data(order)
    amount_before, decimals = order.amount_in, _decimals(order)
    _change(order, amendment, decimals)
    if order.type == OrderType.SNIPER:
        return sniping_data(order)
    _trigger(order, amendment, decimals, amount_before)
    for refusal in waiting.refusals_at_once([order]).values():
        raise refusal
    return open_data(order)


def _decimals(order: Order) -> Decimals:
    bought = 0 if order.group_role == GroupRole.BUDGET else gateway.decimals_of(order.token_out)
    return Decimals(gateway.decimals_of(order.token_in), bought)


def _write_trigger(order: Order, amount_before: int) -> None:
    """Write the trigger with the watermark of now: a watcher raises it, which is no step of the order."""
    now = Trigger.objects.values_list("watermark", flat=True).get(pk=order.pk)
    order.trigger.watermark = _scaled(now, order.amount_in, amount_before)
    order.trigger.save()


def _scaled(watermark: int | None, amount: int, amount_before: int) -> int | None:
    """The same price, for another amount."""
    return None if watermark is None else watermark * amount // amount_before


def _change(order: Order, amendment: Amendment, decimals: Decimals) -> None:
    if amendment.amount is not None:
        order.amount_in = named("amountIn", to_base_units, amendment.amount, decimals.token_in)
    if amendment.amount_raw is not None:
        order.amount_in = amendment.amount_raw
    token = gateway.token_by_mint(order.token_in)
    if token is not None:
        gateway.require_within_cap(token, order.amount_in)
    _change_slippage_and_expiry(order, amendment)
    _limit(order, amendment, decimals)


def _change_slippage_and_expiry(order: Order, amendment: Amendment) -> None:
    if amendment.slippage_bps is not None:
        order.slippage_bps = limits.slippage(amendment.slippage_bps)
    if "expires_at" in amendment.given:
        order.expires_at = amendment.expires_at
        if order.expires_at is not None and order.expires_at <= timezone.now():
            raise InvalidRequest("The expiry lies in the past", expiresAt="must lie ahead")


def _require_fitting(order: Order, amendment: Amendment) -> None:
    kind = OrderType(order.type)
    is_schedule, trails = kind is OrderType.DCA, kind is OrderType.TRAILING_STOP
    trigger = order.trigger if order.has_trigger else None
    has_price = order.group_role not in (GroupRole.BUDGET, GroupRole.SCHEDULE)
    has_own_amount = order.group_id is None and order.mode == SwapMode.EXACT_IN
    may = {
        "limitPrice": kind in _HAS_LIMIT and has_price,
        "triggerPrice": trigger is not None and bool(trigger.trigger_price) and order.fired_at is None,
        "confirmations": trigger is not None,
        "trailBps": trails,
        "activationPrice": trails and trigger is not None and trigger.watermark is None,
        **dict.fromkeys(("amount", "amountIn", "amountInRaw"), has_own_amount),
        **dict.fromkeys(("minAmountOut", "minAmountOutRaw"), has_price),
        # Of a schedule alone.
        **dict.fromkeys(("rounds", "minPrice", "maxPrice", "paused"), is_schedule),
    }
    refusals = {
        name: "not of this order" for name, fits in may.items() if name in amendment.names and not fits
    }
    if refusals:
        raise InvalidRequest("The amendment is not valid", **refusals)


def _limit(order: Order, amendment: Amendment, decimals: Decimals) -> None:
    """The floor by the limit price, or by what the amendment says at least."""
    if amendment.limit_price is not None:
        order.limit_price = format(amendment.limit_price, "f")
    given = [_least(amendment, decimals)]
    if order.limit_price is not None:
        price, inverted = Decimal(order.limit_price), order.prices_inverted
        if order.mode == SwapMode.EXACT_OUT:
            amounts = order.floor_amount_out or 1, decimals.token_out, price, decimals.token_in
            order.amount_in = named("limitPrice", amount_for_price, *amounts, inverted=inverted)
            return
        amounts = order.amount_in, decimals.token_in, price, decimals.token_out
        given.append(named("limitPrice", amount_at_price, *amounts, inverted=inverted))
    floors = [floor for floor in given if floor is not None]
    if floors:
        order.floor_amount_out = max(floors)


def _least(amendment: Amendment, decimals: Decimals) -> int | None:
    if amendment.min_amount_out_raw is not None:
        return amendment.min_amount_out_raw
    if amendment.min_amount_out is None:
        return None
    return named("minAmountOut", to_base_units, amendment.min_amount_out, decimals.token_out)


def _trigger(order: Order, amendment: Amendment, decimals: Decimals, amount_before: int) -> None:
    before = order.trigger
    terms = TriggerTerms(
        amendment.trigger_price or _price(before.trigger_price),
        amendment.activation_price or _price(before.activation_price),
        amendment.trail_bps or before.trail_bps,
        amendment.confirmations or before.confirmations,
    )
    made = named("triggerPrice", trigger_of, order, terms, decimals)
    made.watermark = _scaled(before.watermark, order.amount_in, amount_before)
    made.judged = made.judged or amendment.trigger_price is None
    made._state.adding = False


def _price(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
