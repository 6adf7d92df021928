"""What happened on chain. Pure.

`executed_swap` reads what really moved, `failure_of` why nothing did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.errors import ChainAnswerInvalid
from dex.rpc.answers import ExecutedTransaction, TokenBalance
from dex.transactions.cost import cost_of
from dex.types import ExecutedSwap, FailureKind, TransactionFailure
from dex.venues.base import Venue
from dex.venues.program_errors import anchor_error_name


def executed_swap(
    transaction: ExecutedTransaction, wallet: Pubkey, token_in: Pubkey, token_out: Pubkey
) -> ExecutedSwap:
    """What ``wallet`` gave and got, by the balances before and after.

    SOL is counted at the pool's vaults: the wallet's wrapped SOL lives inside the transaction only, and its
    lamports also pay fees and rent. Raises ChainAnswerInvalid when the balances show no such swap.
    """
    amount_in = -_received(transaction, wallet, token_in)
    amount_out = _received(transaction, wallet, token_out)
    if transaction.error is not None or amount_in <= 0 or amount_out <= 0:
        raise ChainAnswerInvalid(f"{transaction.signature} shows no swap of {token_in} for {token_out}")
    return ExecutedSwap(amount_in, amount_out, cost_of(transaction, wallet), transaction.slot)


def _received(transaction: ExecutedTransaction, wallet: Pubkey, mint: Pubkey) -> int:
    wallet_text, mint_text = str(wallet), str(mint)
    native = mint == NATIVE_MINT

    def total(balances: Sequence[TokenBalance]) -> int:
        return sum(
            balance.amount
            for balance in balances
            if balance.mint == mint_text and (balance.owner == wallet_text) != native
        )

    moved = total(transaction.token_balances_after) - total(transaction.token_balances_before)
    return -moved if native else moved


# The runtime's own errors that mean that the fee payer's lamports did not suffice.
_FUNDS_ERRORS: Final = frozenset(
    {"InsufficientFundsForFee", "InsufficientFundsForRent", "AccountNotFound", "InsufficientFunds"}
)


def failure_of(error: object, logs: Sequence[str], venue: Venue) -> TransactionFailure:
    """The meaning of a transaction error as getTransaction and getSignatureStatuses give it.

    A custom number means what the program that raised it says: ``venue`` judges it with the log.
    """
    code = _custom_code(error)
    if code is None:
        name = _error_name(error)
        kind = FailureKind.INSUFFICIENT_FUNDS if name in _FUNDS_ERRORS else FailureKind.OTHER
        return TransactionFailure(kind, name)
    kind = venue.classify_failure(code, logs)
    name = anchor_error_name(logs, venue.program_id) or f"Custom({code})"
    return TransactionFailure(kind, name, code)


def _custom_code(error: object) -> int | None:
    inner = _instruction_error(error)
    code = inner.get("Custom") if isinstance(inner, dict) else None
    return code if type(code) is int else None


def _instruction_error(error: object) -> Any:
    detail = error.get("InstructionError") if isinstance(error, dict) else None
    return detail[1] if isinstance(detail, list) and len(detail) == 2 else None


def _error_name(error: object) -> str:
    inner = _instruction_error(error) or error
    if isinstance(inner, dict):
        return str(next(iter(inner), "Unknown"))
    return str(inner)
