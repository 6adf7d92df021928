"""Recorded instructions: the adapter makes the same one, quotes what it moved and knows what it left."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from solders.pubkey import Pubkey

from dex import errors
from dex.types import FailureKind, Quote, QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.account_layout import with_data
from dex.venues.base import Pool, Venue
from dex.verify.instruction_match import choice, mismatch, passes_more
from dex.verify.recording import (
    FORMAT_ERRORS,
    Case,
    completed,
    open_recorded,
    recorded_clock,
    venue_by_program,
)
from dex.verify.refusals import REFUSALS, breaks_limit, failure_kind, said
from dex.verify.report import Reports, VectorFileError
from dex.verify.vector_file import Content, Kind

# Older forms of a swap that no adapter makes (Whirlpool's first ``swap``): only their amounts are compared.
_OLDER_FORMS: Final[Mapping[str, bytes]] = {"orca-whirlpool": bytes.fromhex("f8c69e91e17587c8")}
_NO_QUOTE: Final = (errors.PoolRefused, errors.NoQuote, errors.AccountMissing)


def request_of(case: Case) -> QuoteRequest:
    """What a recorded instruction asks for."""
    mints = Pubkey.from_string(case["mint_in"]), Pubkey.from_string(case["mint_out"])
    return QuoteRequest(*mints, amount=int(case["amount"]), mode=SwapMode(case["mode"]))


def swap_of(case: Case) -> Swap:
    """The swap that a recorded instruction puts on chain, with its limit."""
    request = request_of(case)
    amount, limit = request.amount, int(case["limit"])
    exact_in = request.mode is SwapMode.EXACT_IN
    return Swap(
        payer=Pubkey.from_string(case["payer"]),
        token_in=request.token_in,
        token_out=request.token_out,
        account_in=Pubkey.from_string(case["user_in"]),
        account_out=Pubkey.from_string(case["user_out"]),
        amount_in=amount if exact_in else limit,
        amount_out=limit if exact_in else amount,
        mode=request.mode,
    )


def difference(venue: Venue, case: Case) -> str | None:
    """None when the adapter agrees with the recording, else what differs."""
    request, chain = request_of(case), case["onchain"]
    try:
        pool, snapshot = open_recorded(venue, case["accounts"], recorded_clock(case["clock"]))
        snapshot = completed(pool, snapshot, request)
        quote = pool.quote(snapshot, request)
    except errors.DexError as error:
        return _refused(venue, case, error)
    if not chain["ok"]:
        return _unlike_failure(venue, case, (pool, snapshot), quote)
    amounts = int(chain["paid"]), int(chain["received"])
    if (quote.amount_in, quote.amount_out) != amounts:
        return f"recorded paid {amounts[0]} received {amounts[1]}, adapter {said(quote)}"
    return _other_instruction(case, pool, snapshot) or _other_state(case, pool, snapshot, quote)


def _refused(venue: Venue, case: Case, error: errors.DexError) -> str | None:
    chain = case["onchain"]
    if chain["ok"]:
        nothing = int(chain["received"]) == 0 and isinstance(error, errors.AmountTooSmall)
        return None if nothing else f"recorded a swap, adapter {said(error)}"
    kind = failure_kind(venue, chain)
    agreeing = _NO_QUOTE if kind is FailureKind.OTHER else REFUSALS.get(kind, ())
    return None if isinstance(error, agreeing) else f"recorded {kind}, adapter {said(error)}"


def _unlike_failure(venue: Venue, case: Case, at: tuple[Pool, Snapshot], quote: Quote) -> str | None:
    """A quote agrees with a failure of the limit, of the wallet, or of accounts that are not its own."""
    kind = failure_kind(venue, case["onchain"])
    if kind is FailureKind.INSUFFICIENT_FUNDS:
        return None
    if kind is FailureKind.SLIPPAGE_EXCEEDED:
        kept = not breaks_limit(quote, int(case["limit"]))
        return f"recorded a limit not kept, adapter {said(quote)}" if kept else None
    pool, snapshot = at
    (made,) = pool.swap_instructions(snapshot, swap_of(case))
    if passes_more(made, case["instruction"]) or _other_instruction(case, pool, snapshot):
        return None
    return f"recorded {kind}, adapter {said(quote)}"


def _other_instruction(case: Case, pool: Pool, snapshot: Snapshot) -> str | None:
    recorded = case["instruction"]
    older = _OLDER_FORMS.get(case["venue"])
    if older is not None and bytes.fromhex(recorded["data"]).startswith(older):
        return None
    (made,) = pool.swap_instructions(snapshot, swap_of(case))
    return mismatch(made, recorded, choice(pool, snapshot, request_of(case), case["accounts"]))


def _other_state(case: Case, pool: Pool, snapshot: Snapshot, quote: Quote) -> str | None:
    """Quotes from the state that the adapter expects must be those from the recorded bytes."""
    left = pool.after(snapshot, quote)
    recorded = {
        address: base64.b64decode(data, validate=True)
        for address, data in ((Pubkey.from_string(key), data) for key, data in case["accounts_after"].items())
        if snapshot.accounts.get(address) is not None
    }
    wanted = with_data(snapshot, recorded)
    same = request_of(case)
    back = replace(same, token_in=same.token_out, token_out=same.token_in)
    for request in (same, back):
        got, expected = _answer(pool, left, request), _answer(pool, wanted, request)
        if got != expected:
            return f"next quote from the recorded state {expected}, from the adapter's {got}"
    return None


def _answer(pool: Pool, snapshot: Snapshot, request: QuoteRequest) -> Any:
    try:
        quote = pool.quote(completed(pool, snapshot, request), request)
    except errors.DexError as error:
        return type(error).__name__
    return quote.amount_in, quote.amount_out


def compare(content: Content, reports: Reports) -> None:
    """Compare all cases of a file; raises VectorFileError for a case without its fields."""
    try:
        for case in content["cases"]:
            report = reports.of(Kind.INSTRUCTIONS, str(case["venue"]))
            venue = venue_by_program(str(case["program"]))
            if venue is None:
                report.skip(f"no adapter for the program {case['program']}")
                continue
            found = difference(venue, case)
            report.count(found and f"{case['id']}: {found}")
    except FORMAT_ERRORS as error:
        raise VectorFileError(f"has a case in another format: {error!r}") from error
