"""DCA: the rounds of a schedule as orders of their own, each placed once, none in a burst.

A round is a market order with the key ``parent:n``; that key and the schedule's conditional UPDATE make it
exactly one. A round that comes later than its time by more than half an interval is skipped and named, as is
one whose price lies outside the band. Whether a round is filled is its own order's matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.utils import timezone

from dex.errors import DexError
from orders import gateway
from orders.amounts import amount_at_price
from orders.errors import InvalidAmount
from orders.index_conditions import IS_WAITING
from orders.lifecycle import FINAL, FailureReason, GroupRole, OrderType, Status
from orders.models import Order, Schedule
from orders.pipeline import groups
from orders.pipeline.children import child_of
from orders.pipeline.outcomes import ended
from orders.platform import crash_points
from orders.platform.crash_points import crash_point
from orders.records import journal
from orders.records.transition import Transition
from orders.triggers.entries import market_of
from orders.wire.events import all_rounds_data
from orders.wire.schedules import placed_data, skipped_data

MISSED: Final = "MISSED"
OUT_OF_BAND: Final = "PRICE_OUT_OF_BAND"
KEY_TAKEN: Final = "KEY_TAKEN"
_LEAST_GRACE_SECONDS: Final = 30
_MOST_GRACE_SECONDS: Final = 7_200
_MOST_AT_ONCE: Final = 64
# How often is looked whether the last rounds have ended.
_LOOK_AGAIN: Final = timedelta(seconds=1)


def place_due() -> list[Order]:
    """Place the rounds that are due, and end schedules whose rounds have ended; the new orders."""
    now = timezone.now()
    due = Schedule.objects.filter(is_paused=False, next_at__lte=now).select_related("order")
    open_ones = due.filter(order__in=Order.objects.filter(IS_WAITING, network=settings.SOLANA_NETWORK))
    placed = []
    for schedule in open_ones.order_by("next_at")[:_MOST_AT_ONCE]:
        if schedule.next_round > schedule.last_round:
            _end(schedule, now)
        elif (order := _step(schedule, now)) is not None:
            placed.append(order)
    return placed


def grace(interval_seconds: int) -> timedelta:
    """By how much a round may be late: half an interval, within 30 s and two hours, never an interval."""
    seconds = min(_MOST_GRACE_SECONDS, max(_LEAST_GRACE_SECONDS, interval_seconds // 2))
    return timedelta(seconds=min(seconds, interval_seconds))


def _step(schedule: Schedule, now: datetime) -> Order | None:
    """Place the next round or skip what cannot be placed; the new order, if there is one."""
    missed = _missed(schedule, now)
    try:
        because = MISSED if missed else _why_not(schedule)
    except DexError:
        # No price yet: it is asked for again until the round is missed.
        return None
    if because is None:
        return _place(schedule)
    _skip(schedule, missed or 1, because)
    return None


def _why_not(schedule: Schedule) -> str | None:
    """Why the next round is not to be placed now, or None; raises DexError."""
    parent = schedule.order
    key = _key(schedule, schedule.next_round)
    if Order.objects.filter(user_id=parent.user_id, client_order_id=key).exists():
        # Somebody has given this key to an order of his own.
        return KEY_TAKEN
    try:
        return None if _is_in_band(schedule) else OUT_OF_BAND
    except InvalidAmount:
        # The band is less than a unit of this round, or more than there is.
        return OUT_OF_BAND


def _key(schedule: Schedule, number: int) -> str:
    return f"{schedule.pk}:{number}"


def _missed(schedule: Schedule, now: datetime) -> int:
    """How many rounds, the next one first, are too late by now."""
    interval = timedelta(seconds=schedule.interval_seconds)
    late = now - schedule.next_at - grace(schedule.interval_seconds)
    if late <= timedelta(0):
        return 0
    return min(-(-late // interval), schedule.last_round - schedule.next_round + 1)


def _skip(schedule: Schedule, count: int, because: str) -> None:
    first = schedule.next_round
    _advance(schedule, count)
    data = skipped_data(schedule.order, list(range(first, first + count)), because)
    _write(schedule, first, data)


def _place(schedule: Schedule) -> Order | None:
    number = schedule.next_round
    order = _round(schedule, number)
    _advance(schedule, 1)
    moved = _write(schedule, number, placed_data(schedule.order, number, order.pk), order)
    return order if moved else None


def _advance(schedule: Schedule, count: int) -> None:
    schedule.order.schedule = schedule
    schedule.next_round += count
    schedule.next_at += timedelta(seconds=schedule.interval_seconds) * count
    if schedule.next_round > schedule.last_round:
        schedule.next_at = timezone.now() + _LOOK_AGAIN


def _write(schedule: Schedule, number: int, data: dict[str, object], new: Order | None = None) -> bool:
    """The parent's step, the schedule and the new order in one transaction, if nobody was there first."""

    def alongside(_: list[Order]) -> None:
        rows = Schedule.objects.filter(pk=schedule.pk, next_round=number)
        if not rows.update(next_round=schedule.next_round, next_at=schedule.next_at):
            raise journal.Overtaken(str(schedule.pk))
        if new is not None:
            journal.insert([new])
        crash_point(crash_points.PLACING_ROUND)

    try:
        return bool(groups.record([Transition(schedule.order, Status.OPEN, data=data)], alongside))
    except journal.Overtaken:
        return False


def _round(schedule: Schedule, number: int) -> Order:
    parent = schedule.order
    return child_of(
        parent,
        client_order_id=_key(schedule, number),
        type=OrderType.MARKET,
        token_in=parent.token_in,
        token_out=parent.token_out,
        amount_in=amount_of(schedule, number),
        floor_amount_out=_band(schedule, number)[0],
        slippage_bps=parent.slippage_bps,
        slippage_is_auto=parent.slippage_is_auto,
        group_role=GroupRole.ROUND,
    )


def amount_of(schedule: Schedule, number: int) -> int:
    """What a round sells, in base units of the token in."""
    whole, rounds = schedule.order.amount_in, schedule.rounds
    return whole // rounds + (whole % rounds if number == rounds else 0)


def _at(schedule: Schedule, number: int, price: str | None, *, round_up: bool) -> int | None:
    if price is None:
        return None
    parent = schedule.order
    return amount_at_price(
        amount_of(schedule, number),
        gateway.decimals_of(parent.token_in),
        Decimal(price),
        gateway.decimals_of(parent.token_out),
        inverted=parent.prices_inverted,
        round_up=round_up,
    )


def _is_in_band(schedule: Schedule) -> bool:
    """Whether the executable price of the round's own size lies within the band; raises DexError."""
    if schedule.min_price is None and schedule.max_price is None:
        return True
    parent, number = schedule.order, schedule.next_round
    amount = amount_of(schedule, number)
    market = market_of(parent)
    value = gateway.look_at({market: amount}).of(market, amount).value
    if value is None:
        return False
    least, most = _band(schedule, number)
    return (least is None or value >= least) and (most is None or value <= most)


def _band(schedule: Schedule, number: int) -> tuple[int | None, int | None]:
    """What the round brings at least and at most within the band; a price of the token out is its inverse."""
    low, high = schedule.min_price, schedule.max_price
    if schedule.order.prices_inverted:
        low, high = high, low
    return _at(schedule, number, low, round_up=True), _at(schedule, number, high, round_up=False)


def _end(schedule: Schedule, now: datetime) -> None:
    """End the parent when all rounds have ended; else look again a moment later."""
    parent = schedule.order
    rounds = list(parent.group.orders.filter(group_role=GroupRole.ROUND)) if parent.group else []
    if any(Status(each.status) not in FINAL for each in rounds):
        Schedule.objects.filter(pk=schedule.pk).update(next_at=now + _LOOK_AGAIN)
        return
    groups.record([_ended(parent, [each for each in rounds if each.status == Status.CONFIRMED], now)])


def _ended(parent: Order, filled: Sequence[Order], now: datetime) -> Transition:
    if not filled:
        return ended(parent, gateway.failed(FailureReason.NO_ROUND_FILLED))
    amount_in = sum(each.executed_amount_in or 0 for each in filled)
    amount_out = sum(each.executed_amount_out or 0 for each in filled)
    changes = {
        "executed_amount_in": amount_in,
        "executed_amount_out": amount_out,
        "confirmed_at": now,
        # Of each round that was asked for itself.
        "finalized_at": now,
    }
    return Transition(parent, Status.CONFIRMED, changes, all_rounds_data(parent, amount_in, amount_out))
