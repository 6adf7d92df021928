"""A snapshot with all that one request reads, from whatever holds the accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from solders.pubkey import Pubkey

from dex.types import AccountData, Clock, QuoteRequest, Snapshot
from dex.venues.base import Pool


def complete_snapshot(
    pool: Pool, request: QuoteRequest, read: Callable[[Pubkey], AccountData | None], clock: Clock
) -> Snapshot:
    """The pool's accounts and what their state points to; what does not exist is there as None."""
    snapshot = Snapshot(clock, {address: read(address) for address in pool.accounts})
    while missing := set(pool.further_accounts(snapshot, request)) - snapshot.accounts.keys():
        found = {address: read(address) for address in missing}
        snapshot = replace(snapshot, accounts={**snapshot.accounts, **found})
    return snapshot
