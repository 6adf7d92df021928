"""How long a watcher takes until it knows very many open orders of the database, and has looked at them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from orders import gateway
from orders.errors import OrderError
from orders.lifecycle import OrderType, Status
from orders.models import Order
from orders.records import journal
from orders.records.thresholds import Decimals, TriggerTerms, trigger_of
from orders.triggers.watcher import Watcher

_A_PIECE: Final = 2_000
_PAIRS: Final = (("SOL", "USDC"), ("SOL", "USDT"), ("USDC", "SOL"), ("USDT", "SOL"))
_LEAST_BPS, _MOST_BPS = 100, 3_000
_ALL_BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class StartUp:
    """Seconds by the clock and of this thread's CPU until the first look was over, and how many it knew."""

    seconds: float
    cpu_seconds: float
    watched: int


class NotEmpty(Exception):
    """The database has orders."""


def fill(count: int) -> None:
    """Write so many open limit orders, 1 to 30 % from the price. Raises NotEmpty, ChainUnavailable."""
    if Order.objects.exists():
        raise NotEmpty
    user, _ = get_user_model().objects.get_or_create(username="bench")
    made = _orders(count, user.pk)
    while piece := [order for order, _ in zip(made, range(_A_PIECE), strict=False)]:
        journal.insert(piece)


def start() -> StartUp:
    """Begin to watch as a worker does. Raises OrderError where the node does not answer."""
    watcher = Watcher()
    began, cpu_began = time.monotonic(), time.thread_time()
    watcher.look()
    took = StartUp(time.monotonic() - began, time.thread_time() - cpu_began, watcher.watched)
    if not took.watched:
        raise OrderError("no pair was watched: is the node there?")
    return took


def _orders(count: int, user_id: int) -> Iterator[Order]:
    draw, now = Random(1), timezone.now()  # noqa: S311
    prices = {pair: _price(*pair) for pair in _PAIRS}
    for number in range(count):
        token_in, token_out = (gateway.find_token(name) for name in _PAIRS[number % len(_PAIRS)])
        amount, value = prices[_PAIRS[number % len(_PAIRS)]]
        part, bps = draw.randrange(1, 1_000), draw.randrange(_LEAST_BPS, _MOST_BPS)
        order = Order(
            user_id=user_id,
            request_hash="0" * 64,
            network=settings.SOLANA_NETWORK,
            wallet="",
            type=OrderType.LIMIT,
            status=Status.OPEN,
            token_in=str(token_in.mint),
            token_out=str(token_out.mint),
            amount_in=amount * part // 1_000,
            slippage_bps=50,
            floor_amount_out=value * part // 1_000 * (_ALL_BPS + bps) // _ALL_BPS,
            due_at=now,
            created_at=now,
            updated_at=now,
        )
        trigger_of(order, TriggerTerms(), Decimals(token_in.decimals, token_out.decimals))
        yield order


def _price(token_in: str, token_out: str) -> tuple[int, int]:
    """A hundred of SOL, or ten thousand of money, and what they bring, in base units."""
    sold, bought = gateway.find_token(token_in), gateway.find_token(token_out)
    amount = (100 if sold.symbol == "SOL" else 10_000) * 10**sold.decimals
    return amount, gateway.quote_pair(sold, bought, amount, 50).quotes[0].amount_out
