"""Copies of real pools with accounts of their own, between other tokens: many markets for measurements. Pure.

A copy's accounts are those of the original with addresses of its own in them, opened by the venue's own
adapter, so that it costs what a real pool costs and has a state of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.types import AccountData, QuoteRequest, Snapshot
from dex.venues.base import Pool, Venue

_Accounts = dict[Pubkey, AccountData | None]
# Shares of what a vault holds that a copy is asked for, so that it gets the arrays of ticks on the way.
_DEPTHS: Final = (1_000, 20, 4, 2)


@dataclass(frozen=True, slots=True)
class Copy:
    """A pool and its accounts."""

    pool: Pool
    accounts: Mapping[Pubkey, AccountData | None]


def made_up_mints(lower: Pubkey) -> Iterator[Pubkey]:
    """Addresses above one, always the same: programs keep the mints of a pool in their order."""
    for number in count():
        address = Pubkey.from_bytes(hashlib.sha256(b"mint %d" % number).digest())
        if bytes(lower) < bytes(address):
            yield address


def copy_of(
    pool: Pool, venue: Venue, snapshot: Snapshot, mints: Mapping[Pubkey, Pubkey], number: int
) -> Copy:
    """The copy of ``pool`` with this number, between the tokens that ``mints`` names for its own.

    Raises DexError.
    """
    renamed = {mint: mints.get(mint, mint) for mint in pool.mints}
    name = bytes(pool.address) + b"".join(bytes(renamed[mint]) for mint in pool.mints)
    for place, address in enumerate((pool.address, *pool.vaults)):
        renamed[address] = Pubkey.from_bytes(hashlib.sha256(name + bytes([number, place])).digest())
    own = snapshot.account(pool.address)
    copied = venue.open_pool(renamed[pool.address], _renamed(own, renamed))
    # Some addresses follow from the pool's own: they stand at the same places.
    renamed |= dict(zip(pool.accounts, copied.accounts, strict=True))
    old, new = (*pool.accounts, *pool.vaults), (*copied.accounts, *copied.vaults)
    accounts = _taken_along(old, new, snapshot, renamed)
    for request in _requests(pool, snapshot):
        asked = replace(request, token_in=renamed[request.token_in], token_out=renamed[request.token_out])
        try:
            known = Snapshot(snapshot.clock, accounts)
            further = pool.further_accounts(snapshot, request), copied.further_accounts(known, asked)
        except DexError:
            continue
        accounts |= _taken_along(*further, snapshot, renamed)
    return Copy(copied, accounts)


def _requests(pool: Pool, snapshot: Snapshot) -> Iterator[QuoteRequest]:
    for (sold, bought), vault in zip((pool.mints, pool.mints[::-1]), pool.vaults, strict=True):
        held = int.from_bytes(snapshot.account(vault).data[64:72], "little")
        for depth in _DEPTHS:
            yield QuoteRequest(sold, bought, max(1, held // depth))


def _taken_along(
    old: Sequence[Pubkey], new: Sequence[Pubkey], snapshot: Snapshot, renamed: Mapping[Pubkey, Pubkey]
) -> _Accounts:
    found: _Accounts = {}
    for one, other in zip(old, new, strict=False):
        account = snapshot.accounts.get(one)
        found[other] = None if account is None else _renamed(account, renamed)
    return found


def _renamed(account: AccountData, renamed: Mapping[Pubkey, Pubkey]) -> AccountData:
    data = account.data
    for old, new in renamed.items():
        if old != new:
            data = data.replace(bytes(old), bytes(new))
    return replace(account, data=data)
