"""What is asked for: tokens, the amount, and the limits that its owner sets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from solders.pubkey import Pubkey


class SwapMode(StrEnum):
    """Which side of a swap the request fixes."""

    EXACT_IN = "exact_in"
    EXACT_OUT = "exact_out"


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
class Limits:
    """What the owner of an order allows of a quote. Pools do not read it.

    An automatic slippage follows the quote's own price impact, and ``slippage_bps`` says nothing then.
    ``max_amount_in`` bounds what an exact output may cost; without it the slippage does, and with
    ``is_bound_by_slippage`` both do.
    """

    slippage_bps: int = 0
    slippage_is_auto: bool = False
    max_price_impact_bps: int | None = None
    max_cost_bps: int | None = None
    max_amount_in: int | None = None
    is_bound_by_slippage: bool = False


NO_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class RouteBounds:
    """What the owner of an order lets a route go over. Pools do not read it.

    ``venues`` and ``exclude_venues`` name venues or brands; no ``venues`` allow all that are not excluded.
    None of ``max_hops`` (pools a path) or ``max_splits`` (paths a route) bounds nothing. With ``last_pools``
    each path ends in one of these pools, by address: they are used however little they are worth.
    """

    venues: tuple[str, ...] = ()
    exclude_venues: tuple[str, ...] = ()
    max_hops: int | None = None
    max_splits: int | None = None
    last_pools: tuple[str, ...] = ()

    def allows(self, venue: str, dex: str) -> bool:
        """Whether a leg may go over a venue of this name and brand."""
        names = {venue, dex}
        return (not self.venues or not names.isdisjoint(self.venues)) and names.isdisjoint(
            self.exclude_venues
        )

    def may_end_in(self, pool: Pubkey) -> bool:
        """Whether the last leg of a path may go over this pool."""
        return not self.last_pools or str(pool) in self.last_pools


NO_BOUNDS: Final = RouteBounds()


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """What to swap. ``amount`` is the gross input (EXACT_IN) or the net output (EXACT_OUT)."""

    token_in: Pubkey
    token_out: Pubkey
    amount: int
    mode: SwapMode = SwapMode.EXACT_IN
    limits: Limits = NO_LIMITS
    bounds: RouteBounds = NO_BOUNDS
