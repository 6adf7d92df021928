"""Which open sniper orders there are, and which launches each may buy in."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from dex.types import SwapMode
from orders.gateway import Market
from orders.index_conditions import IS_WAITING
from orders.lifecycle import GroupRole, OrderType
from orders.models import Launch, LaunchRules, Order
from orders.records import kill_switch, launches, routes

_READ_LASTS_SECONDS: Final = 0.4
_MOST_ORDERS: Final = 256
# Of one order, the newest launches; a mint has a few pools, a budget looks at what came up lately.
_MOST_LAUNCHES: Final = 24
# A budget leaves alone what has been open for longer.
_TOO_OLD: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Sniper:
    """An open sniper order with its rules and the launches that it may buy in, oldest first."""

    order: Order
    rules: LaunchRules
    launches: Sequence[Launch]

    @property
    def is_budget(self) -> bool:
        """Whether it buys by orders of their own."""
        return self.order.group_role == GroupRole.BUDGET

    def market(self, launch: Launch) -> Market:
        """Where its amount has its price: in this pool, by the bounds of the order."""
        bounds = routes.bounds_of(routes.ending_in(self.order.route_bounds, launch.pool))
        return Market(self.order.token_in, launch.token_mint, SwapMode.EXACT_IN, bounds)


class OpenSnipers:
    """The open sniper orders, read again a few times a second: to read them takes longer than to quote.

    Whether an order still waits as it was read is settled where it is written. Belongs to one thread, but
    for `forget`.
    """

    def __init__(self) -> None:
        self._read: list[Sniper] = []
        self._until = float("-inf")

    def now(self) -> list[Sniper]:
        """As they were read lately; none while trading is off."""
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + _READ_LASTS_SECONDS
            self._read = open_snipers() if kill_switch.is_on() else []
        return self._read

    def forget(self) -> None:
        """Read them again before the next look."""
        self._until = float("-inf")


def open_snipers() -> list[Sniper]:
    """Those of this network that may be tried now, oldest first; those of one user in their order."""
    now = timezone.now()
    rows = Order.objects.filter(
        IS_WAITING, network=settings.SOLANA_NETWORK, type=OrderType.SNIPER, due_at__lte=now
    )
    found = list(rows.select_related("launch_rules", "group").order_by("created_at")[:_MOST_ORDERS])
    by_mint = _of_mints({order.token_out for order in found if order.group_role != GroupRole.BUDGET})
    return [_with_launches(order, by_mint, now) for order in found if hasattr(order, "launch_rules")]


def _of_mints(mints: Collection[str]) -> Mapping[str, list[Launch]]:
    by_mint: defaultdict[str, list[Launch]] = defaultdict(list)
    if mints:
        for launch in launches.ours().filter(token_mint__in=mints).order_by("seen_at"):
            by_mint[launch.token_mint].append(launch)
    return by_mint


def _with_launches(order: Order, by_mint: Mapping[str, list[Launch]], now: datetime) -> Sniper:
    rules = order.launch_rules
    rules.order = order
    if order.group_role == GroupRole.BUDGET:
        return Sniper(order, rules, _for_budget(order, rules, now))
    return Sniper(order, rules, by_mint.get(order.token_out, [])[-_MOST_LAUNCHES:])


def _for_budget(order: Order, rules: LaunchRules, now: datetime) -> list[Launch]:
    """Launches since the order, of tokens that it has not bought yet; none once it has placed all."""
    if rules.placed >= (rules.max_orders or 0):
        return []
    bought = bought_by(order)
    since = launches.ours().filter(seen_at__gte=order.created_at).order_by("-seen_at", "-id")
    fresh = [
        launch
        for launch in since[: 4 * _MOST_LAUNCHES]
        if launch.token_mint not in bought and not _is_old(launch, now)
    ]
    return fresh[:_MOST_LAUNCHES][::-1]


def _is_old(launch: Launch, now: datetime) -> bool:
    return launch.opened_at is not None and now - launch.opened_at > _TOO_OLD


def orders_of(budget: Order) -> list[Order]:
    """The purchases of a budget so far."""
    return list(Order.objects.filter(user_id=budget.user_id, client_order_id__startswith=f"{budget.pk}:"))


def bought_by(budget: Order) -> set[str]:
    """The tokens that a budget has set out to buy."""
    return {order.token_out for order in orders_of(budget)}


def key_of(budget: Order, mint: str) -> str:
    """The key of the order that buys a token out of a budget: one token, one order."""
    return f"{budget.pk}:{mint}"
