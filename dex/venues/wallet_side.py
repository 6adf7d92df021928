"""A swap as the wallet sees it: transfer fees of both mints around the trade between the vaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

from dex.errors import AmountTooSmall
from dex.types import QuoteRequest, SwapMode
from dex.venues.integer_math import require_u64
from dex.venues.swap_request import require_amount
from dex.venues.token_mint import TransferFee


class Trade(Protocol):
    """What moves between the vaults, in base units."""

    @property
    def amount_in(self) -> int: ...

    @property
    def amount_out(self) -> int: ...


Traded = TypeVar("Traded", bound=Trade)


class WalletSide(NamedTuple):
    """What leaves and what reaches the wallet, in base units."""

    amount_in: int
    amount_out: int


def trade_between_vaults(
    request: QuoteRequest,
    fee_in: TransferFee,
    fee_out: TransferFee,
    sell: Callable[[int], Traded],
    buy: Callable[[int], Traded],
) -> tuple[Traded, WalletSide]:
    """Run a pool's formula on what the mints let through; ``sell`` takes an input, ``buy`` an output.

    Raises AmountTooSmall, AmountTooLarge, and what the formula raises.
    """
    amount = require_amount(request)
    if request.mode is SwapMode.EXACT_IN:
        trade = sell(_arriving(amount, fee_in))
        return trade, WalletSide(amount, _arriving(trade.amount_out, fee_out))
    trade = buy(require_u64(amount + fee_out.on_net(amount)))
    gross = require_u64(trade.amount_in + fee_in.on_net(trade.amount_in))
    return trade, WalletSide(gross, _arriving(trade.amount_out, fee_out))


def _arriving(amount: int, fee: TransferFee) -> int:
    arriving = amount - fee.on_gross(amount)
    if arriving <= 0:
        raise AmountTooSmall("after fees and rounding nothing is left")
    return arriving
