"""The portfolio of a user: the book of their swaps, beside what the wallet holds and is worth now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from dex.errors import DexError
from dex.types import NO_BOUNDS, SwapMode
from orders import gateway
from orders.errors import ChainUnavailable
from orders.gateway import Market, PriceLook
from orders.reporting import positions
from orders.reporting.book_entries import entries_of, usdc_mint
from orders.reporting.csv_text import csv_table
from orders.reporting.past_prices import SampledPrices
from orders.reporting.positions import Book, Position, Swapped
from orders.wire.portfolio import IS_USDC, LINE, LINE_COLUMNS, Line, Portfolio, Sums

CHAIN_UNAVAILABLE: Final = ChainUnavailable.code
NO_ROUTE: Final = "NO_ROUTE"


class _Now(NamedTuple):
    """What the wallet holds, None while no node says so, and the routes for it."""

    wallet: str
    balances: Mapping[str, int] | None
    look: PriceLook | None
    usdc: str
    missing: str = CHAIN_UNAVAILABLE

    def value(self, mint: str, amount: int) -> tuple[int | None, str]:
        """What an amount would bring now, base units of USDC, or the code of why there is none."""
        if mint == self.usdc or not amount:
            return amount, ""
        if self.look is None:
            return None, self.missing
        found = self.look.of(_market(mint, self.usdc), amount)
        return found.value, "" if found.value is not None else found.error_code or NO_ROUTE


def portfolio(user: AbstractBaseUser) -> Portfolio:
    """The user's portfolio now. The wallet is shared by all users, the book is of this one alone."""
    usdc = usdc_mint()
    entries = [entry for _, entry in entries_of(user, SampledPrices(usdc), usdc)]
    book = positions.fold(entries, usdc, gateway.SOL)
    now = _now(book, usdc)
    mints = dict.fromkeys([*(now.balances or ()), *book.positions])
    lines = [_line(mint, book.positions.get(mint) or Position(), now) for mint in _sorted(mints)]
    return Portfolio(
        wallet=now.wallet,
        network=settings.SOLANA_NETWORK,
        at=timezone.now(),
        fills=sum(isinstance(entry, Swapped) for entry in entries),
        lines=lines,
        sums=_sums(lines, book),
        lamports_in_vain=book.lamports_in_vain,
        paid_in_vain=book.paid_in_vain,
    )


def portfolio_csv(found: Portfolio) -> str:
    """A line a token."""
    return csv_table(LINE_COLUMNS, (LINE.of(line) for line in found.lines))


def _market(mint: str, usdc: str) -> Market:
    return Market(mint, usdc, SwapMode.EXACT_IN, NO_BOUNDS)


def _now(book: Book, usdc: str) -> _Now:
    """Balances, and a look at the pools for all that has one."""
    try:
        held = gateway.holdings()
    except ChainUnavailable:
        return _Now(settings.WALLET_ADDRESS, None, None, usdc)
    known = {mint: held.by_mint[mint] for mint in held.by_mint if gateway.token_by_mint(mint)}
    known |= {mint: 0 for mint in book.positions if mint not in known}
    largest = {
        _market(mint, usdc): max(amount, book.of(mint).quantity if mint in book.positions else 0)
        for mint, amount in known.items()
        if amount and mint != usdc
    }
    try:
        look = gateway.look_at(largest) if largest and usdc else None
    except DexError as error:
        return _Now(held.wallet, known, None, usdc, error.code)
    return _Now(held.wallet, known, look, usdc, NO_ROUTE)


def _sorted(mints: Mapping[str, None]) -> list[str]:
    """Those of the list in its order, then the others."""
    listed = [str(token.mint) for token in gateway.tokens()]
    return [mint for mint in listed if mint in mints] + sorted(set(mints) - set(listed))


def _line(mint: str, position: Position, now: _Now) -> Line:
    balance = None if now.balances is None else now.balances.get(mint, 0)
    value, value_missing = (None, CHAIN_UNAVAILABLE) if balance is None else now.value(mint, balance)
    unrealised, unrealised_missing = _unrealised(mint, position, balance, now)
    is_numeraire = mint == now.usdc
    return Line(
        mint=mint,
        token=gateway.token_by_mint(mint),
        balance=balance,
        value=value,
        value_missing=value_missing,
        quantity=position.quantity,
        cost=None if is_numeraire else position.cost,
        cost_missing=IS_USDC if is_numeraire else position.cost_missing,
        realised=0 if is_numeraire else position.realised,
        realised_missing=position.profit_missing,
        unrealised=unrealised,
        unrealised_missing=unrealised_missing,
        without_cost=position.without_cost,
    )


def _unrealised(mint: str, position: Position, balance: int | None, now: _Now) -> tuple[int | None, str]:
    """Of what was bought here and is still held: what it would bring now, less what it cost."""
    if not position.quantity:
        return 0, ""
    if balance is None:
        return None, CHAIN_UNAVAILABLE
    held = min(balance, position.quantity)
    cost = position.cost_of(held)
    if cost is None:
        return None, position.cost_missing
    value, missing = now.value(mint, held)
    return (None, missing) if value is None else (value - cost, "")


def _sums(lines: list[Line], book: Book) -> Sums:
    missing = [
        line.token.symbol if line.token else line.mint
        for line in lines
        if None in (line.value, line.realised, line.unrealised)
    ]
    return Sums(
        value=sum(line.value or 0 for line in lines),
        realised=sum(line.realised or 0 for line in lines) - (book.paid_in_vain or 0),
        unrealised=sum(line.unrealised or 0 for line in lines),
        left_out=missing,
    )
