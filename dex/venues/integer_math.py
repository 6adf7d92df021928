"""Whole-number arithmetic that every venue's formula needs. No rounding here is implicit."""

from __future__ import annotations

from typing import Final

from dex.errors import AmountTooLarge

U64_MAX: Final = 2**64 - 1
BPS: Final = 10_000


def ceil_div(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` rounded up; both non-negative, denominator not zero."""
    return -(-numerator // denominator)


def require_u64(amount: int) -> int:
    """``amount`` itself; raises AmountTooLarge when a token program could not carry it."""
    if amount > U64_MAX:
        raise AmountTooLarge(f"{amount} base units are more than a token amount can hold")
    return amount


def shortfall_bps(ideal: int, actual: int) -> int:
    """How far ``actual`` falls short of ``ideal`` in basis points, rounded up, within 0..10000.

    Both are in the same (arbitrary) unit, so callers can compare products instead of quotients.
    """
    if ideal <= 0:
        return BPS
    return min(BPS, max(0, ceil_div((ideal - actual) * BPS, ideal)))
