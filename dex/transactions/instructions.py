"""The instructions around a swap: compute budget, token accounts, memo.

Sources of the byte formats: solana-compute-budget-interface, solana-system-interface (Transfer = 2,
CreateAccountWithSeed = 3), spl-token ``instruction.rs`` (InitializeAccount3 = 18, CloseAccount = 9,
TransferChecked = 12), associated-token-account (CreateIdempotent = 1), Memo v2.
"""

from __future__ import annotations

import secrets
import struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import (
    ASSOCIATED_TOKEN_PROGRAM,
    COMPUTE_BUDGET_PROGRAM,
    MEMO_PROGRAM,
    NATIVE_MINT,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
)
from dex.transactions.token_accounts import TOKEN_ACCOUNT_SIZE, associated_token_address

SET_COMPUTE_UNIT_LIMIT: Final = 2
SET_COMPUTE_UNIT_PRICE: Final = 3
TRANSFER: Final = 2
CREATE_ACCOUNT_WITH_SEED: Final = 3
TRANSFER_CHECKED: Final = 12
INITIALIZE_ACCOUNT_3: Final = 18
CLOSE_ACCOUNT: Final = 9
CREATE_IDEMPOTENT: Final = 1

MAX_SEED_BYTES: Final = 32
# 11 letters of 6 bits: short, because each byte of a message counts.
_SEED_RANDOM_BYTES: Final = 8
_NATIVE_DECIMALS: Final = 9


def new_account_seed() -> str:
    """A seed that nobody can guess: a stranger's lamports at its address would make the swap fail."""
    return secrets.token_urlsafe(_SEED_RANDOM_BYTES)


def temporary_account_address(payer: Pubkey, seed: str) -> Pubkey:
    """The address of the temporary wrapped-SOL account of ``payer`` for ``seed``."""
    return Pubkey.create_with_seed(payer, seed, TOKEN_PROGRAM)


def compute_unit_limit(units: int) -> Instruction:
    return Instruction(COMPUTE_BUDGET_PROGRAM, struct.pack("<BI", SET_COMPUTE_UNIT_LIMIT, units), [])


def compute_unit_price(micro_lamports: int) -> Instruction:
    """``micro_lamports`` (1e-6 lamport) a compute unit of the limit, paid on top of the base fee."""
    return Instruction(COMPUTE_BUDGET_PROGRAM, struct.pack("<BQ", SET_COMPUTE_UNIT_PRICE, micro_lamports), [])


def memo(text: str) -> Instruction:
    return Instruction(MEMO_PROGRAM, text.encode(), [])


def create_token_account_if_missing(owner: Pubkey, mint: Pubkey, token_program: Pubkey) -> Instruction:
    """Create ``owner``'s associated token account at their cost, or do nothing when it is there."""
    address = associated_token_address(owner, mint, token_program)
    metas = [
        AccountMeta(owner, is_signer=True, is_writable=True),
        AccountMeta(address, is_signer=False, is_writable=True),
        AccountMeta(owner, is_signer=False, is_writable=False),
        AccountMeta(mint, is_signer=False, is_writable=False),
        AccountMeta(SYSTEM_PROGRAM, is_signer=False, is_writable=False),
        AccountMeta(token_program, is_signer=False, is_writable=False),
    ]
    return Instruction(ASSOCIATED_TOKEN_PROGRAM, bytes([CREATE_IDEMPOTENT]), metas)


def transfer(payer: Pubkey, to: Pubkey, lamports: int) -> Instruction:
    metas = [
        AccountMeta(payer, is_signer=True, is_writable=True),
        AccountMeta(to, is_signer=False, is_writable=True),
    ]
    return Instruction(SYSTEM_PROGRAM, struct.pack("<IQ", TRANSFER, lamports), metas)


def create_temporary_account(payer: Pubkey, seed: str, lamports: int) -> Instruction:
    """Create a token account at a seeded address; ``lamports`` above the rent become its wrapped SOL."""
    address = temporary_account_address(payer, seed)
    seed_bytes = seed.encode()
    data = struct.pack("<I32sQ", CREATE_ACCOUNT_WITH_SEED, bytes(payer), len(seed_bytes)) + seed_bytes
    data += struct.pack("<QQ32s", lamports, TOKEN_ACCOUNT_SIZE, bytes(TOKEN_PROGRAM))
    metas = [
        AccountMeta(payer, is_signer=True, is_writable=True),
        AccountMeta(address, is_signer=False, is_writable=True),
    ]
    return Instruction(SYSTEM_PROGRAM, data, metas)


def initialize_token_account(account: Pubkey, mint: Pubkey, owner: Pubkey) -> Instruction:
    metas = [
        AccountMeta(account, is_signer=False, is_writable=True),
        AccountMeta(mint, is_signer=False, is_writable=False),
    ]
    return Instruction(TOKEN_PROGRAM, bytes([INITIALIZE_ACCOUNT_3]) + bytes(owner), metas)


def close_token_account(account: Pubkey, owner: Pubkey) -> Instruction:
    """Close ``account`` and give all its lamports to ``owner``; for wrapped SOL this unwraps it."""
    metas = [
        AccountMeta(account, is_signer=False, is_writable=True),
        AccountMeta(owner, is_signer=False, is_writable=True),
        AccountMeta(owner, is_signer=True, is_writable=False),
    ]
    return Instruction(TOKEN_PROGRAM, bytes([CLOSE_ACCOUNT]), metas)


def require_balance(account: Pubkey, owner: Pubkey, lamports: int) -> Instruction:
    """Fail the transaction unless the wrapped-SOL ``account`` holds ``lamports``: a transfer to itself."""
    metas = [
        AccountMeta(account, is_signer=False, is_writable=True),
        AccountMeta(NATIVE_MINT, is_signer=False, is_writable=False),
        AccountMeta(account, is_signer=False, is_writable=True),
        AccountMeta(owner, is_signer=True, is_writable=False),
    ]
    return Instruction(
        TOKEN_PROGRAM, struct.pack("<BQB", TRANSFER_CHECKED, lamports, _NATIVE_DECIMALS), metas
    )
