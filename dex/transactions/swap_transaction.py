"""One swap as one signed v0 transaction. Pure and deterministic: equal plans give equal signatures.

SOL goes through a temporary token account that lives only inside the transaction, so that orders running
at the same time never share wrapped SOL and nothing is left behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from dex.config import NATIVE_MINT, TOKEN_PROGRAM
from dex.errors import DexError, KeyUnavailable, PolicyViolation, WrongOwner
from dex.signing.signer import Signer
from dex.transactions.instructions import (
    close_token_account,
    compute_unit_limit,
    compute_unit_price,
    create_temporary_account,
    create_token_account_if_missing,
    initialize_token_account,
    memo,
    temporary_account_address,
    transfer,
)
from dex.transactions.token_accounts import (
    TOKEN_ACCOUNT_RENT,
    TOKEN_PROGRAMS,
    associated_address_tries,
    associated_token_address,
)
from dex.types import SignedTransaction, Snapshot, Swap, SwapMode
from dex.venues.base import Pool, Venue

# The packet size of the network: IPv6's minimum MTU of 1280 less 48 bytes of headers.
MAX_TRANSACTION_BYTES: Final = 1232
# The network's bound on a transaction.
MAX_COMPUTE_UNITS: Final = 1_400_000

# Largest units measured in the SVM, with margin for the slower builds of the token and memo programs that
# clusters still run. Creating an associated account searches its bump seed at 1,500 units a try.
_UNITS_FIXED: Final = 1_000
_UNITS_TOKEN_ACCOUNT: Final = 30_000
_UNITS_BUMP_SEED_TRY: Final = 1_500
_UNITS_TEMPORARY_ACCOUNT: Final = 10_000
_UNITS_TIP: Final = 300
_UNITS_MEMO_BASE: Final = 3_000
_UNITS_MEMO_BYTE: Final = 500


@dataclass(frozen=True, slots=True)
class Tip:
    """Lamports for who gets the transaction into a block."""

    account: Pubkey
    lamports: int


@dataclass(frozen=True, slots=True)
class SwapPlan:
    """All that a swap transaction is made of.

    Amounts are base units: EXACT_IN spends ``amount_in`` for at least ``min_amount_out`` (>= 1), EXACT_OUT
    buys ``min_amount_out`` for at most ``amount_in``. ``memo`` and ``account_seed`` must differ between
    orders and attempts: they make two equal swaps two transactions. ``compute_unit_price`` is in
    micro-lamports a compute unit.
    """

    payer: Pubkey
    pool: Pool
    venue: Venue
    snapshot: Snapshot
    token_in: Pubkey
    token_out: Pubkey
    amount_in: int
    min_amount_out: int
    memo: str
    account_seed: str
    blockhash: Hash
    last_valid_block_height: int
    token_in_program: Pubkey | None = None
    token_out_program: Pubkey | None = None
    compute_unit_price: int = 0
    mode: SwapMode = SwapMode.EXACT_IN
    tip: Tip | None = None
    unit_limit: int | None = None

    @property
    def account_in(self) -> Pubkey:
        """The token account that the swap spends from."""
        return self._account(self.token_in)

    @property
    def account_out(self) -> Pubkey:
        """The token account that the swap pays into."""
        return self._account(self.token_out)

    @property
    def temporary_account(self) -> Pubkey | None:
        """The wrapped-SOL account of this transaction, if SOL is on either side."""
        if NATIVE_MINT not in (self.token_in, self.token_out):
            return None
        return temporary_account_address(self.payer, self.account_seed)

    @property
    def temporary_account_lamports(self) -> int:
        """What the temporary account is created with: its rent, and the SOL to be swapped."""
        return TOKEN_ACCOUNT_RENT + (self.amount_in if self.token_in == NATIVE_MINT else 0)

    def token_program(self, mint: Pubkey) -> Pubkey:
        """The program of a mint of the plan: as given, else by the snapshot, else SPL Token.

        A pool that does not read its mints can only trade SPL Token. Raises WrongOwner when the account
        in the snapshot is no mint.
        """
        given = self.token_in_program if mint == self.token_in else self.token_out_program
        if given is not None:
            return given
        account = self.snapshot.accounts.get(mint)
        if account is None:
            return TOKEN_PROGRAM
        if account.owner not in TOKEN_PROGRAMS:
            raise WrongOwner(f"{mint} is owned by {account.owner}, not by a token program")
        return account.owner

    def _account(self, mint: Pubkey) -> Pubkey:
        if mint == NATIVE_MINT:
            return temporary_account_address(self.payer, self.account_seed)
        return associated_token_address(self.payer, mint, self.token_program(mint))


def compute_units(plan: SwapPlan) -> int:
    """The compute-unit limit that ``plan`` asks for: its own, or what was measured."""
    if plan.unit_limit is not None:
        return plan.unit_limit
    units = plan.venue.compute_units + _UNITS_FIXED
    units += _UNITS_MEMO_BASE + _UNITS_MEMO_BYTE * len(plan.memo.encode())
    if plan.token_out != NATIVE_MINT:
        program = plan.token_program(plan.token_out)
        tries = associated_address_tries(plan.payer, plan.token_out, program)
        units += _UNITS_TOKEN_ACCOUNT + _UNITS_BUMP_SEED_TRY * tries
    if plan.temporary_account is not None:
        units += _UNITS_TEMPORARY_ACCOUNT
    if plan.tip is not None:
        units += _UNITS_TIP
    return units


def build_message(plan: SwapPlan) -> MessageV0:
    """The message of ``plan``.

    Raises PolicyViolation for a plan that no transaction may carry (minimum below 1, equal tokens), and
    PoolRefused or AccountMissing from the pool.
    """
    _require_sound(plan)
    return MessageV0.try_compile(plan.payer, _instructions(plan), [], plan.blockhash)


def sign(message: MessageV0, signer: Signer, last_valid_block_height: int) -> SignedTransaction:
    """Sign ``message``; raises KeyUnavailable, and PolicyViolation when it is too large for the network."""
    [signed] = sign_all([message], signer, last_valid_block_height)
    if isinstance(signed, DexError):
        raise signed
    return signed


def sign_all(
    messages: Sequence[MessageV0], signer: Signer, last_valid_block_height: int
) -> list[SignedTransaction | KeyUnavailable | PolicyViolation]:
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


def _too_large(message: bytes) -> PolicyViolation:
    size = _transaction_bytes(message)
    return PolicyViolation(f"{size} bytes are more than the network's {MAX_TRANSACTION_BYTES}")


def _transaction_bytes(message: bytes) -> int:
    # The number of signatures in one byte, and one signature.
    return 1 + Signature.LENGTH + len(message)


def _require_sound(plan: SwapPlan) -> None:
    if plan.min_amount_out < 1:
        raise PolicyViolation("a swap must ask for at least 1 base unit")
    if plan.amount_in < 1:
        raise PolicyViolation("a swap must spend at least 1 base unit")
    if plan.token_in == plan.token_out:
        raise PolicyViolation("a swap needs two different tokens")


def _instructions(plan: SwapPlan) -> list[Instruction]:
    instructions = [compute_unit_limit(compute_units(plan))]
    if plan.compute_unit_price:
        instructions.append(compute_unit_price(plan.compute_unit_price))
    instructions.append(memo(plan.memo))
    if plan.token_out != NATIVE_MINT:
        program = plan.token_program(plan.token_out)
        instructions.append(create_token_account_if_missing(plan.payer, plan.token_out, program))
    temporary = plan.temporary_account
    if temporary is not None:
        instructions.append(
            create_temporary_account(plan.payer, plan.account_seed, plan.temporary_account_lamports)
        )
        instructions.append(initialize_token_account(temporary, NATIVE_MINT, plan.payer))
    instructions.extend(plan.pool.swap_instructions(plan.snapshot, _swap(plan)))
    if temporary is not None:
        instructions.append(close_token_account(temporary, plan.payer))
    if plan.tip is not None:
        instructions.append(transfer(plan.payer, plan.tip.account, plan.tip.lamports))
    return instructions


def _swap(plan: SwapPlan) -> Swap:
    return Swap(
        payer=plan.payer,
        token_in=plan.token_in,
        token_out=plan.token_out,
        account_in=plan.account_in,
        account_out=plan.account_out,
        amount_in=plan.amount_in,
        amount_out=plan.min_amount_out,
        mode=plan.mode,
    )
