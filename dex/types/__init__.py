"""The vocabulary of the library: what venues, the router and the chain speak with each other.

Amounts are integers in base units of their mint. Nothing here does I/O.
"""

from dex.types.accounts import AccountData, AccountFilter, Clock, Snapshot
from dex.types.quotes import PoolAddress, Quote, VenueError
from dex.types.requests import NO_BOUNDS, NO_LIMITS, Limits, QuoteRequest, RouteBounds, SwapMode, Token
from dex.types.routes import Path, PathAmounts, Quotes, Route
from dex.types.swaps import (
    DecodedSwap,
    ExecutedSwap,
    FailureKind,
    SignedTransaction,
    Swap,
    TransactionCost,
    TransactionFailure,
)

__all__ = [
    "NO_BOUNDS",
    "NO_LIMITS",
    "AccountData",
    "AccountFilter",
    "Clock",
    "DecodedSwap",
    "ExecutedSwap",
    "FailureKind",
    "Limits",
    "Path",
    "PathAmounts",
    "PoolAddress",
    "Quote",
    "QuoteRequest",
    "Quotes",
    "Route",
    "RouteBounds",
    "SignedTransaction",
    "Snapshot",
    "Swap",
    "SwapMode",
    "Token",
    "TransactionCost",
    "TransactionFailure",
    "VenueError",
]
