"""Orders one after the other on one pool: each is quoted against the state that the ones before it leave."""

from __future__ import annotations

from dataclasses import replace

from solders.pubkey import Pubkey

from dex import errors
from dex.types import Quote, QuoteRequest, Snapshot, SwapMode
from dex.venues.base import Pool, Venue
from dex.verify.recording import (
    FORMAT_ERRORS,
    Case,
    completed,
    open_recorded,
    recorded_clock,
    venue_by_program,
)
from dex.verify.refusals import said
from dex.verify.report import Report, Reports, VectorFileError
from dex.verify.vector_file import Content, Kind


def compare(content: Content, reports: Reports) -> None:
    """Compare every step of every sequence; raises VectorFileError."""
    try:
        for sequence in content["sequences"]:
            report = reports.of(Kind.BATCHES, str(sequence["venue"]))
            venue = venue_by_program(str(sequence["program"]))
            if venue is None:
                reason = f"no adapter for the program {sequence['program']}"
                report.skip(reason, len(sequence["steps"]))
            else:
                _follow(venue, sequence, report)
    except FORMAT_ERRORS as error:
        raise VectorFileError(f"has a case in another format: {error!r}") from error


def _follow(venue: Venue, sequence: Case, report: Report) -> None:
    try:
        pool, snapshot = open_recorded(venue, sequence["accounts"], recorded_clock(sequence["start"]))
    except errors.DexError as error:
        for number, _ in enumerate(sequence["steps"]):
            report.count(f"{sequence['id']} step {number}: adapter {said(error)}")
        return
    for number, step in enumerate(sequence["steps"]):
        snapshot = replace(snapshot, clock=recorded_clock(step["clock"]))
        got = _quote(pool, snapshot, step)
        difference = _difference(step, got)
        report.count(difference and f"{sequence['id']} step {number}: {difference}, adapter {said(got[0])}")
        snapshot = got[1]


def _quote(pool: Pool, snapshot: Snapshot, step: Case) -> tuple[Quote | errors.DexError, Snapshot]:
    """The answer to a step, and the state that it leaves."""
    mints = Pubkey.from_string(step["mint_in"]), Pubkey.from_string(step["mint_out"])
    request = QuoteRequest(*mints, amount=int(step["amount"]), mode=SwapMode(step["mode"]))
    try:
        snapshot = completed(pool, snapshot, request)
        quote = pool.quote(snapshot, request)
        return quote, pool.after(snapshot, quote)
    except errors.DexError as error:
        return error, snapshot


def _difference(step: Case, got: tuple[Quote | errors.DexError, Snapshot]) -> str | None:
    answer, _ = got
    if not step["ok"]:
        return None if isinstance(answer, errors.DexError) else "recorded a refusal"
    paid, received = int(step["paid"]), int(step["received"])
    if isinstance(answer, Quote) and (answer.amount_in, answer.amount_out) == (paid, received):
        return None
    return f"recorded paid {paid} received {received}"
