"""What the wallet holds, and what a transaction takes of its SOL beside what it sells.

A transaction needs its fees, its tip and the rent of the token accounts that it makes, the temporary one
too, which gives its rent back only at the end. A wallet may not be left with less than an account's least.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.transactions.cost import LAMPORTS_PER_SIGNATURE
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import compute_units
from dex.transactions.token_accounts import (
    TOKEN_ACCOUNT_RENT,
    associated_token_address,
    parse_token_account,
    rent_exempt_lamports,
)
from dex.types import SignedTransaction, Snapshot
from orders.amounts import from_base_units, grouped
from orders.errors import ChainUnavailable
from orders.gateway.failures import Failure
from orders.gateway.tokens import holdings, token_by_mint
from orders.lifecycle import FailureReason

SOL: Final = str(NATIVE_MINT)
# Kept back of a wallet's SOL when it is sold, for fees and for the rent of token accounts, in lamports.
SOL_RESERVE: Final = 10_000_000
# solana-rent: what an account without data must keep.
LEAST_LAMPORTS: Final = rent_exempt_lamports(0)
# Token-2022 adds to an associated account what its mint asks for: an immutable owner, a withheld fee, a hook.
_TOKEN_2022_ACCOUNT_RENT: Final = rent_exempt_lamports(187)
_MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Funds:
    """What a swap's wallet held at a slot, in base units and lamports, and what the swap takes of them.

    ``held`` is of the token that is sold; ``lamports_needed`` covers fees, tip and rent. ``read_at`` is when
    the slot's accounts were asked for, or before.
    """

    slot: int
    read_at: datetime
    held: int
    lamports: int
    lamports_needed: int


def spendable(mints: Iterable[str]) -> dict[str, int]:
    """What the wallet holds of these mints beyond what it keeps back; nothing where no node says it."""
    try:
        held = holdings().by_mint
    except ChainUnavailable:
        return {}
    return {mint: held.get(mint, 0) - (SOL_RESERVE if mint == SOL else 0) for mint in mints}


@dataclass(frozen=True, slots=True)
class SignedSwap:
    """A signed transaction, and what the wallet held when it was made."""

    transaction: SignedTransaction
    funds: Funds


def wallet_accounts(wallet: Pubkey, mints: Iterable[Pubkey]) -> list[Pubkey]:
    """The wallet and its associated accounts of these mints, under either token program."""
    programs = (TOKEN_PROGRAM, TOKEN_2022_PROGRAM)
    tokens = dict.fromkeys(mint for mint in mints if mint != NATIVE_MINT)
    return [wallet, *(associated_token_address(wallet, mint, each) for mint in tokens for each in programs)]


def held(snapshot: Snapshot, wallet: Pubkey, mint: Pubkey) -> int:
    """Base units of a mint in the wallet's associated accounts; of SOL, its lamports."""
    if mint == NATIVE_MINT:
        return _lamports(snapshot, wallet)
    accounts = (snapshot.accounts.get(address) for address in wallet_accounts(wallet, [mint])[1:])
    return sum(parse_token_account(account).amount for account in accounts if account)


def funds_of(plan: SwapPlan, read_at: datetime) -> Funds:
    """What the wallet of ``plan`` holds for it; the plan's snapshot has `wallet_accounts`."""
    return Funds(
        slot=plan.snapshot.clock.slot,
        read_at=read_at,
        held=held(plan.snapshot, plan.payer, plan.token_in),
        lamports=_lamports(plan.snapshot, plan.payer),
        lamports_needed=_lamports_needed(plan),
    )


def insufficient_funds(mint: str, needed: int, held: int, committed: int, kept_back: int) -> Failure:
    """That a wallet cannot pay ``needed`` base units of a mint, with all that goes into that."""
    token = token_by_mint(mint)
    decimals, symbol = (token.decimals, token.symbol) if token else (0, f"base units of {mint}")
    figures = {"needed": needed, "held": held, "committed": committed, "keptBack": kept_back}
    return lacking(symbol, {name: from_base_units(amount, decimals) for name, amount in figures.items()})


def lacking(symbol: str, whole: Mapping[str, str]) -> Failure:
    """The same with the four amounts in whole tokens, as text."""
    said = {name: f"{grouped(amount)} {symbol}" for name, amount in whole.items()}
    text = (
        f"The wallet lacks {symbol}: {said['needed']} needed, {said['held']} held,"
        f" {said['committed']} committed, {said['keptBack']} kept back"
    )
    return Failure(FailureReason.INSUFFICIENT_FUNDS, text, {"token": symbol, **whole})


def _lamports(snapshot: Snapshot, wallet: Pubkey) -> int:
    account = snapshot.accounts.get(wallet)
    return account.lamports if account else 0


def _lamports_needed(plan: SwapPlan) -> int:
    priority_fee = -(-compute_units(plan) * plan.compute_unit_price // _MICRO)
    tip = plan.tip.lamports if plan.tip else 0
    temporary = TOKEN_ACCOUNT_RENT if plan.temporary_account else 0
    return LAMPORTS_PER_SIGNATURE + priority_fee + tip + temporary + _rent_of_new_accounts(plan)


def _rent_of_new_accounts(plan: SwapPlan) -> int:
    bought = [mint for mint in plan.tokens_bought if mint != NATIVE_MINT]
    missing = [mint for mint in bought if plan.snapshot.accounts.get(plan.account_of(mint)) is None]
    is_2022 = [plan.token_program(mint) == TOKEN_2022_PROGRAM for mint in missing]
    return sum(_TOKEN_2022_ACCOUNT_RENT if each else TOKEN_ACCOUNT_RENT for each in is_2022)
