"""Who works on which order: a lease is one conditional UPDATE, its token names every later write.

A claim that fails takes nothing: the order is elsewhere, or not due, or somebody else's.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from orders.lifecycle import Status
from orders.models import Order
from orders.platform.database_trouble import is_database_trouble
from orders.records import sql

logger = logging.getLogger(__name__)

# Hosts that keep time differ by less: an order that was due by the clock of one is due by those of all.
_CLOCKS_APART: Final = timedelta(seconds=1)
# What waits for its next try is published when it is due, by a worker that has seen it fail.
_EARLY: Final = timedelta(milliseconds=100)
# Work that broke off once may have been anybody's fault in its batch: from then on an order goes alone.
STARTS_TOGETHER: Final = 1
# Later than any clock, and within what both databases can hold: when what nobody may take is due.
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
_MOST_NOT_GIVEN_BACK: Final = 1_000
_BITS_OF_A_PROCESS: Final = 64
_BITS_OF_A_CLAIM: Final = 64
# The process that a number was drawn for, by its id: a forked one draws another.
_process: tuple[int, int] = (0, 0)


def new_token() -> UUID:
    """The name of one claim, which no other claim ever has; it begins with the name of this process."""
    return UUID(int=first_token().int | secrets.randbits(_BITS_OF_A_CLAIM))


def first_token() -> UUID:
    """The least token that this process gives."""
    global _process
    if _process[0] != os.getpid():
        _process = os.getpid(), secrets.randbits(_BITS_OF_A_PROCESS)
    return UUID(int=_process[1] << _BITS_OF_A_CLAIM)


def free_all_of(first: UUID) -> list[Order]:
    """Free what the process whose tokens begin with ``first`` holds; only for one that has ended."""
    held = _held_by(first)
    freed = list(held)
    if freed:
        held.update(lease_token=None, lease_until=None, swept_at=None)
    return freed


def held_by(first: UUID) -> int:
    """How many orders the process whose tokens begin with ``first`` works on now."""
    return _held_by(first).count()


def _held_by(first: UUID) -> QuerySet[Order]:
    last = UUID(int=first.int | (1 << _BITS_OF_A_CLAIM) - 1)
    return ours().filter(lease_token__gte=first, lease_token__lte=last)


def ours() -> QuerySet[Order]:
    """Orders of this worker's network. What another network says of the others would mean nothing."""
    return Order.objects.filter(network=settings.SOLANA_NETWORK)


def claim(order_ids: Iterable[UUID], statuses: Collection[Status]) -> list[Order]:
    """Lease those of the orders that stand at one of ``statuses``, are due, and are nobody's.

    The lease lasts ``LEASE_SECONDS``; ``starts`` counts claims since the last transition that were not given
    back by `release`.
    """
    ids = sql.padded(list(order_ids))
    if not ids:
        return []
    now = timezone.now()
    named = [
        ("lease_token", new_token()),
        ("lease_until", now + timedelta(seconds=settings.LEASE_SECONDS)),
        *free_and_due_at(now),
        *(("status", status.value) for status in statuses),
        *(("id", order_id) for order_id in ids),
    ]
    with forgettable(), connection.cursor() as cursor:
        cursor.execute(_claim(len(statuses), len(ids)), sql.values(Order, named))
        claimed = sql.rows(Order, cursor.fetchall())
    # Orders that fired at once are due in price-time order.
    return sorted(claimed, key=lambda order: (order.due_at, order.created_at))


def still_at(order_ids: Collection[UUID], statuses: Collection[Status]) -> list[UUID]:
    """Those of the orders that stand at one of ``statuses``, whoever holds them; writes nothing."""
    if not order_ids:
        return []
    ids = sql.padded(order_ids)
    named = [*(("status", status.value) for status in statuses), *(("id", key) for key in ids)]
    with connection.cursor() as cursor:
        cursor.execute(_still_at(len(statuses), len(ids)), sql.values(Order, named))
        return sql.keys(Order, cursor.fetchall())


def let_go_signed(orders: Sequence[Order]) -> list[Order]:
    """Count an attempt for those whose lease is still the one they were claimed with, and end the lease.

    To have signed is progress: the starts begin anew.

    Call it inside the transaction that writes the attempts: only these orders may get one. The orders
    are of one claim.
    """
    if not orders:
        return []
    ids = sql.padded([order.pk for order in orders])
    named = [("lease_token", orders[0].lease_token), *(("id", order_id) for order_id in ids)]
    with connection.cursor() as cursor:
        cursor.execute(_let_go_signed(len(ids)), sql.values(Order, named))
        held = set(sql.keys(Order, cursor.fetchall()))
    return [order for order in orders if order.pk in held]


def release(orders: Sequence[Order]) -> None:
    """Give leases back without a transition, so that the next stage can claim at once.

    Call it where there was nothing to do. Such a claim is no start: however often a message is delivered,
    it does not make an order look as if work on it broke off.
    """
    _give_back(_Held.of(orders), is_start=False)


@dataclass(frozen=True, slots=True)
class _Held:
    """The leases of some orders, as they were claimed."""

    order_ids: tuple[UUID, ...]
    tokens: tuple[UUID | None, ...]

    @classmethod
    def of(cls, orders: Sequence[Order]) -> _Held:
        return cls(tuple(order.pk for order in orders), tuple({order.lease_token for order in orders}))


def _give_back(held: _Held, *, is_start: bool) -> None:
    if not held.order_ids:
        return
    # A step taken meanwhile has set it to 0.
    changes: dict[str, Any] = {} if is_start else {"starts": Greatest(F("starts") - 1, 0)}
    still_ours = Order.objects.filter(pk__in=held.order_ids, lease_token__in=held.tokens)
    still_ours.update(lease_token=None, lease_until=None, **changes)


# What could not be given back when it was to be: the database was away.
_not_given_back: Final[deque[tuple[_Held, bool]]] = deque(maxlen=_MOST_NOT_GIVEN_BACK)


def give_back_late() -> int:
    """Give back what the database did not take before; how many batches. Raises what the database raises.

    A lease that has run out and was taken over meanwhile has another token, and stays with who has it.
    """
    done = 0
    while _not_given_back:
        held, is_start = _not_given_back[0]
        _give_back(held, is_start=is_start)
        _not_given_back.popleft()
        done += 1
    return done


@contextmanager
def forgettable() -> Iterator[None]:
    """A transaction that does not wait for the disk: a power cut may undo it, and nothing is lost by that.

    What comes after it in the log and does wait takes it along.
    """
    if connection.in_atomic_block:
        yield
        return
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if not postgres:
            # With a write-ahead log, NORMAL syncs at checkpoints only. It cannot be set inside a transaction.
            cursor.execute("PRAGMA synchronous=NORMAL")
        try:
            with transaction.atomic():
                if postgres:
                    cursor.execute("SET LOCAL synchronous_commit TO off")
                yield
        finally:
            if not postgres:
                cursor.execute("PRAGMA synchronous=FULL")


@contextmanager
def given_back_on_error(orders: Sequence[Order]) -> Iterator[None]:
    """Release the leases when the work on them breaks off, so that nobody waits for them to run out.

    Work that the database broke off was no start: it says nothing about the orders.
    """
    held = _Held.of(orders)
    try:
        yield
    except BaseException as error:
        is_start = not is_database_trouble(error)
        try:
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            _give_back(held, is_start=is_start)
        except DatabaseError as refusal:
            # What broke the work off is the news; a sweep gives back what waits here.
            logger.warning("%d leases not given back: %s", len(held.order_ids), type(refusal).__name__)
            _not_given_back.append((held, is_start))
        raise


def is_free(now: datetime) -> Q:
    """That nobody holds an order."""
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now)


def free_and_due_at(now: datetime) -> list[tuple[str, object]]:
    """The parameters of `free_and_due`."""
    return [
        ("network", settings.SOLANA_NETWORK),
        ("due_at", now + _CLOCKS_APART),
        ("due_at", now + _EARLY),
        ("lease_until", now),
    ]


def free_and_due() -> str:
    """That an order is of this network, due, and nobody's."""
    column = partial(sql.column, Order)
    return (
        f"{column('network')} = %s AND {column('due_at')} <= %s"
        f" AND ({column('waits_for')} = '' OR {column('due_at')} <= %s)"
        f" AND ({column('lease_until')} IS NULL OR {column('lease_until')} < %s)"
    )


@lru_cache(maxsize=256)
def _still_at(statuses: int, orders: int) -> str:
    key = sql.column(Order, "id")
    return (
        f"SELECT {key} FROM {sql.table(Order)} WHERE {sql.column(Order, 'status')} IN {sql.places(statuses)}"
        f" AND {key} IN {sql.places(orders)}"
    )


@lru_cache(maxsize=256)
def _claim(statuses: int, orders: int) -> str:
    column = partial(sql.column, Order)
    takeable = unlocked(
        f"{free_and_due()} AND {column('status')} IN {sql.places(statuses)}"
        f" AND {column('id')} IN {sql.places(orders)}"
    )
    return (
        f"UPDATE {sql.table(Order)} SET {column('lease_token')} = %s, {column('lease_until')} = %s,"
        f" {column('starts')} = {column('starts')} + 1 WHERE {takeable}"
        f" RETURNING {sql.every_column(Order)}"
    )


def unlocked(condition: str) -> str:
    """``condition``, for rows on which nobody is at work in a transaction right now."""
    if not connection.features.has_select_for_update_skip_locked:
        return condition
    # To wait for a locked row is in vain, and two could wait for each other.
    key = sql.column(Order, "id")
    return f"{key} IN (SELECT {key} FROM {sql.table(Order)} WHERE {condition} FOR UPDATE SKIP LOCKED)"


@lru_cache(maxsize=256)
def _let_go_signed(orders: int) -> str:
    column = partial(sql.column, Order)
    return (
        f"UPDATE {sql.table(Order)} SET {column('attempt')} = {column('attempt')} + 1,"
        f" {column('lease_token')} = NULL, {column('lease_until')} = NULL, {column('starts')} = 0"
        f" WHERE {column('lease_token')} = %s AND {column('id')} IN {sql.places(orders)}"
        f" RETURNING {column('id')}"
    )
