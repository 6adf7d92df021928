"""Swaps on chain: their instructions, signed transactions, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from solders.pubkey import Pubkey

from dex.types.requests import SwapMode


@dataclass(frozen=True, slots=True)
class Swap:
    """A swap to put on chain: who pays, from and to which token accounts, within which limits.

    EXACT_IN spends ``amount_in`` for at least ``amount_out`` (>= 1);
    EXACT_OUT buys ``amount_out`` for at most ``amount_in``.
    """

    payer: Pubkey
    token_in: Pubkey
    token_out: Pubkey
    account_in: Pubkey
    account_out: Pubkey
    amount_in: int
    amount_out: int
    mode: SwapMode = SwapMode.EXACT_IN


@dataclass(frozen=True, slots=True)
class DecodedSwap:
    """A swap instruction as its program will read it, decoded from the bytes and nothing else.

    EXACT_IN spends ``amount_in`` for at least ``amount_out``; EXACT_OUT buys ``amount_out`` for at
    most ``amount_in``. ``vaults`` come in the order of the instruction. ``sells_first`` is the
    direction where the instruction itself names it, None where the program reads it from the
    accounts' mints.
    """

    venue: str
    pool: Pubkey
    payer: Pubkey
    account_in: Pubkey
    account_out: Pubkey
    vaults: tuple[Pubkey, Pubkey]
    mode: SwapMode
    amount_in: int
    amount_out: int
    sells_first: bool | None = None


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """Bytes that may be sent any number of times, and until which block height they can land.

    ``account_seed`` is that of the temporary account in them.
    """

    signature: str
    raw: bytes
    last_valid_block_height: int
    blockhash: str
    account_seed: str = ""


@dataclass(frozen=True, slots=True)
class TransactionCost:
    """Lamports that left the wallet beside what was swapped.

    ``base_fee`` is for the signatures, ``priority_fee`` for the place in a block, ``tip`` for Jito's
    validators; ``rent`` lies in the wallet's own token accounts that the transaction opened.
    """

    base_fee: int
    priority_fee: int
    tip: int
    rent: int


@dataclass(frozen=True, slots=True)
class ExecutedSwap:
    """What a swap moved, in base units of the two tokens, and what it cost beside."""

    amount_in: int
    amount_out: int
    cost: TransactionCost
    slot: int


class FailureKind(StrEnum):
    """What an on-chain failure means to the one who asked for the swap.

    ACCOUNT_FROZEN is the wallet's or the pool's token account, TRANSFER_REFUSED a mint that does not let its
    tokens move now, PROGRAM_REFUSED a pool's program that takes none of its swaps.
    """

    SLIPPAGE_EXCEEDED = "slippage_exceeded"
    POOL_DISABLED = "pool_disabled"
    INSUFFICIENT_LIQUIDITY = "insufficient_liquidity"
    AMOUNT_TOO_SMALL = "amount_too_small"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    ACCOUNT_FROZEN = "account_frozen"
    TRANSFER_REFUSED = "transfer_refused"
    PROGRAM_REFUSED = "program_refused"
    COMPUTE_EXCEEDED = "compute_exceeded"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TransactionFailure:
    """Why a transaction failed: the meaning, the program's or runtime's own name, the custom code if any."""

    kind: FailureKind
    name: str
    code: int | None = None
