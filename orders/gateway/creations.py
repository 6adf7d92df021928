"""Transactions that create pools: what shows them as they land, and what they say of a pool's origin."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.conf import settings
from solders.pubkey import Pubkey

from dex.launches.creations import Creation, creations_in
from dex.launches.graduations import DBC, LAUNCHLAB, Stage, curve_among
from dex.launches.logs import may_create
from dex.rpc.answers import read_context_slot, read_signature, reading
from dex.rpc.instruction_calls import Landed, PastSignature
from dex.types import AccountData
from orders.gateway.connection import connection
from orders.gateway.new_pools import PoolSubscription, SeenPool, seen_pool, watched_venues

_CURVES: Final[Mapping[Pubkey, str]] = {LAUNCHLAB: "launchlab", DBC: "dbc"}
# A node's page of signatures, and how many are read to find the first transaction of a pool.
_PAGE: Final = 1_000
_MOST_PAGES: Final = 3


@dataclass(frozen=True, slots=True)
class Origin:
    """Which transaction created a pool, who asked for it, and the curve that its token came from."""

    signature: str
    slot: int
    creator: str
    graduated_from: str


@dataclass(frozen=True, slots=True)
class Missed:
    """Signatures of transactions since a slot, oldest first; ``is_whole`` where there were not too many."""

    signatures: list[str]
    is_whole: bool


def log_subscriptions(mints: Collection[str] | None) -> frozenset[PoolSubscription]:
    """What shows transactions that name one of these mints; None for those that name a venue's program."""
    named = [str(venue.program_id) for venue in watched_venues()] if mints is None else mints
    commitment = {"commitment": settings.SOLANA_COMMITMENT}
    return frozenset(
        PoolSubscription("", "logsSubscribe", json.dumps([{"mentions": [address]}, commitment]))
        for address in named
    )


def creation_in(result: Any) -> tuple[str, int] | None:
    """Signature and slot of a log notification that may be of a creation; raises ChainAnswerInvalid."""
    with reading("logsNotification"):
        value = result["value"]
        if value["err"] is not None or not may_create(value["logs"]):
            return None
        return read_signature(value["signature"]), read_context_slot(result)


def pools_created_by(signature: str) -> list[SeenPool] | None:
    """The pools that a transaction created, as they are now; None where no node has it. Raises ChainError."""
    return connection().run(_created_by(signature))


async def _created_by(signature: str) -> list[SeenPool] | None:
    landed = await connection().rpc.landed(signature)
    if landed is None:
        return None
    found = list(_creations(landed))
    if not found:
        return []
    accounts = await _accounts(landed)
    return [seen for creation in found if (seen := _seen(creation, landed, accounts)) is not None]


def origin_of(pool: str) -> Origin | None:
    """Where a pool comes from; None where nodes know no transaction that created it. Raises ChainError."""
    return connection().run(_origin_of(Pubkey.from_string(pool)))


async def _origin_of(pool: Pubkey) -> Origin | None:
    first = await _first(pool)
    landed = None if first is None else await connection().rpc.landed(first.signature)
    creation = None if landed is None else next((c for c in _creations(landed) if c.pool == pool), None)
    if landed is None or creation is None:
        return None
    graduated_from = _graduated_from(creation, await _accounts(landed))
    return Origin(landed.signature, landed.slot, str(creation.creator), graduated_from)


def with_origin(seen: SeenPool, origin: Origin) -> SeenPool:
    """What is known of a pool with where it comes from."""
    return replace(
        seen,
        creator=seen.creator or origin.creator,
        signature=origin.signature,
        graduated_from=origin.graduated_from,
    )


async def _first(pool: Pubkey) -> PastSignature | None:
    """The first transaction of an account that succeeded; None where it has too many, or none."""
    before, first = None, None
    for _ in range(_MOST_PAGES):
        page = await connection().rpc.history(pool, before=before, limit=_PAGE)
        first = next((one for one in reversed(page) if not one.failed), first)
        if len(page) < _PAGE:
            return first
        before = page[-1].signature
    return None


def missed_since(slot: int, mints: Collection[str] | None, most: int) -> Missed:
    """What named one of these mints after ``slot``, None: a venue's program; at most so many of each.

    Raises ChainError.
    """
    named = [venue.program_id for venue in watched_venues()] if mints is None else _addresses(mints)
    return connection().run(_missed_since(slot, named, most))


def _addresses(mints: Collection[str]) -> list[Pubkey]:
    return [Pubkey.from_string(mint) for mint in mints]


async def _missed_since(slot: int, named: Collection[Pubkey], most: int) -> Missed:
    found: dict[str, int] = {}
    is_whole = True
    for address in named:
        page = await connection().rpc.history(address, limit=most)
        newer = [one for one in page if one.slot > slot]
        is_whole = is_whole and (len(newer) < most)
        found |= {one.signature: one.slot for one in newer if not one.failed}
    return Missed(sorted(found, key=lambda signature: found[signature]), is_whole)


def _creations(landed: Landed) -> Iterator[Creation]:
    venues = {venue.program_id: venue.name for venue in watched_venues()}
    return creations_in(landed.instructions, venues)


async def _accounts(landed: Landed) -> dict[Pubkey, AccountData]:
    snapshot = await connection().rpc.snapshot(landed.accounts)
    return {address: account for address, account in snapshot.accounts.items() if account is not None}


def _seen(creation: Creation, landed: Landed, accounts: Mapping[Pubkey, AccountData]) -> SeenPool | None:
    account = accounts.get(creation.pool)
    seen = None if account is None else seen_pool(creation.venue, creation.pool, account, landed.slot)
    if seen is None:
        return None
    return replace(
        seen,
        creator=str(creation.creator),
        signature=landed.signature,
        graduated_from=_graduated_from(creation, accounts),
    )


def _graduated_from(creation: Creation, accounts: Mapping[Pubkey, AccountData]) -> str:
    for mint in creation.mints:
        curve = curve_among(accounts, mint)
        if curve is not None and curve.stage is not Stage.TRADING:
            return _CURVES[curve.program]
    return ""
