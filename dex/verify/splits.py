"""Recorded best splits of an amount over pools of one pair: the search must be as good, to 0.01 bps.

The file keeps account bytes once, in ``store``; a case's accounts refer to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from solders.pubkey import Pubkey

from dex import errors
from dex.routing.split import best_splits
from dex.routing.way import Way
from dex.routing.ways import direct_ways
from dex.types import AccountData, QuoteRequest, Snapshot
from dex.venues.base import Pool
from dex.verify.recording import (
    FORMAT_ERRORS,
    Case,
    completed,
    open_recorded,
    pool_entry,
    recorded_clock,
    venue_by_program,
)
from dex.verify.report import Reports, VectorFileError
from dex.verify.vector_file import Content, Kind

# Of the best that is known, the part by which a split may be worse: a hundredth of a basis point.
_TOLERANCE: Final = 1_000_000


def _resolved(entry: Any, store: Mapping[str, Any]) -> Any:
    """The account entries of a case, with references replaced by what they point to."""
    if isinstance(entry, Mapping):
        return store[entry["ref"]] if "ref" in entry else {k: _resolved(v, store) for k, v in entry.items()}
    return [_resolved(each, store) for each in entry] if isinstance(entry, list) else entry


def _opened(case: Case, request: QuoteRequest, store: Mapping[str, Any]) -> tuple[list[Pool], Snapshot] | str:
    """The case's pools and one snapshot of all, or the program that has no adapter."""
    clock = recorded_clock(case["clock"])
    pools: list[Pool] = []
    accounts: dict[Pubkey, AccountData | None] = {}
    for recorded in case["pools"]:
        entries = _resolved(recorded["accounts"], store)
        program = str(pool_entry(entries)["owner"])
        venue = venue_by_program(program)
        if venue is None:
            return program
        pool, snapshot = open_recorded(venue, entries, clock)
        accounts |= completed(pool, snapshot, request).accounts
        pools.append(pool)
    return pools, Snapshot(clock, accounts)


def _difference(case: Case, ways: list[Way]) -> str | None:
    amount, best_known = int(case["amount"]), int(case["best_known"]["received"])
    best_single = max(way.worth(amount) or 0 for way in ways)
    if best_single != int(case["best_single"]):
        return f"{case['id']}: recorded best single {case['best_single']}, adapters {best_single}"
    found = max([best_single, *(shares.worth for shares in best_splits(ways, amount, len(ways)))])
    if (best_known - found) * _TOLERANCE > best_known:
        return f"{case['id']}: recorded {best_known}, the search found {found}"
    return None


def compare(content: Content, reports: Reports) -> None:
    """Compare all cases of a file; raises VectorFileError for a case without its fields."""
    try:
        for case in content["cases"]:
            report = reports.of(Kind.SPLITS, "+".join(pool["venue"] for pool in case["pools"]))
            mint_in, mint_out = (Pubkey.from_string(case[name]) for name in ("mint_in", "mint_out"))
            request = QuoteRequest(mint_in, mint_out, int(case["amount"]))
            try:
                opened = _opened(case, request, content["store"])
            except errors.DexError as refusal:
                report.count(f"{case['id']}: {type(refusal).__name__}: {refusal}")
                continue
            if isinstance(opened, str):
                report.skip(f"no adapter for the program {opened}")
            else:
                pools, snapshot = opened
                report.count(_difference(case, direct_ways(snapshot, request, pools)))
    except FORMAT_ERRORS as error:
        raise VectorFileError(f"has a case in another format: {error!r}") from error
