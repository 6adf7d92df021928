"""A token as a careful buyer looks at it: what the chain says of it, and what of that is a warning. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.tokens.metadata import TokenNames
from dex.tokens.mint import MintFacts
from dex.tokens.round_trip import RoundTrip
from dex.types import Token

# What a round trip of the smaller size may lose before it is a warning: the fees of two swaps and more.
_MOST_LOSS_BPS: Final = 500
# The largest holders outside of pools together, of the supply.
_MOST_HELD_BPS: Final = 5_000
_COUNTED_HOLDERS: Final = 10
_BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Holder:
    """A token account with its base units; ``in_pool`` where it is the vault of a pool in the report."""

    address: Pubkey
    amount: int
    in_pool: bool


@dataclass(frozen=True, slots=True)
class PoolShare:
    """A pool of the token and ``base``, and what its vaults hold of both in base units."""

    dex: str
    venue: str
    address: Pubkey
    base: Token
    token_reserve: int
    base_reserve: int


@dataclass(frozen=True, slots=True)
class Market:
    """The pools, deepest first, and a round trip out of ``base`` and back at each size; no base, no trip."""

    pools: tuple[PoolShare, ...] = ()
    base: Token | None = None
    trips: tuple[RoundTrip, ...] = ()

    @property
    def can_be_sold(self) -> bool | None:
        """Whether what was bought could be sold again; None where nothing could be bought."""
        tried = [trip for trip in self.trips if trip.failed != "purchase"]
        return any(not trip.failed for trip in tried) if tried else None


@dataclass(frozen=True, slots=True)
class TokenReport:
    """All of it. ``holders`` is None where no node lists them; ``token`` is the listed one, or unverified."""

    slot: int
    token: Token
    names: TokenNames
    facts: MintFacts
    holders: tuple[Holder, ...] | None
    market: Market
    refused: tuple[str, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Stable codes of what to look at before buying, gravest first."""
        return tuple(_warnings(self))


def _warnings(report: TokenReport) -> Iterator[str]:
    facts = report.facts
    yield from (danger.value for danger in facts.dangers)
    found = {
        "CANNOT_BE_SOLD": report.market.can_be_sold is False,
        "NO_POOLS": not report.market.pools,
        "ROUND_TRIP_LOSS": _loses(report.market.trips),
        "UNVERIFIED": not report.token.verified,
        "TRANSFER_FEE": facts.fee.bps > 0,
        "MINT_AUTHORITY": facts.mint_authority is not None,
        "FREEZE_AUTHORITY": facts.freeze_authority is not None,
        "CONCENTRATED": _is_concentrated(report.holders or (), facts.supply),
        "HOLDERS_UNKNOWN": report.holders is None,
    }
    yield from (code for code, holds in found.items() if holds)


def _loses(trips: Sequence[RoundTrip]) -> bool:
    return any((trip.loss_bps or 0) > _MOST_LOSS_BPS for trip in trips[:1])


def _is_concentrated(holders: Sequence[Holder], supply: int) -> bool:
    held = sum([holder.amount for holder in holders if not holder.in_pool][:_COUNTED_HOLDERS])
    return supply > 0 and held * _BPS > supply * _MOST_HELD_BPS
