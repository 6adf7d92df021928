"""How a request is swapped in one transaction: routes, their paths and legs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from solders.pubkey import Pubkey

from dex.types.quotes import ALL_BPS, Quote, VenueError
from dex.types.requests import QuoteRequest, SwapMode


# Without slots: sums over paths and legs are asked for many times, and worked out once.
@dataclass(frozen=True)
class Path:
    """One way from the token in to the token out: one leg, or two over a middle token.

    The first of two legs buys exactly what the second spends (EXACT_OUT, then EXACT_IN), so that nothing of
    the middle token is left. ``amount_in`` is the path's share of the input, the most that it spends;
    ``amount_out`` is what it is quoted to pay, or for an order of EXACT_OUT its share of the output.
    """

    legs: tuple[Quote, ...]
    amount_in: int
    amount_out: int

    @cached_property
    def middle(self) -> Pubkey | None:
        """The token between two legs."""
        return self.legs[0].token_out if len(self.legs) > 1 else None

    @cached_property
    def price_impact_bps(self) -> int:
        """Of all legs together, rounded up, 0..10000."""
        return _lost_together(leg.price_impact_bps for leg in self.legs)

    @cached_property
    def fee_bps(self) -> int:
        """Of all legs together, rounded up, 0..10000."""
        return _lost_together(leg.fee_bps for leg in self.legs)


def _lost_together(shares_bps: Iterable[int]) -> int:
    kept = ALL_BPS
    for lost in shares_bps:
        kept = kept * (ALL_BPS - lost) // ALL_BPS
    return ALL_BPS - kept


@dataclass(frozen=True, slots=True)
class PathAmounts:
    """What a path's instructions allow: at most ``max_amount_in`` for at least ``min_amount_out``."""

    max_amount_in: int
    min_amount_out: int


@dataclass(frozen=True)
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

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # Of the legs of all paths: who keeps what they know of a route asks for it again and again.
        return hash((self.paths, self.mode, self.min_amount_out, self.max_amount_in, self.slippage_bps))

    @classmethod
    def of(cls, quote: Quote) -> Route:
        """The route of one pool."""
        return cls((Path((quote,), quote.amount_in, quote.amount_out),), quote.mode)

    @cached_property
    def legs(self) -> tuple[Quote, ...]:
        """All legs, in the order of their execution."""
        return tuple(leg for path in self.paths for leg in path.legs)

    @cached_property
    def largest(self) -> Quote:
        """The first leg of the path with the largest share."""
        return max(self.paths, key=lambda path: path.amount_in).legs[0]

    @cached_property
    def token_in(self) -> Pubkey:
        return self.paths[0].legs[0].token_in

    @cached_property
    def token_out(self) -> Pubkey:
        return self.paths[0].legs[-1].token_out

    @cached_property
    def middles(self) -> tuple[Pubkey, ...]:
        """The tokens between two legs, each once."""
        return tuple(dict.fromkeys(path.middle for path in self.paths if path.middle is not None))

    @cached_property
    def mints(self) -> tuple[Pubkey, ...]:
        """The tokens of all legs and of their fees, each once."""
        named = ((leg.token_in, leg.token_out, leg.fee_mint) for leg in self.legs)
        return tuple(dict.fromkeys(mint for three in named for mint in three))

    @cached_property
    def amount_in(self) -> int:
        return sum(path.amount_in for path in self.paths)

    @cached_property
    def amount_out(self) -> int:
        return sum(path.amount_out for path in self.paths)

    @cached_property
    def slot(self) -> int:
        return self.largest.slot

    @cached_property
    def dex(self) -> str:
        return self.largest.dex

    @cached_property
    def venue(self) -> str:
        return self.largest.venue

    @cached_property
    def pool(self) -> Pubkey:
        return self.largest.pool

    @cached_property
    def fee_mint(self) -> Pubkey:
        return self.largest.fee_mint

    @cached_property
    def fee_amount(self) -> int:
        """The pools' fees that are taken in ``fee_mint``; each leg has its own beside."""
        return sum(leg.fee_amount for leg in self.legs if leg.fee_mint == self.fee_mint)

    @cached_property
    def transfer_fee_in(self) -> int:
        """What the token in keeps of what is paid, in its base units."""
        return sum(path.legs[0].transfer_fee_in for path in self.paths)

    @cached_property
    def transfer_fee_out(self) -> int:
        """What the token out keeps of what the pools pay, in its base units."""
        return sum(path.legs[-1].transfer_fee_out for path in self.paths)

    @cached_property
    def price_impact_bps(self) -> int:
        """The paths' price impact, weighted by their shares of the input, rounded up."""
        weighted = sum(path.price_impact_bps * path.amount_in for path in self.paths)
        return -(-weighted // self.amount_in)

    @cached_property
    def fee_bps(self) -> int:
        """The pools' fees as a share of what is swapped, weighted in the same way, rounded up."""
        weighted = sum(path.fee_bps * path.amount_in for path in self.paths)
        return -(-weighted // self.amount_in)

    @cached_property
    def cost_bps(self) -> int:
        """What the swap costs against the pools' prices before it: impact and fees together, at most all."""
        return min(ALL_BPS, self.price_impact_bps + self.fee_bps)

    def path_amounts(self) -> tuple[PathAmounts, ...]:
        """The limits of each path. Together they are within the route's own to the unit."""
        return self._path_amounts

    @cached_property
    def _path_amounts(self) -> tuple[PathAmounts, ...]:
        if self.mode is SwapMode.EXACT_OUT:
            total = self.amount_in
            shares = (self.max_amount_in * path.amount_in // total for path in self.paths)
            return tuple(PathAmounts(m, p.amount_out) for m, p in zip(shares, self.paths, strict=True))
        total = self.amount_out
        shares = (-(-self.min_amount_out * path.amount_out // total) for path in self.paths)
        return tuple(PathAmounts(p.amount_in, m) for m, p in zip(shares, self.paths, strict=True))


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
