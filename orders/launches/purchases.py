"""Sniper orders set on their way by one conditional UPDATE, of a budget by an order for each token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError
from django.utils import timezone

from dex.types import Route
from orders.gateway import Failure
from orders.launches.candidates import Sniper, key_of, orders_of
from orders.lifecycle import FINAL, FailureReason, GroupKind, GroupRole, OrderType, Status
from orders.models import Hold, Launch, LaunchRules, Order, OrderGroup
from orders.pipeline import groups
from orders.pipeline.children import child_of
from orders.pipeline.outcomes import ended
from orders.platform import crash_points
from orders.platform.crash_points import crash_point
from orders.records import journal, routes
from orders.records.transition import Transition
from orders.wire.events import all_rounds_data, fired_data
from orders.wire.sniping import purchase_data, sniping_data

_SAID_AT_ONCE: Final = 8
_PAUSE: Final = timedelta(seconds=5)


def fire(sniper: Sniper, launch: Launch, route: Route, slot: int) -> Order | None:
    """Set a sniper order on its way into a pool, unless somebody was there first; the order then."""
    if sniper.is_budget:
        return _place(sniper, launch)
    order, now = sniper.order, timezone.now()
    changes = {
        "due_at": now,
        "swept_at": None,
        "route_bounds": routes.ending_in(order.route_bounds, launch.pool),
    }

    def alongside(_: list[Order]) -> None:
        LaunchRules.objects.filter(pk=order.pk).update(pool=launch.pool, held_by=Hold.NONE)
        crash_point(crash_points.RELEASING)

    moved = groups.record([Transition(order, Status.ROUTING, changes, fired_data(route, slot))], alongside)
    crash_point(crash_points.RELEASED)
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


def _place(sniper: Sniper, launch: Launch) -> Order | None:
    """An order of its own for a token, which the budget counts in the same transaction."""
    budget, rules = sniper.order, sniper.rules
    child = _purchase(sniper, launch)
    before = rules.placed
    rules.placed += 1

    def alongside(_: list[Order]) -> None:
        rows = LaunchRules.objects.filter(pk=budget.pk, placed=before, max_orders__gt=before)
        if not rows.update(placed=rules.placed):
            raise journal.Overtaken(str(budget.pk))
        journal.insert([child])
        crash_point(crash_points.PLACING_ROUND)

    data = purchase_data(budget, launch.token_mint, child.pk)
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
