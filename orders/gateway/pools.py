"""Pools by address: those of the settings, those that the database remembers, those that nodes list."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Q, QuerySet
from django.utils import timezone
from solders.pubkey import Pubkey

from dex.types import PoolAddress
from orders.gateway.connection import Connection, connection
from orders.gateway.wanted_pairs import usual_pairs, wanted_pairs
from orders.models import KnownPool, PoolState

_READ_AGAIN_SECONDS: Final = 60
_OUT_OF_ORDER: Final = 20


def with_known_pools() -> Connection:
    """This process's connection, which has read the database's pools within the last minute, new ones now.

    They are what it falls back on; without a database it goes by what it knows.
    """
    chain = connection()
    now = time.monotonic()
    known = KnownPool.objects.filter(network=settings.SOLANA_NETWORK)
    try:
        if now >= chain.pools_read_until:
            chain.pools_read_until, chain.newest_pool = now + _READ_AGAIN_SECONDS, _newest()
            chain.remember(_known(list(known)))
        else:
            _take_up_new(chain, known)
    except DatabaseError:
        return chain
    return chain


def _take_up_new(chain: Connection, known: QuerySet[KnownPool]) -> None:
    """Pools that came up since they were last read: an order that names one's token may come at once."""
    newest = _newest()
    if newest > chain.newest_pool:
        # Rows may be committed out of the order of their keys.
        rows = known.filter(pk__gt=chain.newest_pool - _OUT_OF_ORDER)
        chain.take_up(_known(list(rows)))
        chain.newest_pool = newest


def _newest() -> int:
    """The key of the newest pool of all networks: the end of an index, however many there are."""
    return KnownPool.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def left_out() -> frozenset[str]:
    """Pools, by address, that are off, or that no order uses for a while; none without a database."""
    known = KnownPool.objects.filter(network=settings.SOLANA_NETWORK)
    out = known.filter(Q(state=PoolState.OFF) | Q(left_out_until__gt=timezone.now()))
    try:
        return frozenset(out.values_list("address", flat=True))
    except DatabaseError:
        return frozenset()


def last_used() -> dict[str, float]:
    """When an order last swapped by each pool that has been used, by address; seconds since the epoch."""
    known = KnownPool.objects.filter(network=settings.SOLANA_NETWORK, last_used_at__isnull=False)
    return {pool.address: pool.last_used_at.timestamp() for pool in known if pool.last_used_at}


def warm_up() -> None:
    """Make this process's connection ready for its first order; raises ChainError."""
    connection().run(connection().warm_up(usual_pairs()))


def list_pools() -> tuple[list[PoolAddress], str]:
    """The pools of the pairs that are wanted as the node lists them now, and why some are missing, if so.

    Raises DexError when the node does not answer in time.
    """
    chain = with_known_pools()
    found, errors = chain.run(chain.directory.discover(wanted_pairs()))
    return found, errors[0].code if errors else ""


def _known(rows: Sequence[KnownPool]) -> Iterable[PoolAddress]:
    for row in rows:
        mints = Pubkey.from_string(row.mint_a), Pubkey.from_string(row.mint_b)
        yield PoolAddress(row.venue, Pubkey.from_string(row.address), mints)
