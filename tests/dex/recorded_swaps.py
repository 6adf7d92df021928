"""Recorded swaps of the real programs as venue, pool, snapshot and request."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from solders.pubkey import Pubkey

from dex import verify
from dex.types import QuoteRequest, Snapshot
from dex.venues.base import Pool, Venue
from dex.venues.registry import venues_for

DATA = Path(__file__).parent.parent / "data"
CPMM = DATA / "cpmm.json.gz"
DAMM_V2 = DATA / "damm_v2.json.gz"


class Recorded(NamedTuple):
    case: Any
    venue: Venue
    pool: Pool
    snapshot: Snapshot
    request: QuoteRequest


@cache
def recorded(path: Path) -> dict[str, Recorded]:
    """Every case of a file by its id."""
    name, _, cases = verify.load(path)
    venue = next(venue for venue in venues_for("mainnet-beta") if venue.name == name)
    return {case["id"]: _open(venue, case) for case in cases}


def _open(venue: Venue, case: Any) -> Recorded:
    pool, snapshot = verify.open_case(venue, case)
    return Recorded(case, venue, pool, snapshot, verify.request_of(pool, case))


def patched(snapshot: Snapshot, address: Pubkey, offset: int, new: bytes) -> Snapshot:
    """The snapshot with some bytes of one account replaced."""
    account = snapshot.account(address)
    data = account.data[:offset] + new + account.data[offset + len(new) :]
    return with_account(snapshot, address, data=data)


def with_account(snapshot: Snapshot, address: Pubkey, **changes: Any) -> Snapshot:
    """The snapshot with one account changed."""
    accounts = dict(snapshot.accounts)
    accounts[address] = replace(snapshot.account(address), **changes)
    return replace(snapshot, accounts=accounts)


def without_account(snapshot: Snapshot, address: Pubkey) -> Snapshot:
    return replace(snapshot, accounts={**snapshot.accounts, address: None})
