"""Sniper orders set on their way by one conditional UPDATE, of a budget by an order for each token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from dex.types import Route
from orders.gateway import Failure
from orders.launches.candidates import Sniper, key_of, orders_of
from orders.lifecycle import FINAL, FailureReason, GroupKind, GroupRole, OrderType, Status
from orders.models import Hold, Launch, LaunchRules, Order, OrderGroup
from orders.pipeline import express, groups
from orders.pipeline.children import child_of
from orders.pipeline.express import Ready
from orders.pipeline.outcomes import ended
from orders.platform import crash_points
from orders.platform.crash_points import crash_point
from orders.records import journal, kill_switch, routes
from orders.records.transition import Transition
from orders.wire.events import all_rounds_data, fired_data
from orders.wire.sniping import purchase_data, sniping_data


@dataclass(frozen=True, slots=True)
class Fired:
    """What has set an order on its way: the quote of a slot."""

    route: Route
    slot: int


_SAID_AT_ONCE: Final = 8
_PAUSE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Bought:
    """An order on its way into a pool; ``is_stored``: with its transaction, that is to be sent at once."""

    order: Order
    is_stored: bool


def buyer_of(sniper: Sniper, launch: Launch) -> Order:
    """The order that buys in a launch: a sniper order itself, for a budget a new one, not written yet."""
    return _purchase(sniper, launch) if sniper.is_budget else sniper.order


def buy(sniper: Sniper, launch: Launch, fired: Fired, buyer: Order, ready: Ready | None) -> Bought | None:
    """Set an order on its way into a pool, unless somebody was there first.

    With the transaction that is ready for it, where there is one and it may be stored; else by the stages of
    the pipeline, which say why.
    """
    placed = sniper.rules.placed
    if ready is not None:
        try:
            with transaction.atomic():
                moved = _moved(sniper, launch, fired, buyer)
                if moved is None:
                    return None
                express.store(moved, ready)
        except express.NotStored:
            # Nothing of it is written: it goes by the rows as they are.
            sniper.order.refresh_from_db()
            sniper.rules.placed = placed
            if not kill_switch.is_on():
                # It waits on, and is held against its rules again when trading is.
                return None
            buyer = buyer_of(sniper, launch)
        else:
            crash_point(crash_points.RELEASED)
            return Bought(moved, is_stored=True)
    moved = _moved(sniper, launch, fired, buyer)
    crash_point(crash_points.RELEASED)
    return Bought(moved, is_stored=False) if moved else None


def _moved(sniper: Sniper, launch: Launch, fired: Fired, buyer: Order) -> Order | None:
    return _place(sniper, buyer) if sniper.is_budget else _fire(sniper, launch, fired)


def _fire(sniper: Sniper, launch: Launch, fired: Fired) -> Order | None:
    order, now = sniper.order, timezone.now()
    changes = {
        "due_at": now,
        "swept_at": None,
        "route_bounds": routes.ending_in(order.route_bounds, launch.pool),
    }

    def alongside(_: list[Order]) -> None:
        LaunchRules.objects.filter(pk=order.pk).update(pool=launch.pool, held_by=Hold.NONE)
        crash_point(crash_points.RELEASING)

    data = fired_data(fired.route, fired.slot)
    moved = groups.record([Transition(order, Status.ROUTING, changes, data)], alongside)
    return order if moved else None


def hold(sniper: Sniper, launch: Launch | None, why: Hold) -> None:
    """Say why an order does not buy yet, where that is news."""
    rules, order = sniper.rules, sniper.order
    pool = launch.pool if launch else ""
    if sniper.is_budget or (rules.held_by == why and rules.pool == pool):
        return
    if order.version > _SAID_AT_ONCE and timezone.now() - order.updated_at < _PAUSE:
        # Where a pool wavers from slot to slot, not each of its states is news.
        return
    rules.held_by, rules.pool = why, pool

    def alongside(_: list[Order]) -> None:
        LaunchRules.objects.filter(pk=order.pk).update(held_by=why, pool=pool)

    groups.record([Transition(order, Status.OPEN, data=sniping_data(order))], alongside)


def _place(sniper: Sniper, child: Order) -> Order | None:
    """An order of its own for a token, which the budget counts in the same transaction."""
    budget, rules = sniper.order, sniper.rules
    before = rules.placed
    rules.placed += 1

    def alongside(_: list[Order]) -> None:
        rows = LaunchRules.objects.filter(pk=budget.pk, placed=before, max_orders__gt=before)
        if not rows.update(placed=rules.placed):
            raise journal.Overtaken(str(budget.pk))
        journal.insert([child])
        crash_point(crash_points.PLACING_ROUND)

    data = purchase_data(budget, child.token_out, child.pk)
    try:
        moved = groups.record([Transition(budget, Status.OPEN, data=data)], alongside)
    except (journal.Overtaken, IntegrityError):
        # Another worker has bought this token, or somebody has given its key to an order of his own.
        moved = []
    if not moved:
        rules.placed = before
        return None
    return child


def _purchase(sniper: Sniper, launch: Launch) -> Order:
    budget, rules = sniper.order, sniper.rules
    columns: dict[str, Any] = {"group_role": GroupRole.PURCHASE}
    if rules.exits:
        group = OrderGroup(
            user_id=budget.user_id,
            kind=GroupKind.BRACKET,
            exits=rules.exits,
            parent_id=budget.group_id,
            created_at=timezone.now(),
        )
        columns = {"group_role": GroupRole.ENTRY, "group": group}
    child = child_of(
        budget,
        client_order_id=key_of(budget, launch.token_mint),
        type=OrderType.SNIPER,
        token_in=budget.token_in,
        token_out=launch.token_mint,
        amount_in=budget.amount_in,
        slippage_bps=budget.slippage_bps,
        slippage_is_auto=budget.slippage_is_auto,
        expires_at=budget.expires_at,
        route_bounds=routes.ending_in(budget.route_bounds, launch.pool),
        **columns,
    )
    LaunchRules(
        order=child,
        min_liquidity=rules.min_liquidity,
        max_fee_bps=rules.max_fee_bps,
        max_round_trip_bps=rules.max_round_trip_bps,
        max_holder_share_bps=rules.max_holder_share_bps,
        require=rules.require,
        blocked_creators=rules.blocked_creators,
        open_within_seconds=rules.open_within_seconds,
        exits=rules.exits,
        pool=launch.pool,
    )
    return child


def end_if_done(sniper: Sniper) -> bool:
    """End a budget that has placed all its purchases when these have ended; whether it was."""
    budget, rules = sniper.order, sniper.rules
    if rules.max_orders is None or rules.placed < rules.max_orders:
        return False
    purchases = orders_of(budget)
    if any(Status(each.status) not in FINAL for each in purchases):
        return False
    filled = [each for each in purchases if each.status == Status.CONFIRMED]
    return bool(groups.record([_ended(budget, filled)]))


def _ended(budget: Order, filled: list[Order]) -> Transition:
    if not filled:
        reason = FailureReason.NO_LAUNCH_BOUGHT
        return ended(budget, Failure(reason, str(reason.label)))
    now = timezone.now()
    spent = sum(each.executed_amount_in or 0 for each in filled)
    changes = {"executed_amount_in": spent, "confirmed_at": now, "finalized_at": now}
    return Transition(budget, Status.CONFIRMED, changes, all_rounds_data(budget, spent, None))
