"""Accounts with bytes that nobody wrote: a pool refuses them by its own errors, or quotes and goes on."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from dex.errors import DexError
from dex.types import QuoteRequest, Snapshot, SwapMode
from tests.dex.recorded_swaps import AMM_V4, CLMM, CPMM, DAMM_V2, Recorded, patched, recorded

ROUNDS = 1_500


def broken(entry: Recorded, chance: random.Random) -> Snapshot:
    """The recorded accounts with one to four places overwritten."""
    snapshot = entry.snapshot
    written = [address for address, account in snapshot.accounts.items() if account and account.data]
    for _ in range(chance.choice((1, 1, 2, 4))):
        address, width = chance.choice(written), chance.choice((1, 2, 4, 8, 16))
        size = len(snapshot.account(address).data)
        offset = chance.randrange(size)
        new = chance.choice(
            (bytes(width), b"\xff" * width, chance.randbytes(width), b"\x01".ljust(width, b"\0"))
        )
        snapshot = patched(snapshot, address, offset, new[: size - offset])
    return snapshot


def asked(entry: Recorded, mints: tuple[object, object], chance: random.Random) -> QuoteRequest:
    amount = chance.choice((entry.request.amount, 1, 2**63, 2**64 - 1, chance.randrange(1, 2**40)))
    token_in, token_out = mints if chance.random() < 0.5 else mints[::-1]
    return replace(
        entry.request,
        token_in=token_in,
        token_out=token_out,
        amount=amount,
        mode=chance.choice(list(SwapMode)),
    )


@pytest.mark.parametrize("path", [AMM_V4, CLMM, CPMM, DAMM_V2], ids=lambda path: path.name)
def test_broken_states_are_refused_by_name_or_quoted(path: Path) -> None:
    chance = random.Random(11)
    entries = list(recorded(path).values())
    quoted = refused = 0
    for _ in range(ROUNDS):
        entry = chance.choice(entries)
        snapshot = broken(entry, chance)
        try:
            pool = entry.venue.open_pool(entry.pool.address, snapshot.account(entry.pool.address))
            request = asked(entry, pool.mints, chance)
            quote = pool.quote(snapshot, request)
            pool.quote(pool.after(snapshot, quote), request)
            quoted += 1
        except DexError:
            refused += 1

    assert quoted > ROUNDS // 10
    assert refused > ROUNDS // 10
