"""Funds: what a wallet holds less what its orders under way have committed must cover each new transaction.

A transaction commits what it sells, and in SOL its fees, its tip and the rent of accounts that it makes, from
the moment in which it is stored until the chain has decided about it. One that landed after the balances
were read still counts: they do not show it yet.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from orders import gateway
from orders.amounts import from_base_units
from orders.gateway import Failure, Funds
from orders.lifecycle import FailureReason
from orders.models import Order
from orders.records import committed as recorded

# Between the clocks of two hosts.
_CLOCKS_APART: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a wallet cannot pay for a transaction; ``may_pass``: it could when others under way fail."""

    failure: Failure
    may_pass: bool


class Committed:
    """Base units by wallet and mint that orders under way may still take, SOL's with their fees."""

    def __init__(self) -> None:
        self._amounts: Counter[tuple[str, str]] = Counter()

    def add(self, wallet: str, mint: str, amount: int, lamports: int) -> None:
        """Count what one transaction sells, and its lamports beside."""
        wallet = _named(wallet)
        self._amounts[wallet, mint] += amount
        self._amounts[wallet, gateway.SOL] += lamports

    def of(self, wallet: str, mint: str) -> int:
        """Base units of a mint that are committed in a wallet."""
        return self._amounts[_named(wallet), mint]


def committed(since: tuple[int, datetime] | None = None) -> Committed:
    """What is under way now; ``since``: and what has landed after that slot, which was read at that time."""
    found = Committed()
    for sold in recorded.under_way():
        found.add(*sold)
    if since is not None:
        slot, read_at = since
        for sold in recorded.landed_after(slot, read_at - _CLOCKS_APART):
            found.add(*sold)
    return found


def shortage(order: Order, funds: Funds, taken: Committed) -> Shortage | None:
    """Why the wallet does not cover this order beside what is ``taken``, or None when it does."""
    sold, wallet = order.token_in, order.wallet
    if sold == gateway.SOL:
        kept_back = max(gateway.SOL_RESERVE, funds.lamports_needed + gateway.LEAST_LAMPORTS)
        return _short(sold, order.amount_in, funds.lamports, taken.of(wallet, sold), kept_back)
    return _short(sold, order.amount_in, funds.held, taken.of(wallet, sold), 0) or _short(
        gateway.SOL,
        funds.lamports_needed,
        funds.lamports,
        taken.of(wallet, gateway.SOL),
        gateway.LEAST_LAMPORTS,
    )


def naming_committed(order: Order, failure: Failure) -> Failure:
    """A failure for want of funds, found before anything was signed, with what orders under way commit."""
    if failure.reason is not FailureReason.INSUFFICIENT_FUNDS or not failure.details:
        return failure
    decimals = gateway.decimals_of(order.token_in)
    taken = from_base_units(committed().of(order.wallet, order.token_in), decimals)
    whole = {name: amount for name, amount in failure.details.items() if name != "token"}
    return gateway.lacking(failure.details["token"], {**whole, "committed": taken})


def _short(mint: str, needed: int, held: int, taken: int, kept_back: int) -> Shortage | None:
    if needed <= held - taken - kept_back:
        return None
    failure = gateway.insufficient_funds(mint, needed, held, taken, kept_back)
    return Shortage(failure, may_pass=needed <= held - kept_back)


def _named(wallet: str) -> str:
    """Orders that name no wallet are those of the worker's own."""
    return wallet or str(settings.WALLET_ADDRESS)
