"""The vocabulary of the library: what venues, the router and the chain speak with each other.

Amounts are integers in base units of their mint. Nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import AccountMissing


class SwapMode(StrEnum):
    """Which side of a swap the request fixes."""

    EXACT_IN = "exact_in"
    EXACT_OUT = "exact_out"


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
class AccountData:
    """One account as a node returned it."""

    owner: Pubkey
    lamports: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Clock:
    """The cluster's clock sysvar: slot, seconds since the epoch, epoch number."""

    slot: int
    unix_timestamp: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Accounts read at one slot, with the cluster's clock at that slot."""

    clock: Clock
    accounts: Mapping[Pubkey, AccountData | None]

    def account(self, address: Pubkey) -> AccountData:
        """The account at ``address``; raises AccountMissing when the chain has none."""
        found = self.accounts.get(address)
        if found is None:
            raise AccountMissing(address)
        return found


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """A getProgramAccounts query: data size in bytes and bytes expected at offsets."""

    data_size: int
    memcmp: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Token:
    """A token that orders may name by symbol; ``decimals`` of its base units."""

    symbol: str
    name: str
    mint: Pubkey
    decimals: int


@dataclass(frozen=True, slots=True)
class PoolAddress:
    """Where a pool is; the mints in either order."""

    venue: str
    address: Pubkey
    mints: tuple[Pubkey, Pubkey]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the owner of an order allows of a quote. Pools do not read it.

    An automatic slippage follows the quote's own price impact, and ``slippage_bps`` says nothing then.
    """

    slippage_bps: int = 0
    slippage_is_auto: bool = False
    max_price_impact_bps: int | None = None


NO_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """What to swap. ``amount`` is the gross input (EXACT_IN) or the net output (EXACT_OUT)."""

    token_in: Pubkey
    token_out: Pubkey
    amount: int
    mode: SwapMode = SwapMode.EXACT_IN
    limits: Limits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class Quote:
    """What a pool would do with a request, to the unit, at the slot of the snapshot.

    ``amount_in`` is what the payer is debited, ``amount_out`` what reaches the payer after
    every fee, Token-2022 transfer fees included. ``fee_amount`` is the pool's own fee in units
    of ``fee_mint``. ``price_impact_bps`` is the shortfall against the pool's price before the
    swap, pool fee left out, rounded up, 0..10000. ``compute_units`` is a limit that covers the
    swap instruction of just this quote (ticks or bins that it crosses counted), with margin; 0 where
    the venue's own limit is to be taken. ``min_amount_out`` is what the request's limits make of
    ``amount_out`` with ``slippage_bps`` off; 0 until they are applied.
    """

    dex: str
    venue: str
    pool: Pubkey
    token_in: Pubkey
    token_out: Pubkey
    amount_in: int
    amount_out: int
    fee_amount: int
    fee_mint: Pubkey
    price_impact_bps: int
    slot: int
    mode: SwapMode = SwapMode.EXACT_IN
    compute_units: int = 0
    min_amount_out: int = 0
    slippage_bps: int = 0


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
class VenueError:
    """Why a venue has no quote for a request: a stable code and a text for people."""

    venue: str
    code: str
    message: str
    pool: Pubkey | None = None


@dataclass(frozen=True, slots=True)
class Quotes:
    """All answers to one request at one slot, best first, and the errors of the venues that had none.

    ``lamports_missing`` is what the wallet lacks for the swap and its fees, where a faucet may give it.
    """

    request: QuoteRequest
    slot: int
    quotes: tuple[Quote, ...] = ()
    errors: tuple[VenueError, ...] = ()
    lamports_missing: int = 0


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """Bytes that may be sent any number of times, and until which block height they can land."""

    signature: str
    raw: bytes
    last_valid_block_height: int
    blockhash: str


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


@dataclass(frozen=True, slots=True)
class TransactionFailure:
    """Why a transaction failed: the meaning, the program's or runtime's own name, the custom code if any."""

    kind: FailureKind
    name: str
    code: int | None = None
