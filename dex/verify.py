"""``python -m dex.verify FILE…``: compare the adapters' quotes with recorded swaps.

A file (.json or .json.gz) holds ``{venue, program, cases: […]}``, or ``pools: [{accounts, swaps}]``
in place of ``cases``. A case names the account bytes, the clock, direction, mode and amount, and
what the real program did with them. Exit 0: all equal; 1: a difference; 2: a file that cannot be
read or has another format.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey

from dex import errors
from dex.config import TOKEN_PROGRAM
from dex.types import AccountData, Clock, FailureKind, QuoteRequest, Snapshot, SwapMode
from dex.venues.base import Pool, Venue
from dex.venues.registry import venues_for

SHOWN_DIFFERENCES: Final = 5
_FIRST_MINT_IN: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("0to1", "a_to_b", "x_to_y", "coin_to_pc"), True),
    **dict.fromkeys(("1to0", "b_to_a", "y_to_x", "pc_to_coin"), False),
}
_TOKEN_ACCOUNT_SIZE: Final = 165
_GZIP_MAGIC: Final = b"\x1f\x8b"

_REFUSALS: Final[Mapping[FailureKind, tuple[type[errors.DexError], ...]]] = {
    FailureKind.AMOUNT_TOO_SMALL: (errors.AmountTooSmall,),
    FailureKind.INSUFFICIENT_LIQUIDITY: (errors.InsufficientLiquidity, errors.AmountTooLarge),
    FailureKind.POOL_DISABLED: (errors.PoolDisabled,),
}

Case = Mapping[str, Any]


class VectorFileError(Exception):
    """A file that is not a vector file."""


@dataclass(slots=True)
class Report:
    """What comparing one file's cases came to."""

    venue: str
    cases: int = 0
    equal: int = 0
    skipped: int = 0
    differences: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The summary and the first differences, for people."""
        yield f"{self.venue}: cases {self.cases} equal {self.equal} skipped {self.skipped}"
        for difference in self.differences[:SHOWN_DIFFERENCES]:
            yield f"  {difference}"
        if len(self.differences) > SHOWN_DIFFERENCES:
            yield f"  … and {len(self.differences) - SHOWN_DIFFERENCES} more differences"


def load(path: Path) -> tuple[str, str, list[Case]]:
    """Venue name, program id and cases of a file; raises VectorFileError."""
    try:
        raw = path.read_bytes()
        content = json.loads(gzip.decompress(raw) if raw.startswith(_GZIP_MAGIC) else raw)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise VectorFileError(f"cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise VectorFileError("is not a vector file: no JSON object")
    try:
        return str(content["venue"]), str(content["program"]), list(_cases(content))
    except (KeyError, TypeError, AttributeError) as error:
        raise VectorFileError(f"is not a vector file: {error!r} is missing or of another type") from error


def _cases(content: Mapping[str, Any]) -> Iterator[Case]:
    if "cases" in content:
        yield from content["cases"]
        return
    for pool in content["pools"]:
        shared = {name: value for name, value in pool.items() if name != "swaps"}
        for swap in pool["swaps"]:
            yield {**shared, **swap}


def _account(entry: Mapping[str, str]) -> tuple[Pubkey, AccountData]:
    data = base64.b64decode(entry["data"], validate=True)
    owner = Pubkey.from_string(entry["owner"])
    return Pubkey.from_string(entry["address"]), AccountData(owner=owner, lamports=1, data=data)


def _vault(amount: int) -> AccountData:
    data = bytearray(_TOKEN_ACCOUNT_SIZE)
    struct.pack_into("<Q", data, 64, amount)
    return AccountData(owner=TOKEN_PROGRAM, lamports=1, data=bytes(data))


def _with_vaults(case: Case, pool: Pool, accounts: dict[Pubkey, AccountData]) -> None:
    """Add the token accounts that a recording gives as balances instead of bytes, in pool order."""
    balances = case.get("inputs", {}).get("vault_balance")
    if balances is None:
        return
    missing = [address for address in pool.accounts if address not in accounts]
    for position, (address, balance) in enumerate(zip(missing, balances, strict=True)):
        vault = _vault(int(balance))
        program = accounts[pool.mints[position]].owner
        accounts[address] = AccountData(owner=program, lamports=vault.lamports, data=vault.data)


def open_case(venue: Venue, case: Case) -> tuple[Pool, Snapshot]:
    """The pool and everything recorded with it; raises PoolRefused as ``Venue.open_pool`` does."""
    accounts = dict(_account(entry) for entry in case["accounts"].values())
    address, account = _account(case["accounts"]["pool"])
    pool = venue.open_pool(address, account)
    _with_vaults(case, pool, accounts)
    clock = case["clock"]
    return pool, Snapshot(Clock(clock["slot"], clock["ts"], clock["epoch"]), accounts)


def request_of(pool: Pool, case: Case) -> QuoteRequest:
    """What the recorded swap asked of the pool."""
    mints = pool.mints if _FIRST_MINT_IN[case["direction"]] else pool.mints[::-1]
    return QuoteRequest(*mints, amount=int(case["amount"]), mode=SwapMode(case["mode"]))


def answer(venue: Venue, case: Case) -> tuple[int, int] | errors.DexError:
    """What the adapter says: (paid, received) in base units, or its refusal."""
    try:
        pool, snapshot = open_case(venue, case)
        quote = pool.quote(snapshot, request_of(pool, case))
    except errors.DexError as refusal:
        return refusal
    return quote.amount_in, quote.amount_out


def _expected_amounts(case: Case) -> tuple[int, int] | None:
    chain, native = case["onchain"], case.get("official_rust")
    if chain is not None:
        return (int(chain["paid"]), int(chain["received"])) if chain["ok"] else None
    # The native curve knows no transfer fee; recordings without a chain result have none.
    return (int(native["input_amount"]), int(native["output_amount"])) if native else None


def _expected_refusals(venue: Venue, case: Case) -> tuple[type[errors.DexError], ...]:
    chain = case["onchain"]
    if chain is None:
        return (errors.PoolRefused, errors.NoQuote)
    return _REFUSALS.get(venue.classify_failure(chain["error"], chain["log"]), ())


def difference(venue: Venue, case: Case) -> str | None:
    """None when the adapter agrees with the recording, else what differs.

    A recorded swap that paid nothing out counts as one to be refused: the engine asks for one unit
    at least, and then the program refuses it too.
    """
    got, amounts = answer(venue, case), _expected_amounts(case)
    if amounts is not None and amounts[1] > 0:
        wanted, agrees = f"paid {amounts[0]} received {amounts[1]}", got == amounts
    else:
        refusals = _expected_refusals(venue, case) if amounts is None else (errors.AmountTooSmall,)
        wanted = "refusal " + " or ".join(kind.__name__ for kind in refusals)
        agrees = isinstance(got, refusals)
    if agrees:
        return None
    said = (
        f"{type(got).__name__}: {got}"
        if isinstance(got, errors.DexError)
        else f"paid {got[0]} received {got[1]}"
    )
    return f"{case['id']}: recorded {wanted}, adapter {said}"


def compare(venue_name: str, program: str, cases: Sequence[Case]) -> Report:
    """Compare all cases of a file; raises VectorFileError for a case without its fields."""
    report = Report(venue_name, cases=len(cases))
    venue = next((known for known in venues_for("mainnet-beta") if str(known.program_id) == program), None)
    if venue is None:
        report.skipped = len(cases)
        return report
    for case in cases:
        try:
            found = difference(venue, case)
        except (KeyError, TypeError, ValueError, AttributeError, struct.error) as error:
            raise VectorFileError(f"has a case in another format: {error!r}") from error
        if found is None:
            report.equal += 1
        else:
            report.differences.append(found)
    return report


def main(arguments: Sequence[str]) -> int:
    """Compare every file and print a report each; returns the exit code."""
    if not arguments:
        print("usage: python -m dex.verify FILE…", file=sys.stderr)
        return 2
    exit_code = 0
    for name in arguments:
        try:
            report = compare(*load(Path(name)))
        except VectorFileError as error:
            print(f"{name}: {error}", file=sys.stderr)
            exit_code = 2
            continue
        print("\n".join(report.lines()))
        if report.differences:
            exit_code = max(exit_code, 1)
    return exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
