"""Whether an adapter's instruction is the recorded one, but for what is an adapter's own choice.

How many tick or bin arrays are passed is a choice, and so is whether a bitmap extension that the swap does
not need goes along. Slots that a program does not read may carry any account.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import QuoteRequest, Snapshot
from dex.venues.base import Pool
from dex.verify.recording import array_entries

# The market of a pool without an order book is not read; any account may stand there.
_UNREAD_SLOTS: Final[Mapping[str, range]] = {"raydium-amm-v4": range(6, 14)}
_NO_ARRAYS, _SOME_ARRAYS = b"\x00", b"\x01"


class Meta(NamedTuple):
    """One account of an instruction."""

    pubkey: Pubkey
    is_signer: bool
    is_writable: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The accounts of a swap that an adapter may pass or leave away, and its unread slots."""

    venue: str
    arrays: Collection[Pubkey]
    extension: Pubkey | None


def choice(pool: Pool, snapshot: Snapshot, request: QuoteRequest, accounts: Mapping[str, Any]) -> Choice:
    """What may differ in a swap of a recorded pool; raises as ``further_accounts`` does."""
    entry = accounts.get("bitmap_extension")
    extension = Pubkey.from_string(entry["address"]) if entry else None
    recorded = {Pubkey.from_string(array["address"]) for array in array_entries(accounts)}
    arrays = recorded.union(pool.further_accounts(snapshot, request)) - {*pool.accounts, extension}
    return Choice(pool.venue, arrays, extension)


def recorded_metas(instruction: Mapping[str, Any]) -> list[Meta]:
    return [
        Meta(Pubkey.from_string(key), bool(signer), bool(writable))
        for key, signer, writable in instruction["accounts"]
    ]


def mismatch(made: Instruction, recorded: Mapping[str, Any], free: Choice) -> str | None:
    """What differs beyond the choice; None when nothing does."""
    if str(made.program_id) != recorded["program"]:
        return f"program {made.program_id}"
    if not _same_data(bytes(made.data), bytes.fromhex(recorded["data"])):
        return f"data {bytes(made.data).hex()}"
    own = [Meta(meta.pubkey, meta.is_signer, meta.is_writable) for meta in made.accounts]
    return _different_accounts(own, recorded_metas(recorded), made.program_id, free)


def passes_more(made: Instruction, recorded: Mapping[str, Any]) -> bool:
    """Whether the adapter passes an account that the recorded instruction lacks."""
    given = {meta.pubkey for meta in recorded_metas(recorded)}
    return any(meta.pubkey not in given for meta in made.accounts)


def _same_data(made: bytes, recorded: bytes) -> bool:
    # An optional last argument describes further arrays (Whirlpool's RemainingAccountsInfo).
    described = made.endswith(_NO_ARRAYS) and recorded.startswith(made[:-1] + _SOME_ARRAYS)
    return made == recorded or (described and len(recorded) > len(made))


def _different_accounts(
    made: Sequence[Meta], recorded: Sequence[Meta], program: Pubkey, free: Choice
) -> str | None:
    own = [meta for meta in made if meta.pubkey not in free.arrays]
    wanted = [meta for meta in recorded if meta.pubkey not in free.arrays]
    if len(own) != len(wanted):
        own, wanted = ([meta for meta in side if meta.pubkey != free.extension] for side in (own, wanted))
    if len(own) != len(wanted):
        return f"{len(own)} accounts without arrays, not {len(wanted)}"
    unread = _UNREAD_SLOTS.get(free.venue, range(0))
    for position, (mine, theirs) in enumerate(zip(own, wanted, strict=True)):
        # Anchor's sign for "no extension" is the program itself.
        instead = {mine.pubkey, theirs.pubkey} == {free.extension, program}
        if mine != theirs and not instead and position not in unread:
            return f"account {position} {mine} where {theirs} is recorded"
    return None
