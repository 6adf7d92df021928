"""Who works on which order: a lease is one conditional UPDATE, its token names every later write.

A claim that fails takes nothing: the order is elsewhere, or not due, or somebody else's.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from orders.lifecycle import Status
from orders.models import Order
from orders.row_sets import IS_ACTIVE


def ours() -> QuerySet[Order]:
    """Orders of this worker's network. What another network says of the others would mean nothing."""
    return Order.objects.filter(network=settings.SOLANA_NETWORK)


def claim(order_ids: Iterable[UUID], statuses: Collection[Status]) -> list[Order]:
    """Lease those of the orders that stand at one of ``statuses``, are due, and are nobody's.

    The lease lasts ``LEASE_SECONDS``; ``starts`` counts claims since the last transition.
    """
    now = timezone.now()
    token = uuid.uuid4()
    takeable = ours().filter(
        _is_free(now), pk__in=list(order_ids), status__in=list(statuses), due_at__lte=now
    )
    with _forgettable():
        claimed = takeable.update(
            lease_token=token,
            lease_until=now + timedelta(seconds=settings.LEASE_SECONDS),
            starts=F("starts") + 1,
        )
    return list(Order.objects.filter(lease_token=token)) if claimed else []


def with_pending(order_ids: Collection[UUID], most: int) -> list[UUID]:
    """These orders and the oldest pending ones that are free, ``most`` in all."""
    room = max(0, most - len(order_ids))
    pending = (
        ours()
        .filter(IS_ACTIVE, _is_free(timezone.now()), status=Status.PENDING, due_at__lte=timezone.now())
        .exclude(pk__in=order_ids)
        .order_by("due_at")
        .values_list("pk", flat=True)[:room]
    )
    return [*order_ids, *pending]


def still_held(orders: Sequence[Order]) -> list[Order]:
    """Those whose lease is still the one they were claimed with; locks them where the database can.

    Call it inside the transaction that relies on the answer.
    """
    tokens = {order.pk: order.lease_token for order in orders}
    rows = Order.objects.select_for_update().filter(pk__in=list(tokens)).values_list("pk", "lease_token")
    held = {pk for pk, token in rows if token is not None and token == tokens[pk]}
    return [order for order in orders if order.pk in held]


def release(orders: Sequence[Order]) -> None:
    """Give leases back without a transition, so that the next stage can claim at once."""
    tokens = {order.lease_token for order in orders}
    pks = [order.pk for order in orders]
    Order.objects.filter(pk__in=pks, lease_token__in=tokens).update(lease_token=None, lease_until=None)


@contextmanager
def _forgettable() -> Iterator[None]:
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
    """Release the leases when the work on them breaks off, so that nobody waits for them to run out."""
    try:
        yield
    except BaseException:
        # Without a database they run out by themselves; what broke the work off is the news.
        with suppress(DatabaseError):
            release(orders)
        raise


def _is_free(now: datetime) -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now)
