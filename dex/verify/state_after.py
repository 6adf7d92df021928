"""Pool bytes after a swap: for cases of a swaps file, all bytes that the program left.

The cases themselves stand in swaps files of the venue: those given with the file, or those beside it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dex import errors
from dex.verify import swaps
from dex.verify.recording import FORMAT_ERRORS, Case, completed, open_case, request_of, venue_by_program
from dex.verify.refusals import said
from dex.verify.report import Report, Reports, VectorFileError
from dex.verify.vector_file import Content, Kind, kind_of, read

_AMOUNT: Final = slice(64, 72)
# A DAMM v2 pool: the share of the protocol's fee that a referral account gets, and the counters that it is
# missing from. No adapter passes such an account; recordings do.
_REFERRAL_PERCENT: Final = 50
_PROTOCOL_FEES: Final = (392, 400)
_PROTOCOL_FEE_SUMS: Final = (600, 608)

CasesById = Mapping[str, Case]
Lookup = Callable[[str, Collection[str]], CasesById]


def cases_beside(path: Path, given: Sequence[Path]) -> Lookup:
    """Looks up cases by id in the files given and in those in the folder of ``path``.

    A venue is named as a part of its name, for example ``cpmm``; files are read until all are found.
    """

    def lookup(name: str, wanted: Collection[str]) -> CasesById:
        found: dict[str, Case] = {}
        for candidate in _candidates(name, path, given):
            if found.keys() >= set(wanted):
                break
            found.update((str(case["id"]), case) for case in _cases_of_venue(candidate, name))
        return found

    return lookup


def _candidates(name: str, path: Path, given: Sequence[Path]) -> Iterable[Path]:
    beside = sorted(path.parent.glob("*.json*"))
    named = [candidate for candidate in (*beside, *given) if candidate.name.startswith(name)]
    return dict.fromkeys((*named, *given, *beside))


def _cases_of_venue(path: Path, name: str) -> Sequence[Case]:
    """The cases of a swaps file of the venue; none for any other file, whose own faults show elsewhere."""
    try:
        content = read(path)
        if kind_of(content) is Kind.SWAPS and str(content["venue"]).endswith(name.replace("_", "-")):
            return [case for case in swaps.cases_of(content) if "id" in case]
    except VectorFileError:
        pass
    return ()


def compare(content: Content, lookup: Lookup, reports: Reports) -> None:
    """Compare all states of a file; raises VectorFileError for an entry without its fields."""
    for name, entries in content.items():
        if isinstance(entries, list):
            try:
                cases = lookup(name, [str(entry["id"]) for entry in entries])
                _compare_venue(name, entries, cases, reports)
            except FORMAT_ERRORS as error:
                raise VectorFileError(f"has a case in another format: {error!r}") from error


def _compare_venue(name: str, entries: Sequence[Case], cases: CasesById, reports: Reports) -> None:
    for entry in entries:
        case = cases.get(str(entry["id"]))
        if case is None:
            reports.of(Kind.STATE_AFTER, name).skip("its swaps are in no file that is given or beside it")
            continue
        venue = venue_by_program(str(case["program"]))
        if venue is None:
            reports.of(Kind.STATE_AFTER, name).skip(f"no adapter for the program {case['program']}")
            continue
        _count(reports.of(Kind.STATE_AFTER, venue.name), venue, entry, case)


def _count(report: Report, venue: Any, entry: Case, case: Case) -> None:
    refusal = swaps.difference(venue, case)
    if refusal is not None or int(entry["received"]) == 0:
        # A swap that paid nothing is refused, so it leaves no state.
        report.count(refusal)
        return
    try:
        pool, snapshot = open_case(venue, case)
        request = request_of(pool, case)
        snapshot = completed(pool, snapshot, request)
        after = pool.after(snapshot, pool.quote(snapshot, request))
    except errors.DexError as error:
        report.count(f"{entry['id']}: recorded a state, adapter {said(error)}")
        return
    before = snapshot.account(pool.address).data
    got = after.account(pool.address).data
    if entry.get("referral"):
        got = _with_referral(before, got)
    balances = [
        int.from_bytes(after.account(vault).data[_AMOUNT], "little")
        for vault in pool.vaults
        if "vault_after" in entry
    ]
    report.count(_difference(entry, got, balances))


def _difference(entry: Case, got: bytes, balances: Sequence[int]) -> str | None:
    wanted = base64.b64decode(entry["pool_after"], validate=True)
    wanted_balances = [int(balance) for balance in entry.get("vault_after", ())]
    if got == wanted and list(balances) == wanted_balances:
        return None
    offsets = [offset for offset, (a, b) in enumerate(zip(got, wanted, strict=False)) if a != b]
    return f"{entry['id']}: pool bytes differ at {offsets[:8]}, vaults {balances} recorded {wanted_balances}"


def _with_referral(before: bytes, after: bytes) -> bytes:
    """The state with a referral's share taken out of what the protocol got."""
    changed = bytearray(after)
    for fees, total in zip(_PROTOCOL_FEES, _PROTOCOL_FEE_SUMS, strict=True):
        protocol = _u64(after, fees) - _u64(before, fees)
        share = protocol * before[_REFERRAL_PERCENT] // 100
        for offset in (fees, total):
            changed[offset : offset + 8] = (_u64(after, offset) - share).to_bytes(8, "little")
    return bytes(changed)


def _u64(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 8], "little")
