"""A swap plan as one signed v0 transaction. Pure and deterministic: equal plans give equal signatures.

A route that does not fit the network's packet is told by `fits` before anything is signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from solders.instruction import Instruction
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from dex.config import NATIVE_MINT
from dex.errors import DexError, KeyUnavailable, TransactionTooLarge
from dex.signing.signer import Signer
from dex.transactions.instructions import (
    close_token_account,
    compute_unit_limit,
    compute_unit_price,
    create_temporary_account,
    create_token_account_if_missing,
    initialize_token_account,
    memo,
    require_balance,
    transfer,
)
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.token_accounts import associated_address_tries
from dex.types import SignedTransaction

# The packet size of the network: IPv6's minimum MTU of 1280 less 48 bytes of headers.
MAX_TRANSACTION_BYTES: Final = 1232
# agave transaction accounts-lock limit.
MAX_ACCOUNTS: Final = 64
# Its address, and its place in the instruction.
_BYTES_AN_ACCOUNT: Final = 33
# The network's bound on a transaction.
MAX_COMPUTE_UNITS: Final = 1_400_000

# Largest units measured in the SVM, with margin for the slower builds of the token and memo programs that
# clusters still run. Creating an associated account searches its bump seed at 1,500 units a try.
_UNITS_FIXED: Final = 1_000
_UNITS_TOKEN_ACCOUNT: Final = 30_000
_UNITS_BUMP_SEED_TRY: Final = 1_500
_UNITS_TEMPORARY_ACCOUNT: Final = 10_000
_UNITS_TIP: Final = 300
_UNITS_GUARD: Final = 8_000
_UNITS_MEMO_BASE: Final = 3_000
_UNITS_MEMO_BYTE: Final = 500


def compute_units(plan: SwapPlan) -> int:
    """The compute-unit limit that ``plan`` asks for: its own, or what was measured for its legs."""
    if plan.unit_limit is not None:
        return plan.unit_limit
    units = leg_units(plan) + _UNITS_FIXED
    units += _UNITS_MEMO_BASE + _UNITS_MEMO_BYTE * len(plan.memo.encode())
    for mint in plan.tokens_bought:
        if mint != NATIVE_MINT:
            tries = associated_address_tries(plan.payer, mint, plan.token_program(mint))
            units += _UNITS_TOKEN_ACCOUNT + _UNITS_BUMP_SEED_TRY * tries
    if plan.temporary_account is not None:
        units += _UNITS_TEMPORARY_ACCOUNT
    if plan.guarded_amount:
        units += _UNITS_GUARD
    if plan.tip is not None:
        units += _UNITS_TIP
    return min(units, MAX_COMPUTE_UNITS)


def leg_units(plan: SwapPlan) -> int:
    """Of the swap instructions alone: each quote's own limit, or its venue's where it has none."""
    return sum(leg.compute_units or plan.venues[leg.venue].compute_units for leg in plan.route.legs)


def build_message(plan: SwapPlan) -> MessageV0:
    """The message of ``plan``.

    Raises PolicyViolation for a plan that no transaction may carry (minimum below 1, equal tokens), and
    PoolRefused or AccountMissing from the pool.
    """
    plan.require_sound()
    return MessageV0.try_compile(plan.payer, _instructions(plan), plan.lookup_tables, plan.blockhash)


def transaction_bytes(message: MessageV0) -> int:
    """The size of the signed transaction: one signature and its count before the message."""
    return _transaction_bytes(to_bytes_versioned(message))


def fits(plan: SwapPlan, more_accounts: int = 0) -> bool:
    """Whether the network would take the transaction: its bytes, and the accounts that it locks.

    With ``more_accounts``, whether it would with so many besides. Same errors as `build_message`.
    """
    message = build_message(plan)
    looked_up = sum(len(t.writable_indexes) + len(t.readonly_indexes) for t in message.address_table_lookups)
    accounts = len(message.account_keys) + looked_up + more_accounts
    size = transaction_bytes(message) + more_accounts * _BYTES_AN_ACCOUNT
    return size <= MAX_TRANSACTION_BYTES and accounts <= MAX_ACCOUNTS


def written_accounts(plan: SwapPlan) -> list[Pubkey]:
    """The accounts of others that the swaps write to: those that swaps compete for."""
    own = {plan.account_of(mint) for mint in (plan.token_in, *plan.tokens_bought)} | {plan.payer}
    metas = [meta for instruction in _swap_instructions(plan) for meta in instruction.accounts]
    return list(dict.fromkeys(meta.pubkey for meta in metas if meta.is_writable and meta.pubkey not in own))


def sign(message: MessageV0, signer: Signer, last_valid_block_height: int) -> SignedTransaction:
    """Sign ``message``; raises KeyUnavailable, and TransactionTooLarge."""
    [signed] = sign_all([message], signer, last_valid_block_height)
    if isinstance(signed, DexError):
        raise signed
    return signed


def sign_all(
    messages: Sequence[MessageV0], signer: Signer, last_valid_block_height: int
) -> list[SignedTransaction | KeyUnavailable | TransactionTooLarge]:
    """For each message, in their order, its transaction or why there is none.

    What is too large for the network is not signed.
    """
    raws = [to_bytes_versioned(message) for message in messages]
    answers = iter(signer.sign_messages([raw for raw in raws if _fits(raw)]))
    return [
        _signed(message, next(answers), last_valid_block_height) if _fits(raw) else _too_large(raw)
        for message, raw in zip(messages, raws, strict=True)
    ]


def _signed(
    message: MessageV0, answer: Signature | KeyUnavailable, last_valid_block_height: int
) -> SignedTransaction | KeyUnavailable:
    if isinstance(answer, KeyUnavailable):
        return answer
    raw = bytes(VersionedTransaction.populate(message, [answer]))
    return SignedTransaction(str(answer), raw, last_valid_block_height, str(message.recent_blockhash))


def _fits(message: bytes) -> bool:
    return _transaction_bytes(message) <= MAX_TRANSACTION_BYTES


def _too_large(message: bytes) -> TransactionTooLarge:
    size = _transaction_bytes(message)
    return TransactionTooLarge(f"{size} bytes are more than the network's {MAX_TRANSACTION_BYTES}")


def _transaction_bytes(message: bytes) -> int:
    # The number of signatures in one byte, and one signature.
    return 1 + Signature.LENGTH + len(message)


def _instructions(plan: SwapPlan) -> list[Instruction]:
    instructions = [compute_unit_limit(compute_units(plan))]
    if plan.compute_unit_price:
        instructions.append(compute_unit_price(plan.compute_unit_price))
    instructions.append(memo(plan.memo))
    return instructions + moves(plan)


def moves(plan: SwapPlan) -> list[Instruction]:
    """All that a transaction does but what it says of itself: accounts, swaps, guard and tip.

    Raises PoolRefused or AccountMissing from the pool.
    """
    instructions: list[Instruction] = []
    for mint in plan.tokens_bought:
        if mint != NATIVE_MINT:
            program = plan.token_program(mint)
            instructions.append(create_token_account_if_missing(plan.payer, mint, program))
    temporary = plan.temporary_account
    if temporary is not None:
        instructions.append(
            create_temporary_account(plan.payer, plan.account_seed, plan.temporary_account_lamports)
        )
        instructions.append(initialize_token_account(temporary, NATIVE_MINT, plan.payer))
    instructions.extend(_swap_instructions(plan))
    if temporary is not None and plan.guarded_amount:
        instructions.append(require_balance(temporary, plan.payer, plan.guarded_amount))
    if temporary is not None:
        instructions.append(close_token_account(temporary, plan.payer))
    if plan.tip is not None:
        instructions.append(transfer(plan.payer, plan.tip.account, plan.tip.lamports))
    return instructions


def _swap_instructions(plan: SwapPlan) -> list[Instruction]:
    return [made for pool, swap in plan.swaps() for made in pool.swap_instructions(plan.snapshot, swap)]
