"""Pools by address: those of the settings, those that the database remembers, those that nodes list."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database
from django.db.models import QuerySet
from django.utils import timezone
from solders.pubkey import Pubkey

from dex.types import PoolAddress
from orders.gateway.connection import Connection, connection
from orders.gateway.wanted_pairs import usual_pairs, wanted_pairs
from orders.models import KnownPool, PoolState

_READ_AGAIN_SECONDS: Final = 60
_OUT_OF_ORDER: Final = 20
# Each batch asks these two, and to compile them would take longer than to run them.
_NEWEST: Final = 'SELECT MAX("id") FROM "orders_knownpool"'
_LEFT_OUT: Final = (
    'SELECT "address" FROM "orders_knownpool"'
    ' WHERE "network" = %s AND ("state" = %s OR "left_out_until" > %s)'
)


def with_known_pools() -> Connection:
    """This process's connection, which has read the database's pools within the last minute, new ones now.

    They are what it falls back on; without a database it goes by what it knows.
    """
    chain = connection()
    now = time.monotonic()
    try:
        if now >= chain.pools_read_until:
            chain.pools_read_until, chain.newest_pool = now + _READ_AGAIN_SECONDS, _newest()
            chain.remember(_known(list(_rows())))
        else:
            _take_up_new(chain)
    except DatabaseError:
        return chain
    return chain


def _take_up_new(chain: Connection) -> None:
    """Pools that came up since they were last read: an order that names one's token may come at once."""
    newest = _newest()
    if newest > chain.newest_pool:
        # Rows may be committed out of the order of their keys.
        rows = _rows().filter(pk__gt=chain.newest_pool - _OUT_OF_ORDER)
        chain.take_up(_known(list(rows)))
        chain.newest_pool = newest


def _rows() -> QuerySet[KnownPool]:
    return KnownPool.objects.filter(network=settings.SOLANA_NETWORK)


def _newest() -> int:
    """The key of the newest pool of all networks: the end of an index, however many there are."""
    with database.cursor() as cursor:
        cursor.execute(_NEWEST)
        (newest,) = cursor.fetchone()
    return newest or 0


def left_out() -> frozenset[str]:
    """Pools, by address, that are off, or that no order uses for a while; none without a database."""
    now = database.ops.adapt_datetimefield_value(timezone.now())
    try:
        with database.cursor() as cursor:
            cursor.execute(_LEFT_OUT, [settings.SOLANA_NETWORK, PoolState.OFF.value, now])
            return frozenset(address for (address,) in cursor.fetchall())
    except DatabaseError:
        return frozenset()


def last_used() -> dict[str, float]:
    """When an order last swapped by each pool that has been used, by address; seconds since the epoch."""
    used = _rows().filter(last_used_at__isnull=False)
    return {pool.address: pool.last_used_at.timestamp() for pool in used if pool.last_used_at}


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
