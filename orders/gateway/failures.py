"""What goes wrong in dex, said in the language of orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dex.errors import (
    AmountTooLarge,
    AmountTooSmall,
    ChainError,
    DexError,
    InsufficientLiquidity,
    KeyUnavailable,
    PolicyViolation,
    PoolDisabled,
    PoolRefused,
)
from dex.types import FailureKind, VenueError
from orders.lifecycle import FailureReason


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something about an order did not work; ``message`` is for people and holds nothing secret.

    ``details`` go to the client as they are, amounts in whole tokens as text.
    """

    reason: FailureReason
    message: str
    details: Mapping[str, str] = field(default_factory=dict)


_BY_ERROR: Final[Sequence[tuple[type[DexError], FailureReason]]] = (
    (ChainError, FailureReason.CHAIN_UNAVAILABLE),
    (AmountTooSmall, FailureReason.AMOUNT_TOO_SMALL),
    (AmountTooLarge, FailureReason.INSUFFICIENT_LIQUIDITY),
    (InsufficientLiquidity, FailureReason.INSUFFICIENT_LIQUIDITY),
    (PoolDisabled, FailureReason.POOL_DISABLED),
    (PoolRefused, FailureReason.UNSUPPORTED_POOL),
    (PolicyViolation, FailureReason.POLICY_VIOLATION),
    (KeyUnavailable, FailureReason.WALLET_UNAVAILABLE),
)

_BY_KIND: Final[Mapping[FailureKind, FailureReason]] = {
    FailureKind.SLIPPAGE_EXCEEDED: FailureReason.SLIPPAGE_EXCEEDED,
    FailureKind.POOL_DISABLED: FailureReason.POOL_DISABLED,
    FailureKind.INSUFFICIENT_LIQUIDITY: FailureReason.INSUFFICIENT_LIQUIDITY,
    FailureKind.AMOUNT_TOO_SMALL: FailureReason.AMOUNT_TOO_SMALL,
    FailureKind.INSUFFICIENT_FUNDS: FailureReason.INSUFFICIENT_FUNDS,
    FailureKind.ACCOUNT_FROZEN: FailureReason.ACCOUNT_FROZEN,
    FailureKind.TRANSFER_REFUSED: FailureReason.TRANSFER_REFUSED,
    FailureKind.PROGRAM_REFUSED: FailureReason.PROGRAM_REFUSED,
    FailureKind.COMPUTE_EXCEEDED: FailureReason.COMPUTE_EXCEEDED,
    FailureKind.OTHER: FailureReason.TRANSACTION_FAILED,
}


def of_error(error: DexError) -> Failure:
    """The failure that an error of the library means for an order."""
    for kind, reason in _BY_ERROR:
        if isinstance(error, kind):
            return failed(reason)
    return Failure(FailureReason.ROUTING_FAILED, f"{FailureReason.ROUTING_FAILED.label}: {error.code}")


def of_kind(kind: FailureKind, error_name: str) -> Failure:
    """The failure that an on-chain error means for an order."""
    reason = _BY_KIND[kind]
    return Failure(reason, f"{reason.label} ({error_name})")


def of_venue_errors(errors: Sequence[VenueError]) -> Failure:
    """Why no venue had a quote. What passes by itself counts more than what stays."""
    codes = {error.code for error in errors}
    if not codes:
        return failed(FailureReason.NO_ROUTE)
    if any(code.startswith("CHAIN_") for code in codes):
        return failed(FailureReason.CHAIN_UNAVAILABLE)
    for code, reason in _BY_CODE.items():
        if code in codes:
            return failed(reason)
    return failed(FailureReason.ROUTING_FAILED)


# Of a pool that is not asked, since transactions failed by its fault.
POOL_LEFT_OUT: Final = "POOL_LEFT_OUT"
# Of a venue that the bounds of the order leave out.
VENUE_EXCLUDED: Final = "VENUE_EXCLUDED"

_BY_CODE: Final[Mapping[str, FailureReason]] = {
    "INSUFFICIENT_LIQUIDITY": FailureReason.INSUFFICIENT_LIQUIDITY,
    "AMOUNT_TOO_LARGE": FailureReason.INSUFFICIENT_LIQUIDITY,
    "AMOUNT_TOO_SMALL": FailureReason.AMOUNT_TOO_SMALL,
    "POOL_DISABLED": FailureReason.POOL_DISABLED,
    POOL_LEFT_OUT: FailureReason.POOL_DISABLED,
    "POOL_IS_DUST": FailureReason.INSUFFICIENT_LIQUIDITY,
    "POOL_LOSES": FailureReason.UNSUPPORTED_POOL,
    **dict.fromkeys(
        (
            "UNSUPPORTED_POOL",
            "POOL_REFUSED",
            "UNKNOWN_LAYOUT",
            "WRONG_OWNER",
            "WRONG_MINT",
            "ROUTE_TOO_LARGE",
        ),
        FailureReason.UNSUPPORTED_POOL,
    ),
    VENUE_EXCLUDED: FailureReason.NO_ROUTE,
}


def failed(reason: FailureReason) -> Failure:
    """A failure with its reason's own text."""
    return Failure(reason, str(reason.label))
