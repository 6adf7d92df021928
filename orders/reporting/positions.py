"""What swaps have made of each token: average cost and profit in USDC. Pure, and integers throughout.

Cost basis by average cost. A purchase adds its value to the cost of the position; a sale takes the same
share of the cost as of the amount, rounded down, so that the last sale takes what is left: nothing is lost
or made by rounding. A swap between two other tokens is a sale of the one and a purchase of the other at the
same value. Fees, tips and rent are paid in SOL: they count against what the swap brought, or onto what it
bought where USDC was paid, and as SOL that was given away at its value then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

# Why a figure is null.
NO_PRICE_KEPT: Final = "NO_PRICE_KEPT"
FEES_UNKNOWN: Final = "FEES_UNKNOWN"
FEES_NOT_VALUED: Final = "FEES_NOT_VALUED"


@dataclass(frozen=True, slots=True)
class Swapped:
    """What a swap moved, base units; ``value`` in USDC of either side, None where no price is kept.

    ``lamports`` are all its fees, tips and rent, None where not known, ``paid`` their value in USDC.
    """

    token_in: str
    amount_in: int
    token_out: str
    amount_out: int
    value: int | None
    lamports: int | None
    paid: int | None


@dataclass(frozen=True, slots=True)
class PaidInVain:
    """Lamports that a failed transaction cost whose order has swapped nothing, and their value in USDC."""

    lamports: int
    paid: int | None


@dataclass(slots=True)
class Position:
    """What is held of a token by its swaps, in base units; costs and profit in base units of USDC.

    ``cost`` and ``realised`` are None where a price is missing, and ``cost_missing`` and ``profit_missing``
    say why; a position that is sold to the last unit begins with a cost again. ``without_cost`` was sold
    or paid away beyond what swaps had bought: it has no cost, and its sale no profit.
    """

    quantity: int = 0
    cost: int | None = 0
    realised: int | None = 0
    without_cost: int = 0
    cost_missing: str = ""
    profit_missing: str = ""

    def buy(self, amount: int, value: int | None, missing: str) -> None:
        """Add an amount that cost ``value``."""
        self.quantity += amount
        if value is None or self.cost is None:
            self.cost, self.cost_missing = None, self.cost_missing or missing
        else:
            self.cost += value

    def sell(self, amount: int, proceeds: int | None, missing: str) -> None:
        """Take off an amount that brought ``proceeds``."""
        covered = min(amount, self.quantity)
        self.without_cost += amount - covered
        if not covered:
            return
        cost = self.cost_of(covered)
        self._realise(cost, None if proceeds is None else proceeds * covered // amount, missing)
        self.quantity -= covered
        if not self.quantity:
            self.cost, self.cost_missing = 0, ""
        elif self.cost is not None and cost is not None:
            self.cost -= cost

    def cost_of(self, amount: int) -> int | None:
        """The share of the cost that falls to ``amount``, at most the quantity."""
        if self.cost is None or not self.quantity:
            return self.cost
        return self.cost * amount // self.quantity

    def _realise(self, cost: int | None, proceeds: int | None, missing: str) -> None:
        if cost is None or proceeds is None or self.realised is None:
            why = self.cost_missing if cost is None else missing
            self.realised, self.profit_missing = None, self.profit_missing or why
        else:
            self.realised += proceeds - cost


@dataclass(slots=True)
class Book:
    """Positions by mint; lamports that were paid in vain by orders without a swap, and their value."""

    positions: dict[str, Position] = field(default_factory=dict)
    lamports_in_vain: int = 0
    paid_in_vain: int | None = 0

    def of(self, mint: str) -> Position:
        """The position of a token, new where there was none."""
        return self.positions.setdefault(mint, Position())


def fold(entries: Iterable[Swapped | PaidInVain], usdc: str, sol: str) -> Book:
    """The book after these entries, oldest first. ``usdc`` and ``sol`` are mints; USDC has no position."""
    book = Book()
    for entry in entries:
        enter(book, entry, usdc, sol)
    return book


def enter(book: Book, entry: Swapped | PaidInVain, usdc: str, sol: str) -> None:
    """Put one entry into the book."""
    if isinstance(entry, Swapped):
        _swap(book, entry, usdc)
    else:
        book.lamports_in_vain += entry.lamports
        known = book.paid_in_vain is not None and entry.paid is not None
        book.paid_in_vain = (book.paid_in_vain or 0) + (entry.paid or 0) if known else None
    if entry.lamports:
        # Last, so that a purchase of SOL covers its own fees.
        book.of(sol).sell(entry.lamports, entry.paid, FEES_NOT_VALUED)


def _swap(book: Book, swap: Swapped, usdc: str) -> None:
    sells_usdc, buys_usdc = swap.token_in == usdc, swap.token_out == usdc
    if not sells_usdc:
        proceeds = None if swap.value is None or swap.paid is None else swap.value - swap.paid
        book.of(swap.token_in).sell(swap.amount_in, proceeds, _missing(swap))
    if not buys_usdc:
        cost = swap.value
        if sells_usdc:
            cost = None if swap.value is None or swap.paid is None else swap.value + swap.paid
        book.of(swap.token_out).buy(swap.amount_out, cost, _missing(swap))


def _missing(swap: Swapped) -> str:
    if swap.value is None:
        return NO_PRICE_KEPT
    return FEES_UNKNOWN if swap.lamports is None else FEES_NOT_VALUED


def usdc_value(swap: tuple[str, int, str, int], usdc: str) -> int | None:
    """What a swap (token in, amount in, token out, amount out) was worth by its own USDC side, if any."""
    token_in, amount_in, token_out, amount_out = swap
    if token_in == usdc:
        return amount_in
    return amount_out if token_out == usdc else None


def fees_by_swap(swap: tuple[str, int, str, int], lamports: int, usdc: str, sol: str) -> int | None:
    """What lamports were worth by the price of a swap of SOL and USDC, rounded up; None of any other."""
    token_in, amount_in, token_out, amount_out = swap
    if {token_in, token_out} != {usdc, sol}:
        return None
    of_sol, of_usdc = (amount_in, amount_out) if token_in == sol else (amount_out, amount_in)
    return -(-lamports * of_usdc // of_sol)
