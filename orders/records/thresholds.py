"""From an order's prices to what its trigger compares: integers of the order's own size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from dex.types import SwapMode
from orders.amounts import amount_at_price, decimal_text
from orders.lifecycle import OrderType
from orders.models import Order, Trigger

# One odd slot is not to sell a position.
DEFAULT_CONFIRMATIONS: Final[Mapping[OrderType, int]] = {
    OrderType.STOP: 2,
    OrderType.STOP_LIMIT: 2,
    OrderType.TRAILING_STOP: 2,
}
_ALL_BPS: Final = 10_000
# A watermark is written when it moves by this much.
_STEP_BPS: Final = 1


@dataclass(frozen=True, slots=True)
class TriggerTerms:
    """When an order is to fire: prices in whole tokens, as the order's own ``prices_inverted`` says."""

    trigger_price: Decimal | None = None
    activation_price: Decimal | None = None
    trail_bps: int | None = None
    confirmations: int | None = None


@dataclass(frozen=True, slots=True)
class Decimals:
    """Of the token in and the token out."""

    token_in: int
    token_out: int


def trigger_of(order: Order, terms: TriggerTerms, decimals: Decimals) -> Trigger:
    """The trigger row of an order whose floor is set; raises InvalidAmount for a price beyond all amounts.

    A price at or above rounds up and one at or below down, so that an order never fires early.
    """
    kind = OrderType(order.type)
    above, below = _levels(order, kind, terms, decimals)
    return Trigger(
        order=order,
        fires_at_or_above=above,
        fires_at_or_below=below,
        confirmations=terms.confirmations or DEFAULT_CONFIRMATIONS.get(kind, 1),
        trail_bps=terms.trail_bps,
        activates_at=_at(order, terms.activation_price, decimals, round_up=True),
        trigger_price=decimal_text(terms.trigger_price),
        activation_price=decimal_text(terms.activation_price),
        judged=kind is OrderType.LIMIT or kind is OrderType.TRAILING_STOP,
    )


def _levels(
    order: Order, kind: OrderType, terms: TriggerTerms, decimals: Decimals
) -> tuple[int | None, int | None]:
    if kind is OrderType.LIMIT:
        if order.mode == SwapMode.EXACT_OUT:
            return None, order.amount_in
        return order.floor_amount_out, None
    if kind is OrderType.TAKE_PROFIT:
        return _at(order, terms.trigger_price, decimals, round_up=True), None
    return None, _at(order, terms.trigger_price, decimals, round_up=False)


def _at(order: Order, price: Decimal | None, decimals: Decimals, *, round_up: bool) -> int | None:
    if price is None:
        return None
    return amount_at_price(
        order.amount_in,
        decimals.token_in,
        price,
        decimals.token_out,
        inverted=order.prices_inverted,
        round_up=round_up,
    )


def waits_for_its_limit(kind: str, fired_at: datetime | None) -> bool:
    """Whether it is a stop limit whose trigger has fired: from then on it is a limit order."""
    return kind == OrderType.STOP_LIMIT and fired_at is not None


def trailing_stop(watermark: int, trail_bps: int) -> int:
    """At or below what a trailing stop fires, in base units of the token out, rounded down."""
    return watermark * (_ALL_BPS - trail_bps) // _ALL_BPS


def next_watermark(watermark: int | None) -> int:
    """The least value that is worth a new watermark: a basis point more, at least one unit."""
    if watermark is None:
        return 1
    return watermark + max(1, -(-watermark * _STEP_BPS // _ALL_BPS))
