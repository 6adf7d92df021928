"""Every event of every order of a user, in one order that never skips one.

An event's position is its row's id. Ids are taken when rows are inserted, and transactions commit out of
order: who reads id 8 and goes on behind it may miss id 7, which commits a moment later. So a reader goes
no further than the position up to which every id is settled, committed or gone for good.

SQLite has one writer at a time, which takes its ids, commits, and only then lets the next one begin: what
can be seen is settled.

PostgreSQL: an INSERT locks its table (ROW EXCLUSIVE, until its transaction ends) before it takes an id. So
with `last` the highest id taken so far, and then `writers` the transactions that hold such a lock, every
id up to `last` that is still open belongs to one of `writers`. When all of these have ended, and locks go
after the rows have become visible, every id up to `last` is settled. Writers that come later take higher
ids, and are not waited for; nothing is written, no writer waits, and ids that were rolled back leave gaps
that mean nothing. This needs no column: positions survive a dump and its restore. A transaction that is
frozen holds the feed back, at most for the seconds after which the server ends it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.db.models import Max

from orders.errors import DatabaseUnavailable
from orders.models import OrderEvent

# How long a read waits for writers, and how often it looks: a commit takes milliseconds.
_PATIENCE_SECONDS: Final = 0.25
_LOOK_SECONDS: Final = 0.005
# Of all users' events; so a page costs no more where nearly all of them are others'.
_EVENTS_A_LOOK: Final = 2_000
_LAST: Final = "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)"
_WRITERS: Final = """
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND relation = %s::regclass AND mode = 'RowExclusiveLock' AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND pid IS DISTINCT FROM pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events in the order of their positions, where to go on, and whether more is there already."""

    events: Sequence[OrderEvent]
    position: int
    has_more: bool


def read(user_id: Any, after: int, limit: int) -> FeedPage:
    """The user's events behind a position, at most ``limit`` of them."""
    settled = settled_position()
    if settled is None or settled <= after:
        return FeedPage((), after, has_more=False)
    behind = OrderEvent.objects.filter(pk__gt=after, pk__lte=settled).order_by("pk")
    cut = list(behind.values_list("pk", flat=True)[_EVENTS_A_LOOK - 1 : _EVENTS_A_LOOK])
    until = cut[0] if cut else settled
    events = list(behind.filter(pk__lte=until, order__user_id=user_id)[: limit + 1])
    if len(events) > limit:
        return FeedPage(events[:limit], events[limit - 1].pk, has_more=True)
    return FeedPage(events, until, has_more=until < settled)


def latest() -> int:
    """The position behind all that is there; raises DatabaseUnavailable where writers take too long."""
    settled = settled_position()
    if settled is None:
        raise DatabaseUnavailable()
    return settled


def settled_position() -> int | None:
    """The highest position that nothing can come before any more; None where writers take too long to say."""
    if connection.vendor != "postgresql":
        return OrderEvent.objects.aggregate(last=Max("pk"))["last"] or 0
    table = connection.ops.quote_name(OrderEvent._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [table])
        last: int = cursor.fetchone()[0] or 0
        deadline = time.monotonic() + _PATIENCE_SECONDS
        writers = _writers(cursor, table)
        while writers and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
            writers &= _writers(cursor, table)
    return None if writers else last


def _writers(cursor: Any, table: str) -> set[str]:
    cursor.execute(_WRITERS, [table])
    return {row[0] for row in cursor.fetchall()}
