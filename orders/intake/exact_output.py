"""What an exact output buys, and the most that it may cost, by what its client says."""

from __future__ import annotations

from dex.types import SwapMode
from orders.amounts import NOT_BOUND_YET, amount_for_price, to_base_units
from orders.intake.named_amounts import named
from orders.models import Order
from orders.wire.request_terms import BUYERS_WAY
from orders.wire.requests import OrderIntent


def is_asked_for(intent: OrderIntent) -> bool:
    """Whether the request fixes what is bought."""
    return intent.amount_out is not None or intent.amount_out_raw is not None


def fill_in(order: Order, intent: OrderIntent, decimals_in: int, decimals_out: int) -> None:
    """Set mode and amounts of a new order; raises InvalidAmount.

    ``maxAmountIn`` and ``limitPrice`` bound what it costs at once, the lower one where both are given. Where
    there is neither, or a slippage beside them, the first quote bounds it.
    """
    order.mode = SwapMode.EXACT_OUT.value
    order.floor_amount_out = bought = _bought(intent, decimals_out)
    given = _given(intent, bought, decimals_in, decimals_out)
    order.amount_in = min(given, default=NOT_BOUND_YET)
    order.is_bound_by_slippage = not given or intent.slippage_bps is not None


def _bought(intent: OrderIntent, decimals: int) -> int:
    if intent.amount_out_raw is not None:
        return intent.amount_out_raw
    assert intent.amount_out is not None
    return named("amountOut", to_base_units, intent.amount_out, decimals)


def _given(intent: OrderIntent, bought: int, decimals_in: int, decimals_out: int) -> list[int]:
    """The bounds that the request names, in base units of the token in."""
    found: list[int] = []
    if intent.max_amount_in_raw is not None:
        found.append(intent.max_amount_in_raw)
    if intent.max_amount_in is not None:
        found.append(named("maxAmountIn", to_base_units, intent.max_amount_in, decimals_in))
    if intent.limit_price is not None:
        price = intent.limit_price
        inverted = intent.price_of == BUYERS_WAY
        amounts = bought, decimals_out, price, decimals_in
        found.append(named("limitPrice", amount_for_price, *amounts, inverted=inverted))
    return found
