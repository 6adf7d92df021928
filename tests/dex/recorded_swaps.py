"""Recorded swaps of the real programs as venue, pool, snapshot and request."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from solders.pubkey import Pubkey

from dex import errors
from dex.types import QuoteRequest, Snapshot
from dex.venues.base import Pool, Venue
from dex.verify import pumpswap_sdk
from dex.verify.recording import completed, open_case, request_of, venue_by_program
from dex.verify.swaps import cases_of
from dex.verify.vector_file import read

DATA = Path(__file__).parent.parent / "data"
CPMM = DATA / "cpmm.json.gz"
DAMM_V2 = DATA / "damm_v2.json.gz"
CLMM = DATA / "clmm.json.gz"
WHIRLPOOL = DATA / "whirlpool.json.gz"
AMM_V4 = DATA / "ammv4.json.gz"
DLMM = DATA / "dlmm.json.gz"
# Answers of its SDK: no program ran.
PUMPSWAP = DATA / "pumpswap_sdk.json.gz"


class Recorded(NamedTuple):
    case: Any
    venue: Venue
    pool: Pool
    snapshot: Snapshot
    request: QuoteRequest


@cache
def recorded(path: Path) -> dict[str, Recorded]:
    """Every case of a file by its id."""
    return {case["id"]: _open(case) for case in cases_of(read(path))}


def _open(case: Any) -> Recorded:
    venue = venue_by_program(case["program"])
    assert venue is not None
    if pumpswap_sdk.is_sdk_quote(case):
        opened = pumpswap_sdk.opened(venue, case)
        return Recorded(case, venue, *opened, pumpswap_sdk.request_of(opened[0], case))
    pool, snapshot = open_case(venue, case)
    request = request_of(pool, case)
    with suppress(errors.DexError):
        snapshot = completed(pool, snapshot, request)
    return Recorded(case, venue, pool, snapshot, request)


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
