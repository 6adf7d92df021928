"""Numbers as people read them: grouped digits, percent, shares that add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orders.amounts import from_base_units, grouped

_LAMPORT_DECIMALS: Final = 9
USDC_DECIMALS: Final = 6


def sol_text(lamports: int) -> str:
    """Lamports in SOL."""
    return from_base_units(lamports, _LAMPORT_DECIMALS)


def usdc_text(amount: int) -> str:
    """Base units of USDC in cents, rounded down; thousands apart."""
    cents = from_base_units(abs(amount) // 10_000, 2)
    whole, _, rest = cents.partition(".")
    return f"{'-' if amount < 0 else ''}{grouped(whole)}.{rest:0<2}"


def amount_text(amount: int | None, decimals: int) -> str:
    """Base units in whole tokens, thousands apart; a dash for none."""
    return "-" if amount is None else grouped(from_base_units(amount, decimals))


def percent_text(tenths: int | None) -> str:
    """Tenths of a percent; a dash for none."""
    return "-" if tenths is None else f"{tenths // 10}.{tenths % 10} %"


def shares_of(whole: int, counts: Sequence[int]) -> list[int]:
    """``whole`` shared out by ``counts`` in integers that add up to it: largest remainders go up."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    shares = [count * whole // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda at: counts[at] * whole % total, reverse=True)
    for at in by_remainder[: whole - sum(shares)]:
        shares[at] += 1
    return shares
