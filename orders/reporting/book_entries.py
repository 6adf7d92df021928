"""What has moved the book of a user, oldest first: swaps with their value then, and fees paid in vain."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from typing import Final, Protocol

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser

from orders import gateway
from orders.records import costs
from orders.reporting import positions
from orders.reporting.fills import confirmed_swaps, with_costs
from orders.reporting.positions import PaidInVain, Swapped
from orders.wire.fills import Fill

_CHUNK: Final = 500
# A fill, or lamports that were paid in vain.
_Dated = tuple[datetime, Fill | int]


class PastPrices(Protocol):
    """Prices as they were."""

    def usdc_value(self, mint: str, amount: int, at: datetime) -> int | None:
        """What an amount was worth in base units of USDC; None where no price of that time is kept."""


def usdc_mint() -> str:
    """The mint of USDC; empty where it is not listed."""
    token = gateway.listed_token("USDC")
    return str(token.mint) if token else ""


def entries_of(
    user: AbstractBaseUser, prices: PastPrices, usdc: str
) -> Iterator[tuple[datetime, Swapped | PaidInVain]]:
    """All that has moved the book of this network, and when; oldest first."""
    orders = confirmed_swaps(user).order_by("confirmed_at", "id").iterator(_CHUNK)
    swaps: Iterator[_Dated] = ((_moment(fill), fill) for fill in with_costs(orders))
    vain: list[_Dated] = [*costs.in_vain_of(user, settings.SOLANA_NETWORK)]
    for at, entry in heapq.merge(swaps, vain, key=lambda each: each[0]):
        if isinstance(entry, Fill):
            yield at, _swapped(entry, prices, usdc)
        else:
            yield at, PaidInVain(entry, prices.usdc_value(gateway.SOL, entry, at))


def _moment(fill: Fill) -> datetime:
    assert fill.order.confirmed_at is not None
    return fill.order.confirmed_at


def _swapped(fill: Fill, prices: PastPrices, usdc: str) -> Swapped:
    """A fill with its values: by its own USDC side, else by the prices of its time."""
    order, lamports = fill.order, fill.paid.total
    at, amount_in, amount_out = _moment(fill), order.executed_amount_in, order.executed_amount_out
    assert amount_in is not None
    assert amount_out is not None
    sides = order.token_in, amount_in, order.token_out, amount_out
    value = positions.usdc_value(sides, usdc)
    if value is None:
        value = prices.usdc_value(order.token_in, amount_in, at)
    if value is None:
        value = prices.usdc_value(order.token_out, amount_out, at)
    paid = lamports
    if lamports:
        paid = positions.fees_by_swap(sides, lamports, usdc, gateway.SOL)
        paid = prices.usdc_value(gateway.SOL, lamports, at) if paid is None else paid
    return Swapped(*sides, value, lamports, paid)
