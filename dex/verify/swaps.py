"""Recorded swaps: what the adapter quotes is what the program moved, or the program's refusal.

A file holds ``{venue, program, cases: […]}``, or ``pools: [{accounts, swaps}]`` in place of ``cases``. A
case names the account bytes, the clock, direction, mode and amount, and what the real program did.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from dex import errors
from dex.types import FailureKind, Quote, QuoteRequest, Snapshot
from dex.venues.base import Venue
from dex.verify import pumpswap_sdk
from dex.verify.recording import FORMAT_ERRORS, Case, completed, open_case, request_of, venue_by_program
from dex.verify.refusals import REFUSALS, breaks_limit, failure_kind, said
from dex.verify.report import Reports, VectorFileError
from dex.verify.vector_file import Content, Kind


class _PriceLimited(Protocol):
    """A pool whose formula stops at a price: recordings use it, the engine asks for whole amounts."""

    def quote_to_price(self, snapshot: Snapshot, request: QuoteRequest, sqrt_price_limit: int) -> Quote: ...


def cases_of(content: Content) -> list[Case]:
    """The cases of a swaps file, each with what its pool shares; raises VectorFileError."""
    try:
        return list(_cases(content))
    except FORMAT_ERRORS as error:
        raise VectorFileError(f"is not a vector file: {error!r} is missing or of another type") from error


def _cases(content: Content) -> Iterator[Case]:
    program = content["program"]
    if "cases" in content:
        for case in content["cases"]:
            yield {"program": program, **case}
        return
    for pool in content["pools"]:
        shared = {name: value for name, value in pool.items() if name != "swaps"}
        for swap in pool["swaps"]:
            yield {"program": program, **shared, **swap}


def answer(venue: Venue, case: Case) -> Quote | errors.DexError:
    """What the adapter says: its quote, or its refusal."""
    try:
        pool, snapshot = open_case(venue, case)
        request = request_of(pool, case)
        if "tick_arrays_passed" not in case:
            snapshot = completed(pool, snapshot, request)
        limit = int(case.get("sqrt_price_limit", 0))
        return _limited(pool, snapshot, request, limit) if limit else pool.quote(snapshot, request)
    except errors.DexError as refusal:
        return refusal


def _limited(pool: Any, snapshot: Snapshot, request: QuoteRequest, limit: int) -> Quote:
    limited: _PriceLimited = pool
    return limited.quote_to_price(snapshot, request, limit)


def _expected_amounts(case: Case) -> tuple[int, int] | None:
    chain, native = case["onchain"], case.get("official_rust")
    if chain is not None:
        return (int(chain["paid"]), int(chain["received"])) if chain["ok"] else None
    # The native curve knows no transfer fee; recordings without a chain result have none.
    return (int(native["input_amount"]), int(native["output_amount"])) if native else None


def _disagreement(venue: Venue, case: Case, got: Quote | errors.DexError) -> str | None:
    """What the recording says, where the answer is another; None when they agree.

    A recorded swap that paid nothing out counts as one to be refused: the engine asks for one unit
    at least, and then the program refuses it too.
    """
    amounts = _expected_amounts(case)
    if amounts is not None:
        if amounts[1] == 0:
            return _unless_refused(got, (errors.AmountTooSmall,))
        agrees = isinstance(got, Quote) and (got.amount_in, got.amount_out) == amounts
        return None if agrees else f"paid {amounts[0]} received {amounts[1]}"
    if case["onchain"] is None:
        return _unless_refused(got, (errors.PoolRefused, errors.NoQuote))
    kind = failure_kind(venue, case["onchain"])
    limit = int(case.get("other_amount_threshold", 0))
    if kind is FailureKind.SLIPPAGE_EXCEEDED and isinstance(got, Quote):
        return None if limit and breaks_limit(got, limit) else f"a limit of {limit} not kept"
    if kind is FailureKind.INSUFFICIENT_FUNDS and isinstance(got, Quote):
        # The pool could, the wallet could not.
        return None
    # An array that exists but was not passed is missing for the adapter too.
    withheld = (errors.AccountMissing,) if "tick_arrays_passed" in case else ()
    other = (errors.PoolRefused, errors.NoQuote) if kind is FailureKind.OTHER else ()
    return _unless_refused(got, (*REFUSALS.get(kind, ()), *other, *withheld))


def _unless_refused(got: Quote | errors.DexError, refusals: tuple[type[errors.DexError], ...]) -> str | None:
    if isinstance(got, refusals):
        return None
    return "refusal " + (" or ".join(kind.__name__ for kind in refusals) or "that no adapter has")


def _misread_account(venue: Venue, case: Case) -> str | None:
    """A recording of wrong accounts: no quote says that, so the failure's meaning is compared."""
    kind = failure_kind(venue, case["onchain"])
    if kind in (FailureKind.OTHER, FailureKind.INSUFFICIENT_FUNDS):
        return None
    return f"{case['id']}: recorded a fault of its accounts, the adapter reads {kind}"


def difference(venue: Venue, case: Case) -> str | None:
    """None when the adapter agrees with the recording, else what differs."""
    if pumpswap_sdk.is_sdk_quote(case):
        return pumpswap_sdk.difference(venue, case)
    if case.get("check") == "account" and not case["onchain"]["ok"]:
        return _misread_account(venue, case)
    got = answer(venue, case)
    recorded = _disagreement(venue, case, got)
    return recorded and f"{case['id']}: recorded {recorded}, adapter {said(got)}"


def compare(content: Content, reports: Reports) -> None:
    """Compare all cases of a file; raises VectorFileError for a case without its fields."""
    cases = cases_of(content)
    report = reports.of(Kind.SWAPS, str(content["venue"]))
    for case in cases:
        venue = venue_by_program(str(case["program"]))
        if venue is None:
            unrecorded = "" if case.get("onchain") else ", and none of its swaps is recorded"
            report.skip(f"no adapter for the program {case['program']}{unrecorded}")
            continue
        try:
            report.count(difference(venue, case))
            report.remark = pumpswap_sdk.REMARK if pumpswap_sdk.is_sdk_quote(case) else report.remark
        except FORMAT_ERRORS as error:
            raise VectorFileError(f"has a case in another format: {error!r}") from error
