"""From what a request says of rounds to the schedule of a DCA order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings

from orders.amounts import amount_at_price, decimal_text
from orders.errors import InvalidRequest
from orders.intake.named_amounts import named
from orders.lifecycle import GroupKind, GroupRole, Status
from orders.models import Order, OrderGroup, Schedule
from orders.records.thresholds import Decimals
from orders.wire.amendments import Amendment
from orders.wire.events import schedule_data
from orders.wire.requests import OrderIntent

_LEAST_INTERVAL_SECONDS: Final = 60
_FARTHEST_START: Final = timedelta(days=30)


def prepare(order: Order, intent: OrderIntent, decimals: Decimals) -> None:
    """Make a new order wait for its rounds, in a group with them; raises InvalidRequest, InvalidAmount."""
    assert intent.rounds is not None
    assert intent.interval_seconds is not None
    refusals: dict[str, str] = {}
    if intent.interval_seconds < _LEAST_INTERVAL_SECONDS and settings.SOLANA_NETWORK != "localnet":
        refusals["intervalSeconds"] = f"at least {_LEAST_INTERVAL_SECONDS}"
    if order.amount_in < intent.rounds:
        refusals["rounds"] = "more than the amount has base units"
    if intent.start_at is not None and intent.start_at > order.created_at + _FARTHEST_START:
        refusals["startAt"] = "at most 30 days ahead"
    if intent.min_price is not None and intent.max_price is not None and intent.min_price > intent.max_price:
        refusals["minPrice"] = "above maxPrice"
    if refusals:
        raise InvalidRequest("The order is not valid", **refusals)
    _require_representable(order, intent, decimals)
    order.status = Status.OPEN
    order.group = OrderGroup(user_id=order.user_id, kind=GroupKind.DCA, created_at=order.created_at)
    order.group_role = GroupRole.SCHEDULE
    Schedule(
        order=order,
        rounds=intent.rounds,
        last_round=intent.rounds,
        interval_seconds=intent.interval_seconds,
        next_at=max(intent.start_at or order.created_at, order.created_at),
        min_price=decimal_text(intent.min_price),
        max_price=decimal_text(intent.max_price),
    )
    order.open_with(schedule_data(order))


def change(order: Order, amendment: Amendment) -> None:
    """Give the schedule of an order what an amendment says, not yet written; raises InvalidRequest.

    A round sells its share of the whole amount by the number of rounds then: fewer rounds left sell less in
    all, and never more than the order's amount.
    """
    schedule = order.schedule
    if amendment.rounds is not None:
        if not schedule.next_round <= amendment.rounds <= schedule.rounds:
            span = f"{schedule.next_round} to {schedule.rounds}"
            raise InvalidRequest("The amendment is not valid", rounds=f"{span}: the last round to be placed")
        schedule.last_round = amendment.rounds
    if "min_price" in amendment.given:
        schedule.min_price = decimal_text(amendment.min_price)
    if "max_price" in amendment.given:
        schedule.max_price = decimal_text(amendment.max_price)
    low, high = schedule.min_price, schedule.max_price
    if low is not None and high is not None and Decimal(low) > Decimal(high):
        raise InvalidRequest("The amendment is not valid", minPrice="above maxPrice")
    if amendment.paused is not None:
        schedule.is_paused = amendment.paused


def _require_representable(order: Order, intent: OrderIntent, decimals: Decimals) -> None:
    for name, price in (("minPrice", intent.min_price), ("maxPrice", intent.max_price)):
        if price is not None:
            amounts = order.amount_in, decimals.token_in, price, decimals.token_out
            named(name, amount_at_price, *amounts, inverted=order.prices_inverted)
