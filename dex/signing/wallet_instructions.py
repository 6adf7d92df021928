"""The instructions around a swap, read from their bytes: each must equal what this engine makes of them.

A value is taken from its place, the instruction is made again with that value and compared, so that length,
accounts and every constant are checked by one comparison. All raise PolicyViolation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.errors import PolicyViolation
from dex.rpc.jito import TIP_ACCOUNTS
from dex.transactions.instructions import (
    MAX_SEED_BYTES,
    compute_unit_limit,
    compute_unit_price,
    create_temporary_account,
    create_token_account_if_missing,
    require_balance,
    temporary_account_address,
    transfer,
)
from dex.transactions.swap_transaction import MAX_COMPUTE_UNITS

_MICRO: Final = 1_000_000
# CreateAccountWithSeed: tag, base, then the seed's length in 8 bytes and the seed itself.
_SEED_LENGTH_AT: Final = 4 + 32
_SEED_AT: Final = _SEED_LENGTH_AT + 8


def require_equal(instruction: Instruction, made: Instruction, otherwise: str) -> None:
    """Raise PolicyViolation with ``otherwise`` unless program, data and accounts are those of ``made``."""
    same_program = instruction.program_id == made.program_id
    same_accounts = [m.pubkey for m in instruction.accounts] == [m.pubkey for m in made.accounts]
    if not (same_program and same_accounts and bytes(instruction.data) == bytes(made.data)):
        raise PolicyViolation(otherwise)


def priority_fee_lamports(limits: Sequence[Instruction], prices: Sequence[Instruction]) -> int:
    """Lamports that the price a compute unit comes to over the limit, rounded up; 0 without a price."""
    [limit] = limits
    units = _number(limit, 1, 4)
    require_equal(limit, compute_unit_limit(units), "the compute-unit limit is malformed")
    if units > MAX_COMPUTE_UNITS:
        raise PolicyViolation("the compute-unit limit is out of range")
    if not prices:
        return 0
    price = _number(prices[0], 1, 8)
    require_equal(prices[0], compute_unit_price(price), "the compute-unit price is malformed")
    return -(-price * units // _MICRO)


def tip_lamports(instruction: Instruction, wallet: Pubkey) -> int:
    """What a transfer tips; to a tip account and nobody else."""
    receiver = _account(instruction, 1)
    if receiver not in TIP_ACCOUNTS:
        raise PolicyViolation("a transfer of SOL to an account that takes no tips")
    lamports = _number(instruction, 4, 8)
    require_equal(instruction, transfer(wallet, receiver, lamports), "the tip is malformed")
    return lamports


def account_made(instruction: Instruction, wallet: Pubkey, programs: Mapping[Pubkey, Pubkey]) -> Pubkey:
    """The mint for which the wallet's associated account is made where it is missing."""
    mint = _account(instruction, 3)
    program = programs.get(mint)
    if program is None:
        raise PolicyViolation(f"a token account for {mint}, which is no token of the swap")
    made = create_token_account_if_missing(wallet, mint, program)
    require_equal(instruction, made, "a token account would belong to another wallet")
    return mint


def temporary_account(instruction: Instruction, wallet: Pubkey) -> tuple[Pubkey, int]:
    """The address of the account that a seed makes, and the lamports that it gets."""
    length = _number(instruction, _SEED_LENGTH_AT, 8)
    if length > MAX_SEED_BYTES:
        raise PolicyViolation("the temporary account's seed is too long")
    text = bytes(instruction.data)[_SEED_AT : _SEED_AT + length]
    if not text.isascii():
        raise PolicyViolation("the temporary account's seed is no ASCII text")
    seed, lamports = text.decode(), _number(instruction, _SEED_AT + length, 8)
    made = create_temporary_account(wallet, seed, lamports)
    require_equal(instruction, made, "the temporary account is not the wallet's own")
    return temporary_account_address(wallet, seed), lamports


def guarded_amount(instruction: Instruction, account: Pubkey, wallet: Pubkey) -> int:
    """The base units that ``account`` must hold for a transfer to itself to succeed."""
    amount = _number(instruction, 1, 8)
    made = require_balance(account, wallet, amount)
    require_equal(instruction, made, "a transfer of tokens out of the temporary account")
    return amount


def _number(instruction: Instruction, offset: int, size: int) -> int:
    # Short data give a number that the comparison then refuses.
    return int.from_bytes(bytes(instruction.data)[offset : offset + size], "little")


def _account(instruction: Instruction, index: int) -> Pubkey:
    if index >= len(instruction.accounts):
        raise PolicyViolation("an instruction has too few accounts")
    return instruction.accounts[index].pubkey
