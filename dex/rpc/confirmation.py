"""What happened on chain. Pure.

`executed_swap` reads what really moved, `failure_of` why nothing did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, SYSTEM_PROGRAM, TOKEN_PROGRAM
from dex.errors import ChainAnswerInvalid
from dex.rpc.answers import ExecutedTransaction, TokenBalance
from dex.transactions.cost import cost_of
from dex.types import ExecutedSwap, FailureKind, TransactionFailure
from dex.venues.base import Venue
from dex.venues.program_errors import error_name, failing_program


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


# The transfer that guards a split's sum is the one instruction of the token program that lacks tokens.
_GUARD: Final = str(TOKEN_PROGRAM)
_TOO_FEW: Final = 1
# The runtime's own errors that say more than that a transaction failed.
_RUNTIME_KINDS: Final = {
    "InsufficientFundsForFee": FailureKind.INSUFFICIENT_FUNDS,
    "InsufficientFundsForRent": FailureKind.INSUFFICIENT_FUNDS,
    "AccountNotFound": FailureKind.INSUFFICIENT_FUNDS,
    "InsufficientFunds": FailureKind.INSUFFICIENT_FUNDS,
    "ComputationalBudgetExceeded": FailureKind.COMPUTE_EXCEEDED,
    "IncorrectProgramId": FailureKind.PROGRAM_REFUSED,
    "UnsupportedProgramId": FailureKind.PROGRAM_REFUSED,
    "InvalidProgramForExecution": FailureKind.PROGRAM_REFUSED,
    "ProgramAccountNotFound": FailureKind.PROGRAM_REFUSED,
}


def failure_of(
    error: object, logs: Sequence[str], venues: Iterable[Venue], *, sells_sol: bool = False
) -> TransactionFailure:
    """The meaning of a transaction error as getTransaction and getSignatureStatuses give it.

    A custom number means what the program that raised it says. ``venues`` are those of the swap's legs: the
    one whose instruction failed judges it with the log, the first where the log does not say. With
    ``sells_sol`` the swaps spend from a temporary account that holds just what they may spend.
    """
    code = _custom_code(error)
    if code is None:
        name = _error_name(error)
        return TransactionFailure(_RUNTIME_KINDS.get(name, FailureKind.OTHER), name)
    by_program = {str(venue.program_id): venue for venue in venues}
    program = failing_program(logs) or next(iter(by_program), None)
    if program == _GUARD and code == _TOO_FEW:
        return TransactionFailure(FailureKind.SLIPPAGE_EXCEEDED, "InsufficientFunds", code)
    venue = by_program.get(program or "")
    if venue is None:
        # Another program's instruction, or one of a venue that is not there any more.
        venue = next(iter(by_program.values()), None)
        asked = Pubkey.from_string(program) if program else SYSTEM_PROGRAM
        kind = venue.classify_failure(code, logs) if venue else FailureKind.OTHER
        return TransactionFailure(kind, error_name(code, logs, asked, {}), code)
    kind = venue.classify_failure(code, logs)
    if sells_sol and kind is FailureKind.INSUFFICIENT_FUNDS:
        # A leg that needs more than the most that it may spend finds no more there: the price has moved.
        kind = FailureKind.SLIPPAGE_EXCEEDED
    return TransactionFailure(kind, error_name(code, logs, venue.program_id, venue.error_names), code)


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
