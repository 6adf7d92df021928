"""Orders that wait, placed through the API's own intake, and a watcher that looks when the test says so."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from orders import gateway
from orders.intake.place import place_order
from orders.intake.route_bounds import bounds_of
from orders.lifecycle import Status
from orders.models import Order
from orders.pipeline import stages
from orders.triggers.watcher import Watcher
from orders.wire.request_parsing import parse_order
from orders.wire.requests import OrderIntent
from tests.orders.chain import TestChain
from tests.orders.lone_pools import set_price
from tests.orders.order_runs import settle, stored

ONLY: dict[str, Any] = {"venues": ["raydium-cpmm"], "maxHops": 1, "maxSplits": 1}


def intent(**fields: Any) -> OrderIntent:
    """Five SOL for USDC over Raydium's CPMM pool alone, and what the test says beside."""
    return parse_order({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5", **ONLY, **fields})


def place(user: User, **fields: Any) -> Order:
    return place_order(user, intent(**fields)).order


def price_now() -> Decimal:
    """What the pool pays for each of five SOL, in USDC."""
    sol, usdc = gateway.find_token("SOL"), gateway.find_token("USDC")
    quotes = gateway.quote_pair(sol, usdc, 5_000_000_000, 50, bounds=bounds_of(intent()))
    return Decimal(quotes.quotes[0].amount_out) / Decimal(5_000_000)


def move_price(chain: TestChain, percent: int) -> None:
    """Let the pool pay ``percent`` of what it pays now."""
    sol, usdc = gateway.find_token("SOL"), gateway.find_token("USDC")
    [best, *_] = gateway.quote_pair(sol, usdc, 1_000_000, 50, bounds=bounds_of(intent())).quotes
    set_price(chain, best.pool, percent)


def times(price: Decimal, percent: int) -> str:
    """So much of a price, as a request says it."""
    return format((price * percent / 100).quantize(Decimal("0.000001")), "f")


def looks(watcher: Watcher, chain: TestChain, count: int = 1) -> list[Order]:
    """What ``count`` looks release, each at a later slot."""
    released = []
    for _ in range(count):
        chain.call("localnet_advance", {"slots": 2})
        released += watcher.look()
    return released


def fill(order: Order) -> Order:
    """Take a released order through what is left of its stages; as it is when it has ended or waits again."""
    stages.route([order.pk])
    stages.build([order.pk])
    stages.submit([order.pk])
    if stored(order).status == Status.SUBMITTED:
        settle([order.pk])
    return stored(order)


def rested(order: Order) -> None:
    """Let the pause after a failed attempt be over."""
    Order.objects.filter(pk=order.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def statuses(order: Order) -> list[str]:
    return list(order.events.order_by("sequence").values_list("status", flat=True))
