"""Which refusals of an adapter agree with a failure of the program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dex import errors
from dex.types import FailureKind, Quote, SwapMode
from dex.venues.base import Venue

REFUSALS: Final[Mapping[FailureKind, tuple[type[errors.DexError], ...]]] = {
    FailureKind.AMOUNT_TOO_SMALL: (errors.AmountTooSmall,),
    FailureKind.INSUFFICIENT_LIQUIDITY: (errors.InsufficientLiquidity, errors.AmountTooLarge),
    FailureKind.POOL_DISABLED: (errors.PoolDisabled,),
    # Where a program has one error for what the wallet and what the pool lacks.
    FailureKind.INSUFFICIENT_FUNDS: (errors.InsufficientLiquidity, errors.AmountTooLarge),
    # What pays nothing misses any minimum too.
    FailureKind.SLIPPAGE_EXCEEDED: (errors.AmountTooSmall,),
}


def failure_kind(venue: Venue, chain: Mapping[str, Any]) -> FailureKind:
    """What the venue makes of a recorded failure."""
    error = chain.get("error")
    logs = chain.get("log") or chain.get("logs") or []
    return venue.classify_failure(0 if error is None else error, logs)


def breaks_limit(quote: Quote, limit: int) -> bool:
    """Whether a swap as quoted pays less than ``limit`` (exact in) or costs more (exact out)."""
    if quote.mode is SwapMode.EXACT_IN:
        return quote.amount_out < limit
    return quote.amount_in > limit


def said(answer: Quote | errors.DexError) -> str:
    """An adapter's answer, for people."""
    if isinstance(answer, errors.DexError):
        return f"{type(answer).__name__}: {answer}"
    return f"paid {answer.amount_in} received {answer.amount_out}"
