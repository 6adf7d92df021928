"""Recordings of the real Whirlpool programs: swaps, instructions and batches with all that they read.

A recorded swap was given the tick arrays that it lists: others are not in its snapshot, and those that do
not exist are there as None.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from solders.pubkey import Pubkey

from dex.types import AccountData, Clock, Quote, QuoteRequest, Snapshot, SwapMode
from dex.venues.orca_whirlpool import tick_arrays
from dex.venues.orca_whirlpool.pool import WhirlpoolPool
from dex.venues.orca_whirlpool.venue import OrcaWhirlpool

DATA = Path(__file__).parent.parent / "data"
VENUES = {str(venue.program_id): venue for venue in (OrcaWhirlpool(), OrcaWhirlpool.immutable())}


class RecordedSwap(NamedTuple):
    case: Mapping[str, Any]
    venue: OrcaWhirlpool
    pool: WhirlpoolPool
    snapshot: Snapshot
    request: QuoteRequest

    @property
    def sqrt_price_limit(self) -> int | None:
        return int(self.case["sqrt_price_limit"]) or None

    def quote(self) -> Quote:
        return self.pool.quote_to_price(self.snapshot, self.request, self.sqrt_price_limit)


def _load(name: str) -> Any:
    return json.loads(gzip.decompress((DATA / name).read_bytes()))


def account(entry: Mapping[str, str]) -> tuple[Pubkey, AccountData]:
    owner = Pubkey.from_string(entry["owner"])
    return Pubkey.from_string(entry["address"]), AccountData(owner, 1, base64.b64decode(entry["data"]))


def clock(entry: Mapping[str, int]) -> Clock:
    return Clock(entry["slot"], entry["ts"], entry["epoch"])


def open_pool(program: str, accounts: Mapping[str, Any]) -> tuple[OrcaWhirlpool, WhirlpoolPool]:
    venue = VENUES[program]
    return venue, venue.open_pool(*account(accounts["whirlpool"]))


def known_accounts(program: str, accounts: Mapping[str, Any]) -> dict[Pubkey, AccountData | None]:
    """All that was recorded with a pool; the arrays that were found not to exist as None."""
    address, _ = account(accounts["whirlpool"])
    starts = accounts.get("uninitialized_starts", ())
    found: dict[Pubkey, AccountData | None] = {
        tick_arrays.address_of(Pubkey.from_string(program), address, start): None for start in starts
    }
    single = [accounts[name] for name in ("whirlpool", "oracle", "mint_a", "mint_b") if accounts[name]]
    found.update(account(entry) for entry in [*single, *accounts["tick_arrays"]])
    return found


def _as_given(pool: Mapping[str, Any], swap: Mapping[str, Any]) -> dict[Pubkey, AccountData | None]:
    accounts, passed = pool["accounts"], swap["tick_arrays_passed"]
    arrays = [entry for entry in accounts["tick_arrays"] if entry["address"] in passed]
    starts = swap["uninitialized_starts_passed"]
    given = {**accounts, "tick_arrays": arrays, "uninitialized_starts": starts}
    return known_accounts(pool["program"], given)


def _swaps() -> Iterator[RecordedSwap]:
    for recorded in _load("whirlpool.json.gz")["pools"]:
        shared = {name: value for name, value in recorded.items() if name != "swaps"}
        venue, pool = open_pool(recorded["program"], recorded["accounts"])
        for swap in recorded["swaps"]:
            mints = pool.mints if swap["direction"] == "a_to_b" else pool.mints[::-1]
            request = QuoteRequest(*mints, int(swap["amount"]), SwapMode(swap["mode"]))
            snapshot = Snapshot(clock(swap["clock"]), _as_given(recorded, swap))
            yield RecordedSwap({**shared, **swap}, venue, pool, snapshot, request)


@cache
def recorded_swaps() -> dict[str, RecordedSwap]:
    """Every recorded swap by its id."""
    return {entry.case["id"]: entry for entry in _swaps()}


def paid_swaps() -> list[RecordedSwap]:
    """The recorded swaps that paid something."""
    return [
        entry
        for entry in recorded_swaps().values()
        if entry.case["onchain"]["ok"] and entry.case["onchain"]["received"] != "0"
    ]


@cache
def recorded_instructions() -> dict[str, Any]:
    """Instructions that a real program executed or refused, by id."""
    return _whirlpools(_load("instructions.json.gz")["cases"])


@cache
def recorded_batches() -> dict[str, Any]:
    """Orders one after the other on one pool, by id."""
    return _whirlpools(_load("batches.json.gz")["sequences"])


def _whirlpools(cases: Any) -> dict[str, Any]:
    return {case["id"]: case for case in cases if case["venue"] == "orca-whirlpool"}
