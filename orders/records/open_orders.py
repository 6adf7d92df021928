"""Open orders as watchers read them, and what they write beside transitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet, Sum

from orders.index_conditions import IS_WAITING
from orders.lifecycle import WAITING_TYPES, GroupRole
from orders.models import Order, Trigger
from orders.notify import hints
from orders.records import sql

Pair = tuple[str, str]

_COLUMNS: Final = (
    "pk",
    "version",
    "type",
    "token_in",
    "token_out",
    "mode",
    "route_bounds",
    "amount_in",
    "floor_amount_out",
    "created_at",
    "due_at",
    "fired_at",
    "waits_for",
    "trigger__fires_at_or_above",
    "trigger__fires_at_or_below",
    "trigger__confirmations",
    "trigger__trail_bps",
    "trigger__activates_at",
    "trigger__watermark",
    "trigger__judged",
)


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """The columns of an open order and of its trigger that say when it fires."""

    pk: UUID
    version: int
    type: str
    token_in: str
    token_out: str
    mode: str
    route_bounds: dict[str, Any] | None
    amount_in: int
    floor_amount_out: int | None
    created_at: datetime
    due_at: datetime
    fired_at: datetime | None
    waits_for: str
    fires_at_or_above: int | None
    fires_at_or_below: int | None
    confirmations: int
    trail_bps: int | None
    activates_at: int | None
    watermark: int | None
    judged: bool


def open_orders() -> QuerySet[Order]:
    """Orders of this worker's network that wait for their trigger."""
    return Order.objects.filter(IS_WAITING, network=settings.SOLANA_NETWORK, type__in=sorted(WAITING_TYPES))


def read(pairs: Collection[Pair], since: datetime | None = None) -> Iterable[OpenOrder]:
    """Those of these pairs, in rows; only what has changed ``since``, if given."""
    if not pairs:
        return
    rows = open_orders().filter(trigger__isnull=False)
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    if len(pairs) == 1:
        [(token_in, token_out)] = pairs
        rows = rows.filter(token_in=token_in, token_out=token_out)
    for values in rows.order_by().values_list(*_COLUMNS).iterator(chunk_size=2_000):
        found = OpenOrder(*values)
        if (found.token_in, found.token_out) in pairs:
            yield found


def versions(pairs: Collection[Pair]) -> dict[UUID, int]:
    """The versions of all open orders of these pairs."""
    if not pairs:
        return {}
    rows = open_orders().order_by().values_list("pk", "version", "token_in", "token_out")
    return {pk: version for pk, version, *pair in rows.iterator(chunk_size=2_000) if tuple(pair) in pairs}


def count() -> int:
    """How many orders wait for their trigger."""
    return open_orders().count()


def pairs() -> set[Pair]:
    """The pairs that open orders wait on."""
    return set(open_orders().order_by().values_list("token_in", "token_out").distinct())


def expired(now: datetime, most: int) -> list[Order]:
    """Open orders whose own expiry has come."""
    late = Order.objects.filter(IS_WAITING, network=settings.SOLANA_NETWORK, expires_at__lte=now)
    return list(late.order_by("expires_at")[:most])


def by_id(order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """These orders with their triggers, as far as they are open."""
    rows = Order.objects.filter(IS_WAITING, pk__in=order_ids).select_related("trigger")
    return {order.pk: order for order in rows}


@dataclass(frozen=True, slots=True)
class Watermark:
    """How high a trailing stop's amount has been worth, for the order as it stood at ``version``."""

    order_id: UUID
    version: int
    value: int


def raise_watermarks(watermarks: Collection[Watermark]) -> None:
    """Write those that are higher than what is there; no version counts them.

    An order that has moved on is left alone: amended meanwhile, it may sell another amount.
    """
    if not watermarks:
        return
    known = Q(pk__in=[each.order_id for each in watermarks])
    with transaction.atomic():
        rows = Order.objects.filter(IS_WAITING, known).order_by("pk").select_for_update()
        found = {pk: (version, user_id) for pk, version, user_id in rows.values_list("pk", "version", "user")}
        raised = []
        for each in watermarks:
            version, user_id = found.get(each.order_id, (None, 0))
            if version == each.version:
                lower = Q(watermark__isnull=True) | Q(watermark__lt=each.value)
                if Trigger.objects.filter(lower, pk=each.order_id).update(watermark=each.value):
                    raised.append(hints.Hint(user_id, each.order_id, hints.UNCOUNTED))
        transaction.on_commit(lambda: hints.publish(raised), robust=True)


def write_distances(distances: Mapping[UUID, tuple[int, int]]) -> None:
    """Write how many basis points orders are from their triggers, each beside the version that it is of.

    Nobody's version counts it. Those that have moved on are left alone.
    """
    if not distances:
        return
    statement = sql.update(Trigger, ("distance_bps",), ("order",), ())
    with transaction.atomic(), connection.cursor() as cursor:
        rows = Order.objects.filter(IS_WAITING, pk__in=list(distances)).order_by("pk").select_for_update()
        versions = dict(rows.values_list("pk", "version"))
        changes = [
            sql.values(Trigger, [("distance_bps", bps), ("order", order_id)])
            for order_id, (version, bps) in distances.items()
            if versions.get(order_id) == version
        ]
        cursor.executemany(statement, changes)


def mark_judged(order_ids: Collection[UUID]) -> None:
    """Remember that these would not have fired when they were placed."""
    Trigger.objects.filter(pk__in=order_ids).update(judged=True)


def needed(wallet: str) -> dict[str, int]:
    """Base units by mint that the open orders of a wallet would sell together; they reserve nothing.

    Of the two orders of a pair the larger counts alone, of a schedule what its rounds have left, of a budget
    over launches what it may still place.
    """
    ours = Order.objects.filter(IS_WAITING, network=settings.SOLANA_NETWORK, wallet=wallet)
    found: Counter[str] = Counter()
    alone = ours.filter(group_role__in=(GroupRole.NONE, GroupRole.ENTRY, GroupRole.PURCHASE))
    for mint, amount in alone.order_by().values_list("token_in").annotate(Sum("amount_in")):
        found[mint] += amount
    pairs = ours.filter(group_role__in=(GroupRole.TAKE_PROFIT, GroupRole.STOP_LOSS))
    largest = pairs.order_by().values_list("token_in", "group_id").annotate(Max("amount_in"))
    for mint, _, amount in largest:
        found[mint] += amount
    schedules = ours.filter(group_role=GroupRole.SCHEDULE, schedule__isnull=False)
    columns = ("token_in", "amount_in", "schedule__rounds", "schedule__last_round", "schedule__next_round")
    for mint, amount, rounds, last, following in schedules.values_list(*columns):
        found[mint] += amount * max(0, last - following + 1) // rounds
    budgets = ours.filter(group_role=GroupRole.BUDGET, launch_rules__isnull=False)
    left = ("token_in", "amount_in", "launch_rules__max_orders", "launch_rules__placed")
    for mint, amount, most, placed in budgets.values_list(*left):
        found[mint] += amount * max(0, most - placed)
    return dict(found)
