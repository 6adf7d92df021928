"""Recorded DLMM instructions and batches of the real program, as the adapter knows them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.types import QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.base import Pool
from dex.venues.meteora_dlmm.venue import MeteoraDlmm
from dex.verify.instructions import request_of, swap_of
from dex.verify.recording import open_recorded, recorded_clock
from dex.verify.vector_file import read
from tests.dex.recorded_swaps import DATA

VENUE = MeteoraDlmm()


class Executed(NamedTuple):
    """A recorded instruction: what was asked, over which accounts, and what the program made of it."""

    case: Any
    pool: Pool
    snapshot: Snapshot
    request: QuoteRequest
    swap: Swap
    instruction: Instruction

    @property
    def is_executed(self) -> bool:
        return bool(self.case["onchain"]["ok"])


def _executed(case: Any) -> Executed:
    pool, snapshot = open_recorded(VENUE, case["accounts"], recorded_clock(case["clock"]))
    recorded = case["instruction"]
    metas = [AccountMeta(Pubkey.from_string(key), *flags) for key, *flags in recorded["accounts"]]
    program = Pubkey.from_string(recorded["program"])
    instruction = Instruction(program, bytes.fromhex(recorded["data"]), metas)
    return Executed(case, pool, snapshot, request_of(case), swap_of(case), instruction)


@cache
def instructions() -> dict[str, Executed]:
    """Every recorded DLMM instruction by its id."""
    cases = read(DATA / "instructions.json.gz")["cases"]
    return {case["id"]: _executed(case) for case in cases if case["venue"] == VENUE.name}


def sequences() -> Iterator[Any]:
    """Every recorded DLMM batch: orders one after the other on one pair."""
    batches = read(DATA / "batches.json.gz")["sequences"]
    return (entry for entry in batches if entry["venue"] == VENUE.name)


def five_arrays() -> Executed:
    """A pair with liquidity in arrays -6 to -2, active in -4, asked for 3,216,200 of x."""
    return instructions()["meteora-dlmm-ix-0"]


def at_the_edge() -> Executed:
    """A pair active in array 511 of the default bitmap, with arrays 510 to 513; y for x."""
    return instructions()["meteora-dlmm-ix-27"]


def asked(entry: Executed, amount: int, mode: SwapMode = SwapMode.EXACT_IN) -> QuoteRequest:
    return replace(entry.request, amount=amount, mode=mode)


def array(entry: Executed, index: int) -> Pubkey:
    seeds = [b"bin_array", bytes(entry.pool.address), struct.pack("<q", index)]
    return Pubkey.find_program_address(seeds, VENUE.program_id)[0]
