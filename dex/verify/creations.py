"""Recorded creations of pools: the decoders name the pool, its opening and its funding as recorded."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from dex.errors import DexError
from dex.launches.creations import Creation, creations_in
from dex.launches.events import Announced, amm_v4_created_in, announced_in
from dex.launches.executed import Executed, Inner, executed_in
from dex.launches.fees import fee_plan
from dex.launches.funding import is_funded
from dex.launches.logs import may_create
from dex.launches.openings import Opening, Unit, opening_of
from dex.launches.pools import read_pool
from dex.types import AccountData, Clock
from dex.venues.registry import venues_for
from dex.verify.recording import FORMAT_ERRORS, Case
from dex.verify.report import Reports, VectorFileError
from dex.verify.vector_file import Content, Kind

# What a program says before the opening; any other failure is one of an open pool.
_CLOSED: Final = ("NotApproved", "PoolDisabled", "RequireGtViolated", "TradeIsNotEnabled", "Custom(22)")
_CREATED_EMPTY: Final = ("raydium-clmm", "meteora-dlmm", "orca-whirlpool", "orca-whirlpool-immutable")
# Deployments before events were added do not announce; CPMM never does.
_ALWAYS_ANNOUNCE: Final = ("raydium-clmm", "meteora-dlmm", "meteora-damm-v2")


@dataclass(frozen=True, slots=True)
class _Read:
    """What the decoders say of a recorded transaction."""

    creations: tuple[Creation, ...]
    announced: tuple[Announced, ...]


def compare(content: Content, reports: Reports) -> None:
    """Compare every case; raises VectorFileError for one in another format."""
    venues = {venue.program_id: venue.name for venue in venues_for("mainnet-beta")}
    try:
        for case in content["cases"]:
            report = reports.of(Kind.CREATIONS, str(case["venue"]))
            found = next(differences(case, venues), None)
            report.count(None if found is None else f"{case['id']}: {found}")
    except FORMAT_ERRORS as error:
        raise VectorFileError(f"has a case in another format: {error!r}") from error


def differences(case: Case, venues: Mapping[Pubkey, str]) -> Iterator[str]:
    """What the decoders say otherwise than the recording; nothing where they agree."""
    read = _read(case, venues)
    if not case["ok"]:
        # A failed transaction created nothing, whatever it says.
        if any(str(found.pool) in case.get("created", {}) for found in read.creations):
            yield "a creation that failed left a pool"
        return
    if len(read.creations) != 1:
        yield f"{len(read.creations)} creations, expected one"
        return
    try:
        yield from _of_creation(case, read.creations[0])
        yield from _of_events(case, read)
        yield from _of_accounts(case, read.creations[0])
    except DexError as error:
        yield f"{type(error).__name__}: {error}"


def _read(case: Case, venues: Mapping[Pubkey, str]) -> _Read:
    transaction = VersionedTransaction.from_bytes(base64.b64decode(case["transaction"]))
    executed = list(executed_in(transaction, map(_inner, case["inner_instructions"])))
    return _Read(tuple(creations_in(executed, venues)), tuple(announced_in(executed, case["logs"], venues)))


def _inner(entry: Mapping[str, Any]) -> Inner:
    accounts = tuple(map(Pubkey.from_string, entry["accounts"]))
    data = bytes.fromhex(entry["data"])
    return Inner(entry["outer"], Executed(Pubkey.from_string(entry["program"]), accounts, data))


def _of_creation(case: Case, found: Creation) -> Iterator[str]:
    expected = {
        "program": case["program"],
        "instruction": case["instruction"],
        "pool": case["pool"],
        "mints": [entry["address"] for entry in case["mints"]],
    }
    said = {
        "program": str(found.program),
        "instruction": found.instruction,
        "pool": str(found.pool),
        "mints": [str(mint) for mint in found.mints],
    }
    for name, value in expected.items():
        if said[name] != value:
            yield f"{name} {said[name]}, recorded {value}"


def _of_events(case: Case, read: _Read) -> Iterator[str]:
    [creation] = read.creations
    if not may_create(case["logs"]):
        yield "its log does not show that it may have created a pool"
    if creation.venue in _ALWAYS_ANNOUNCE and not read.announced:
        yield "the program announced no pool"
    for found in read.announced:
        if (found.venue, found.pool, found.mints) != (creation.venue, creation.pool, creation.mints):
            yield f"the program announced {found.pool} of {found.mints}"
        if found.opening is not None and _as_recorded(found.opening) != case.get("opens_at"):
            yield f"the program announced the opening {found.opening}"
    if creation.venue == "raydium-amm-v4":
        times = [found.open_time for found in amm_v4_created_in(case["logs"], creation.program)]
        if times != [case["opens_at"]["value"]]:
            yield f"the program logged the openings {times}"


def _of_accounts(case: Case, creation: Creation) -> Iterator[str]:
    pool = _account(case["created"][case["pool"]])
    found = read_pool(creation.venue, creation.pool, pool)
    if found.mints != creation.mints or found.creator not in (None, creation.creator):
        yield f"its account names the mints {found.mints} and the creator {found.creator}"
    opening = opening_of(creation.venue, pool, _oracle(case))
    if _as_recorded(opening) != case.get("opens_at"):
        yield f"opens at {opening}, recorded {case.get('opens_at')}"
    if is_funded(creation.venue, pool) == (creation.venue in _CREATED_EMPTY):
        yield f"is {'funded' if is_funded(creation.venue, pool) else 'empty'} after its creation"
    fee_plan(creation.venue, pool)
    if opening is not None:
        yield from _around(opening, case)


def _around(opening: Opening, case: Case) -> Iterator[str]:
    """Swaps tried around the opening: refused as not open exactly where the opening says so.

    Where the opening is 0, no clock has ever been there: these were tried around the creation.
    """
    created = case["clock"]["ts" if opening.unit is Unit.UNIX else "slot"]
    for offset, outcome in (case.get("swap_around_opening") or {}).items():
        point = (opening.point or created) + int(offset)
        clock = Clock(point, point, 0)
        was_open = not any(name in outcome for name in _CLOSED)
        if opening.is_open(clock) != was_open:
            yield f"at the opening {offset}: {outcome}"


def _oracle(case: Case) -> AccountData | None:
    field = case.get("open_field_offset")
    return _account(case["created"][field["account"]]) if isinstance(field, dict) else None


def _account(entry: Mapping[str, Any]) -> AccountData:
    data = base64.b64decode(entry["data"], validate=True)
    return AccountData(Pubkey.from_string(entry["owner"]), int(entry["lamports"]), data)


def _as_recorded(opening: Opening | None) -> Mapping[str, object] | None:
    if opening is None:
        return None
    return {"kind": "unix" if opening.unit is Unit.UNIX else "slot", "value": opening.point}
