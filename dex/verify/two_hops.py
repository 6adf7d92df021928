"""Recorded two-hop transactions: leg 1 buys exactly X of the middle token, leg 2 sells exactly X.

Each case also repeats the order after somebody else's trade on one of the two pools; the adapters must
foresee that trade's state, both legs' amounts in it and which leg breaks its limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from solders.pubkey import Pubkey

from dex import errors
from dex.types import Quote, QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.base import Pool
from dex.verify.instruction_match import choice, mismatch
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


@dataclass(frozen=True, slots=True)
class _Leg:
    """One pool of a recorded route, at a state, with its direction."""

    pool: Pool
    snapshot: Snapshot
    token_in: Pubkey
    token_out: Pubkey

    def request(self, amount: int, mode: SwapMode) -> QuoteRequest:
        return QuoteRequest(self.token_in, self.token_out, amount, mode)

    def quote(self, amount: int, mode: SwapMode) -> Quote:
        request = self.request(amount, mode)
        return self.pool.quote(completed(self.pool, self.snapshot, request), request)

    def moved(self, amount: int, *, against: bool) -> _Leg:
        """The leg after somebody sold ``amount`` in the same direction, or in the other one."""
        mints = (self.token_in, self.token_out) if against else (self.token_out, self.token_in)
        request = QuoteRequest(*mints, amount=amount)
        snapshot = completed(self.pool, self.snapshot, request)
        left = self.pool.after(snapshot, self.pool.quote(snapshot, request))
        return _Leg(self.pool, left, self.token_in, self.token_out)


def _legs(case: Case) -> tuple[_Leg, _Leg] | str:
    """Both legs, or the program that has no adapter. The middle mint is the one that both pools trade."""
    opened = []
    for name in ("leg1_accounts", "leg2_accounts"):
        program = str(pool_entry(case[name])["owner"])
        venue = venue_by_program(program)
        if venue is None:
            return program
        opened.append(open_recorded(venue, case[name], recorded_clock(case["clock"])))
    (first, at_first), (second, at_second) = opened
    (middle,) = set(first.mints) & set(second.mints)
    (token_in,), (token_out,) = ({*pool.mints} - {middle} for pool in (first, second))
    return _Leg(first, at_first, token_in, middle), _Leg(second, at_second, middle, token_out)


def _differences(case: Case, first: _Leg, second: _Leg) -> Iterator[str]:
    middle = int(case["middle"])
    wanted = int(case["onchain"]["paid"]), int(case["onchain"]["received"])
    got = (
        first.quote(middle, SwapMode.EXACT_OUT).amount_in,
        second.quote(middle, SwapMode.EXACT_IN).amount_out,
    )
    if got != wanted:
        yield f"recorded paid and received {wanted}, adapters {got}"
    yield from _other_instructions(case, first, second)
    for name, move in case["moved"].items():
        if found := _other_outcome(move, first, second):
            yield f"{name}: {found}"


def _other_instructions(case: Case, first: _Leg, second: _Leg) -> Iterator[str]:
    wallet, source, middle_account, destination = (
        Pubkey.from_string(case[name]) for name in ("wallet", "source", "middle_account", "destination")
    )
    middle, paid = int(case["middle"]), int(case["amount_in"])
    programs = [str(pool_entry(case[name])["owner"]) for name in ("leg1_accounts", "leg2_accounts")]
    recorded = [entry for entry in case["instructions"] if entry["program"] in programs]
    minimum = int(case["quoted_received"])
    buy = Swap(
        wallet, first.token_in, first.token_out, source, middle_account, paid, middle, SwapMode.EXACT_OUT
    )
    sell = Swap(wallet, second.token_in, second.token_out, middle_account, destination, middle, minimum)
    for number, (leg, swap) in enumerate(((first, buy), (second, sell))):
        request = leg.request(middle, swap.mode)
        snapshot = completed(leg.pool, leg.snapshot, request)
        (made,) = leg.pool.swap_instructions(snapshot, swap)
        accounts = case[f"leg{number + 1}_accounts"]
        if found := mismatch(made, recorded[number], choice(leg.pool, snapshot, request, accounts)):
            yield f"leg {number + 1}: {found}"


def _other_outcome(move: Case, first: _Leg, second: _Leg) -> str | None:
    """What differs in the order after somebody else's trade: its amounts, or the leg that fails."""
    trade, against = int(move["other_trade"]), move["way"] == "against"
    moved = [first, second]
    moved[move["leg"] - 1] = moved[move["leg"] - 1].moved(trade, against=against)
    middle = int(move["middle"])
    paid = moved[0].quote(middle, SwapMode.EXACT_OUT).amount_in
    received = moved[1].quote(middle, SwapMode.EXACT_IN).amount_out
    failing = 1 if paid > int(move["max_in"]) else 2 if received < int(move["min_out"]) else None
    recorded = None if move["ok"] else move["failure"]["leg"]
    if failing != recorded:
        return f"leg {failing} would fail, recorded leg {recorded}"
    if move["ok"] and (paid, received) != (int(move["paid"]), int(move["received"])):
        return f"recorded paid {move['paid']} received {move['received']}, adapters {paid} and {received}"
    return None


def compare(content: Content, reports: Reports) -> None:
    """Compare all cases of a file; raises VectorFileError for a case without its fields."""
    try:
        for case in content["cases"]:
            report = reports.of(Kind.TWO_HOPS, f"{case['leg1']}+{case['leg2']}")
            try:
                legs = _legs(case)
                if isinstance(legs, str):
                    report.skip(f"no adapter for the program {legs}")
                    continue
                found = next(_differences(case, *legs), None)
            except errors.DexError as error:
                found = f"recorded a route, adapter {type(error).__name__}: {error}"
            report.count(found and f"{case['id']}: {found}")
    except FORMAT_ERRORS as error:
        raise VectorFileError(f"has a case in another format: {error!r}") from error
