"""Pools by their addresses or by a transaction that used them, for nodes that list no program's accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from dex.errors import DexError
from dex.transactions.token_accounts import parse_token_account
from dex.types import PoolAddress, Snapshot
from dex.venues.base import Pool
from orders.errors import InvalidRequest, NotFound
from orders.gateway.connection import connection

# In one read at one slot.
_AT_ONCE: Final = 90


@dataclass(frozen=True, slots=True)
class Refused:
    """An address that is no pool of this network's venues, and why, in words."""

    address: Pubkey
    why: str


def look_up_pools(addresses: Sequence[Pubkey]) -> list[PoolAddress | Refused]:
    """The pool at each address, with what it holds, or why there is none to be used. Raises ChainError."""
    found: list[PoolAddress | Refused] = []
    for at in range(0, len(addresses), _AT_ONCE):
        chunk = addresses[at : at + _AT_ONCE]
        snapshot = connection().run(connection().rpc.snapshot(chunk))
        opened = [_opened(address, snapshot) for address in chunk]
        vaults = [vault for pool in opened if not isinstance(pool, Refused) for vault in pool.vaults]
        held = connection().run(connection().rpc.snapshot(vaults))
        found += [pool if isinstance(pool, Refused) else _known(pool, held) for pool in opened]
    return found


def pools_of_transaction(signature: str) -> list[PoolAddress]:
    """The pools among the accounts of a landed transaction.

    Raises InvalidRequest for what is no signature, NotFound where no node has the transaction or none of its
    accounts is a pool, ChainError.
    """
    try:
        Signature.from_string(signature)
    except ValueError:
        raise InvalidRequest(f"{signature} is no signature of a transaction") from None
    connection().run(connection().require_network())
    [transaction] = connection().run(connection().rpc.transactions([signature]))
    if transaction is None:
        raise NotFound("No node has this transaction: it has not landed, or its block is no longer kept")
    accounts = [Pubkey.from_string(text) for text in transaction.accounts]
    pools = [pool for pool in look_up_pools(accounts) if isinstance(pool, PoolAddress)]
    if not pools:
        raise NotFound("No account of this transaction is a pool of a venue of this network")
    return pools


def _opened(address: Pubkey, snapshot: Snapshot) -> Pool | Refused:
    account = snapshot.accounts.get(address)
    if account is None:
        return Refused(address, "there is no such account")
    venue = next((one for one in connection().venues.values() if one.program_id == account.owner), None)
    if venue is None:
        return Refused(address, f"its owner {account.owner} is the program of no venue of this network")
    try:
        return venue.open_pool(address, account)
    except DexError as error:
        return Refused(address, f"{venue.name} has no pool there that can be used: {error.code}, {error}")


def _known(pool: Pool, held: Snapshot) -> PoolAddress:
    first, second = (_balance(vault, held) for vault in pool.vaults)
    return PoolAddress(pool.venue, pool.address, pool.mints, (first, second))


def _balance(vault: Pubkey, held: Snapshot) -> int:
    try:
        return parse_token_account(held.account(vault)).amount
    except DexError:
        return 0
