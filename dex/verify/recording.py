"""Recorded accounts, clocks and requests as the adapters know them.

A recording names the accounts that a quote needs: single accounts, lists of tick or bin arrays, and
addresses (or null) of accounts that do not exist. A recording that lists ``tick_arrays_passed`` gives only
these arrays to the program: an array that exists but was not passed is missing from the snapshot, one that
was passed and does not exist is in it as None.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from solders.pubkey import Pubkey

from dex.config import TOKEN_PROGRAM
from dex.types import AccountData, Clock, QuoteRequest, Snapshot, SwapMode
from dex.venues.base import Pool, Venue
from dex.venues.registry import EXTRA_VENUES, venues_for

Case = Mapping[str, Any]

# A case in another format shows as one of these.
FORMAT_ERRORS: Final = (KeyError, IndexError, TypeError, ValueError, AttributeError, struct.error)

_POOL_NAMES: Final = ("pool", "amm", "lb_pair", "whirlpool")
_FIRST_MINT_IN: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("0to1", "a_to_b", "x_to_y", "coin_to_pc"), True),
    **dict.fromkeys(("1to0", "b_to_a", "y_to_x", "pc_to_coin"), False),
}
_TOKEN_ACCOUNT_SIZE: Final = 165
_AMOUNT_OFFSET: Final = 64


def venue_by_program(program: str) -> Venue | None:
    """The adapter of a program on mainnet, also of one that is off; None when there is none."""
    known = venues_for("mainnet-beta", EXTRA_VENUES)
    return next((venue for venue in known if str(venue.program_id) == program), None)


def recorded_account(entry: Mapping[str, Any]) -> tuple[Pubkey, AccountData]:
    """Address and content of one recorded account."""
    data = base64.b64decode(entry["data"], validate=True)
    owner = Pubkey.from_string(entry["owner"])
    return Pubkey.from_string(entry["address"]), AccountData(owner=owner, lamports=1, data=data)


def pool_entry(accounts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry of the pool itself; its owner is the program."""
    for name in _POOL_NAMES:
        if name in accounts:
            entry: Mapping[str, Any] = accounts[name]
            return entry
    raise KeyError(_POOL_NAMES[0])


def array_entries(accounts: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The entries of tick and bin arrays."""
    for value in accounts.values():
        if isinstance(value, list):
            yield from (entry for entry in value if isinstance(entry, dict))


def recorded_accounts(accounts: Mapping[str, Any]) -> dict[Pubkey, AccountData]:
    """All accounts of a recording that exist."""
    single = [value for value in accounts.values() if isinstance(value, dict)]
    return dict(recorded_account(entry) for entry in (*single, *array_entries(accounts)))


def recorded_clock(entry: Mapping[str, int]) -> Clock:
    return Clock(entry["slot"], entry["ts"], entry["epoch"])


def open_recorded(venue: Venue, accounts: Mapping[str, Any], clock: Clock) -> tuple[Pool, Snapshot]:
    """A recorded pool and everything recorded with it; raises PoolRefused as ``open_pool`` does."""
    address, account = recorded_account(pool_entry(accounts))
    return venue.open_pool(address, account), Snapshot(clock, dict(recorded_accounts(accounts)))


def open_case(venue: Venue, case: Case) -> tuple[Pool, Snapshot]:
    """The pool and snapshot of a recorded swap; raises PoolRefused as ``Venue.open_pool`` does."""
    pool, snapshot = open_recorded(venue, case["accounts"], recorded_clock(case["clock"]))
    accounts: dict[Pubkey, AccountData | None] = dict(snapshot.accounts)
    if "tick_arrays_passed" in case:
        accounts = _as_passed(case, accounts)
    _add_vaults(case, pool, accounts)
    return pool, replace(snapshot, accounts=accounts)


def _as_passed(case: Case, accounts: Mapping[Pubkey, AccountData | None]) -> dict[Pubkey, AccountData | None]:
    passed = {Pubkey.from_string(key) for key, *_ in case["ix"]["accounts"]}
    arrays = {recorded_account(entry)[0] for entry in array_entries(case["accounts"])}
    given = {address: account for address, account in accounts.items() if address not in arrays - passed}
    return {**dict.fromkeys(passed), **given}


def _add_vaults(case: Case, pool: Pool, accounts: dict[Pubkey, AccountData | None]) -> None:
    """Add the vaults that a quote reads and a recording gives as balances instead of bytes."""
    balances = case.get("inputs", {}).get("vault_balance")
    if balances is None:
        return
    for mint, vault, balance in zip(pool.mints, pool.vaults, balances, strict=True):
        if vault in accounts or vault not in pool.accounts:
            continue
        data = bytearray(_TOKEN_ACCOUNT_SIZE)
        struct.pack_into("<Q", data, _AMOUNT_OFFSET, int(balance))
        known = accounts.get(mint)
        accounts[vault] = AccountData(known.owner if known else TOKEN_PROGRAM, 1, bytes(data))


def request_of(pool: Pool, case: Case) -> QuoteRequest:
    """What a recorded swap asked of the pool."""
    mints = pool.mints if _FIRST_MINT_IN[case["direction"]] else pool.mints[::-1]
    return QuoteRequest(*mints, amount=int(case["amount"]), mode=SwapMode(case["mode"]))


def completed(pool: Pool, snapshot: Snapshot, request: QuoteRequest) -> Snapshot:
    """The snapshot with None for every account that the request needs and that was not recorded.

    Recordings hold all arrays that exist. Raises PoolRefused, NoQuote or AccountMissing.
    """
    while True:
        named = (*pool.accounts, *pool.further_accounts(snapshot, request))
        absent = [address for address in named if address not in snapshot.accounts]
        if not absent:
            return snapshot
        snapshot = replace(snapshot, accounts={**snapshot.accounts, **dict.fromkeys(absent)})
