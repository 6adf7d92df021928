"""The vocabulary of the library: what venues, the router and the chain speak with each other.

Amounts are integers in base units of their mint. Nothing here does I/O. One module, however long: these
are the words that all others share, and each is found where the others are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """A token that orders may name; ``decimals`` of its base units.

    One that no list vouches for is not ``verified``: its symbol is its mint address, since anybody can give a
    mint the symbol of another.
    """

    symbol: str
    name: str
    mint: Pubkey
    decimals: int
    verified: bool = True


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
    ``max_amount_in`` bounds what an exact output may cost; without it the slippage does.
    """

    slippage_bps: int = 0
    slippage_is_auto: bool = False
    max_price_impact_bps: int | None = None
    max_cost_bps: int | None = None
    max_amount_in: int | None = None


NO_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class RouteBounds:
    """What the owner of an order lets a route go over. Pools do not read it.

    ``venues`` and ``exclude_venues`` name venues or brands; no ``venues`` allow all that are not excluded.
    None of ``max_hops`` (pools a path) or ``max_splits`` (paths a route) bounds nothing.
    """

    venues: tuple[str, ...] = ()
    exclude_venues: tuple[str, ...] = ()
    max_hops: int | None = None
    max_splits: int | None = None

    def allows(self, venue: str, dex: str) -> bool:
        """Whether a leg may go over a venue of this name and brand."""
        names = {venue, dex}
        return (not self.venues or not names.isdisjoint(self.venues)) and names.isdisjoint(
            self.exclude_venues
        )


NO_BOUNDS: Final = RouteBounds()
_ALL_BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """What to swap. ``amount`` is the gross input (EXACT_IN) or the net output (EXACT_OUT)."""

    token_in: Pubkey
    token_out: Pubkey
    amount: int
    mode: SwapMode = SwapMode.EXACT_IN
    limits: Limits = NO_LIMITS
    bounds: RouteBounds = NO_BOUNDS


@dataclass(frozen=True, slots=True)
class Quote:
    """What a pool would do with a request, to the unit, at the slot of the snapshot.

    ``amount_in`` is what the payer is debited, ``amount_out`` what reaches the payer after
    every fee, Token-2022 transfer fees included. ``fee_amount`` is the pool's own fee in units
    of ``fee_mint``. ``price_impact_bps`` is the shortfall against the pool's price before the
    swap, pool fee left out, rounded up, 0..10000. ``compute_units`` is a limit that covers the
    swap instruction of just this quote (ticks or bins that it crosses counted), with margin; 0 where
    the venue's own limit is to be taken. ``transfer_fee_in`` and ``transfer_fee_out`` are what the tokens
    keep of the transfers, in their own base units, where `dex.routing.transfer_fees` has named it.
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
    transfer_fee_in: int = 0
    transfer_fee_out: int = 0

    @property
    def fee_bps(self) -> int:
        """The pool's fee as a share of what it is taken from, in basis points rounded up, 0..10000."""
        whole = self.amount_in if self.fee_mint == self.token_in else self.amount_out + self.fee_amount
        return min(_ALL_BPS, -(-self.fee_amount * _ALL_BPS // whole)) if whole else 0


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the token in to the token out: one leg, or two over a middle token.

    The first of two legs buys exactly what the second spends (EXACT_OUT, then EXACT_IN), so that nothing of
    the middle token is left. ``amount_in`` is the path's share of the input, the most that it spends;
    ``amount_out`` is what it is quoted to pay, or for an order of EXACT_OUT its share of the output.
    """

    legs: tuple[Quote, ...]
    amount_in: int
    amount_out: int

    @property
    def middle(self) -> Pubkey | None:
        """The token between two legs."""
        return self.legs[0].token_out if len(self.legs) > 1 else None

    @property
    def price_impact_bps(self) -> int:
        """Of all legs together, rounded up, 0..10000."""
        return _lost_together(leg.price_impact_bps for leg in self.legs)

    @property
    def fee_bps(self) -> int:
        """Of all legs together, rounded up, 0..10000."""
        return _lost_together(leg.fee_bps for leg in self.legs)


def _lost_together(shares_bps: Iterable[int]) -> int:
    kept = _ALL_BPS
    for lost in shares_bps:
        kept = kept * (_ALL_BPS - lost) // _ALL_BPS
    return _ALL_BPS - kept


@dataclass(frozen=True, slots=True)
class PathAmounts:
    """What a path's instructions allow: at most ``max_amount_in`` for at least ``min_amount_out``."""

    max_amount_in: int
    min_amount_out: int


@dataclass(frozen=True, slots=True)
class Route:
    """How a request is swapped in one transaction: one path, or several that share its amount (a split).

    ``amount_out`` of an EXACT_IN request is quoted and ``min_amount_out`` its limit; of an EXACT_OUT request
    ``amount_in`` is quoted and ``max_amount_in`` its limit. A limit is 0 until it is set, ``slippage_bps`` is
    what it was made with. ``venue``, ``pool`` and the like are those of the largest leg: all there is for a
    route of one pool.
    """

    paths: tuple[Path, ...]
    mode: SwapMode = SwapMode.EXACT_IN
    min_amount_out: int = 0
    max_amount_in: int = 0
    slippage_bps: int = 0

    @classmethod
    def of(cls, quote: Quote) -> Route:
        """The route of one pool."""
        return cls((Path((quote,), quote.amount_in, quote.amount_out),), quote.mode)

    @property
    def legs(self) -> tuple[Quote, ...]:
        """All legs, in the order of their execution."""
        return tuple(leg for path in self.paths for leg in path.legs)

    @property
    def largest(self) -> Quote:
        """The first leg of the path with the largest share."""
        return max(self.paths, key=lambda path: path.amount_in).legs[0]

    @property
    def token_in(self) -> Pubkey:
        return self.paths[0].legs[0].token_in

    @property
    def token_out(self) -> Pubkey:
        return self.paths[0].legs[-1].token_out

    @property
    def middles(self) -> tuple[Pubkey, ...]:
        """The tokens between two legs, each once."""
        return tuple(dict.fromkeys(path.middle for path in self.paths if path.middle is not None))

    @property
    def amount_in(self) -> int:
        return sum(path.amount_in for path in self.paths)

    @property
    def amount_out(self) -> int:
        return sum(path.amount_out for path in self.paths)

    @property
    def slot(self) -> int:
        return self.largest.slot

    @property
    def dex(self) -> str:
        return self.largest.dex

    @property
    def venue(self) -> str:
        return self.largest.venue

    @property
    def pool(self) -> Pubkey:
        return self.largest.pool

    @property
    def fee_mint(self) -> Pubkey:
        return self.largest.fee_mint

    @property
    def fee_amount(self) -> int:
        """The pools' fees that are taken in ``fee_mint``; each leg has its own beside."""
        return sum(leg.fee_amount for leg in self.legs if leg.fee_mint == self.fee_mint)

    @property
    def transfer_fee_in(self) -> int:
        """What the token in keeps of what is paid, in its base units."""
        return sum(path.legs[0].transfer_fee_in for path in self.paths)

    @property
    def transfer_fee_out(self) -> int:
        """What the token out keeps of what the pools pay, in its base units."""
        return sum(path.legs[-1].transfer_fee_out for path in self.paths)

    @property
    def price_impact_bps(self) -> int:
        """The paths' price impact, weighted by their shares of the input, rounded up."""
        weighted = sum(path.price_impact_bps * path.amount_in for path in self.paths)
        return -(-weighted // self.amount_in)

    @property
    def fee_bps(self) -> int:
        """The pools' fees as a share of what is swapped, weighted in the same way, rounded up."""
        weighted = sum(path.fee_bps * path.amount_in for path in self.paths)
        return -(-weighted // self.amount_in)

    @property
    def cost_bps(self) -> int:
        """What the swap costs against the pools' prices before it: impact and fees together, at most all."""
        return min(_ALL_BPS, self.price_impact_bps + self.fee_bps)

    def path_amounts(self) -> tuple[PathAmounts, ...]:
        """The limits of each path. Together they are within the route's own to the unit."""
        if self.mode is SwapMode.EXACT_OUT:
            total = self.amount_in
            shares = (self.max_amount_in * path.amount_in // total for path in self.paths)
            return tuple(PathAmounts(m, p.amount_out) for m, p in zip(shares, self.paths, strict=True))
        total = self.amount_out
        shares = (-(-self.min_amount_out * path.amount_out // total) for path in self.paths)
        return tuple(PathAmounts(p.amount_in, m) for m, p in zip(shares, self.paths, strict=True))


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
    """All routes for one request at one slot, best first, and the errors of the venues that had none.

    ``lamports_missing`` is what the wallet lacks for the swap and its fees, where a faucet may give it.
    ``reference_amount_out`` is what another way would pay, where the prices were compared; else 0.
    """

    request: QuoteRequest
    slot: int
    quotes: tuple[Route, ...] = ()
    errors: tuple[VenueError, ...] = ()
    lamports_missing: int = 0
    reference_amount_out: int = 0


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


@dataclass(frozen=True, slots=True)
class TransactionFailure:
    """Why a transaction failed: the meaning, the program's or runtime's own name, the custom code if any."""

    kind: FailureKind
    name: str
    code: int | None = None
