"""What the pools of a pair can really do: measured by quotes over one snapshot. Pure.

Pools say of themselves how deep they are, in units that their makers choose: LP tokens, liquidity of a range
that the price has left. So they are ranked by what a probe buys in them, of the same size for all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.routing.router import whole_quote
from dex.tokens.round_trip import round_trip
from dex.transactions.token_accounts import parse_token_account
from dex.types import QuoteRequest, Snapshot, VenueError
from dex.venues.base import Pool

POOL_IS_DUST: Final = "POOL_IS_DUST"
POOL_LOSES: Final = "POOL_LOSES"
# A probe is this part of the most that any pool of the pair holds; where a pool cannot take it, a tenth, and
# a hundredth of it.
_PROBE_PART: Final = 100
_SMALLER: Final = (1, 10, 100)
# What holds less than this part of the most of both tokens is dust.
_DUST_PART: Final = 10_000
# Scores are in parts of the best.
_WHOLE: Final = 10**6

Pair = tuple[Pubkey, Pubkey]


@dataclass(frozen=True, slots=True)
class Measured:
    """A pool of a pair: base units in its vaults and what a probe buys, both in the order of the pair.

    ``bought`` is of the second token for the first, then of the first for the second; 0 where the pool has no
    quote. ``loss_bps`` is that of a round trip, None where it does not come to its end.
    """

    held: tuple[int, int]
    bought: tuple[int, int] = (0, 0)
    loss_bps: int | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """Pools in the order of what they can do, those that are not to be used, and what each holds."""

    kept: tuple[Pool, ...] = ()
    dropped: tuple[VenueError, ...] = ()
    held: Mapping[Pubkey, tuple[int, int]] = field(default_factory=dict)


def judge(
    pools: Sequence[Pool], snapshot: Snapshot, pair: Pair, most_loss_bps: int, always: Collection[Pubkey]
) -> Judged:
    """The pools of ``pair``, best first; those of ``always`` are kept whatever they hold or lose."""
    measured = _measured(pools, snapshot, pair)
    most = tuple(max((one.held[side] for one in measured.values()), default=0) for side in (0, 1))
    best = tuple(max((one.bought[side] for one in measured.values()), default=0) for side in (0, 1))
    kept: list[Pool] = []
    dropped: list[VenueError] = []
    for pool in pools:
        why = None if pool.address in always else _reason(measured[pool.address], most, most_loss_bps)
        if why is None:
            kept.append(pool)
        else:
            dropped.append(VenueError(pool.venue, *why, pool.address))
    kept.sort(key=lambda pool: (-_score(measured[pool.address], best), -pool.depth, str(pool.address)))
    return Judged(tuple(kept), tuple(dropped), {pool.address: measured[pool.address].held for pool in kept})


def probes(pools: Sequence[Pool], snapshot: Snapshot, pair: Pair) -> Iterator[tuple[QuoteRequest, Pool]]:
    """What each pool is asked for at most, so that the host can read the accounts for it."""
    for request in _largest(pools, snapshot, pair):
        for pool in pools:
            yield request, pool


def _measured(pools: Sequence[Pool], snapshot: Snapshot, pair: Pair) -> dict[Pubkey, Measured]:
    asked = _largest(pools, snapshot, pair)
    found = {}
    for pool in pools:
        first, second = (_bought(pool, snapshot, request) for request in asked)
        loss = next((loss for one in asked if (loss := _loss(pool, snapshot, one)) is not None), None)
        found[pool.address] = Measured(_held(pool, snapshot, pair), (first, second), loss)
    return found


def _largest(pools: Sequence[Pool], snapshot: Snapshot, pair: Pair) -> tuple[QuoteRequest, QuoteRequest]:
    held = [_held(pool, snapshot, pair) for pool in pools]
    first, second = (max(1, max((one[side] for one in held), default=0) // _PROBE_PART) for side in (0, 1))
    return QuoteRequest(*pair, first), QuoteRequest(*pair[::-1], second)


def _held(pool: Pool, snapshot: Snapshot, pair: Pair) -> tuple[int, int]:
    by_mint = dict(zip(pool.mints, pool.vaults, strict=True))
    return _balance(by_mint[pair[0]], snapshot), _balance(by_mint[pair[1]], snapshot)


def _balance(vault: Pubkey, snapshot: Snapshot) -> int:
    try:
        return parse_token_account(snapshot.account(vault)).amount
    except DexError:
        return 0


def _smaller(request: QuoteRequest) -> Iterator[QuoteRequest]:
    for part in _SMALLER:
        if amount := request.amount // part:
            yield QuoteRequest(request.token_in, request.token_out, amount)


def _bought(pool: Pool, snapshot: Snapshot, request: QuoteRequest) -> int:
    for smaller in _smaller(request):
        try:
            return whole_quote(pool, snapshot, smaller).amount_out
        except DexError:
            continue
    return 0


def _loss(pool: Pool, snapshot: Snapshot, request: QuoteRequest) -> int | None:
    """Of the largest of the probes that comes back: what the fees of pool and tokens take."""
    trips = (
        round_trip([pool], snapshot, one.token_in, one.token_out, one.amount) for one in _smaller(request)
    )
    return next((trip.loss_bps for trip in trips if trip.loss_bps is not None), None)


def _reason(one: Measured, most: Sequence[int], most_loss_bps: int) -> tuple[str, str] | None:
    """Why a pool is not to be used: a code and a text."""
    if all(held * _DUST_PART <= largest for held, largest in zip(one.held, most, strict=True)):
        return POOL_IS_DUST, "it holds next to nothing"
    if one.loss_bps is not None and one.loss_bps > most_loss_bps:
        return POOL_LOSES, f"a purchase and a sale of what it bought lose {one.loss_bps} bps"
    return None


def _score(one: Measured, best: Sequence[int]) -> int:
    parts = (bought * _WHOLE // most for bought, most in zip(one.bought, best, strict=True) if most)
    return sum(parts)
