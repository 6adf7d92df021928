"""Sniper orders, placed through the own intake, over launches that localnet makes when a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User

from orders.intake.place import place_order
from orders.launches.snipers import Snipers
from orders.launches.watcher import LaunchWatcher
from orders.models import Launch, LaunchWatch, Order
from orders.wire.request_parsing import parse_order
from tests.orders.chain import TestChain, eventually

# What localnet's launches do not satisfy by default on all venues is asked for by the tests that need it.
NOTHING: dict[str, Any] = {"require": []}


@contextmanager
def watch() -> Iterator[LaunchWatcher]:
    """A watcher that has looked at all that is there before the test launches anything."""
    watcher = LaunchWatcher()
    try:
        until(watcher, lambda: any(each.listed_venues for each in LaunchWatch.objects.all()))
        yield watcher
    finally:
        watcher.stop()


def until(watcher: LaunchWatcher, holds: Callable[[], Any]) -> Any:
    """Let the watcher look until something holds."""

    def look() -> Any:
        watcher.look()
        return holds()

    return eventually(look)


def launched(chain: TestChain, watcher: LaunchWatcher, **wish: Any) -> Launch:
    """A launch of localnet, as it was seen."""
    record = chain.call("localnet_launch", {"venue": "raydium-cpmm", "quote": "SOL", **wish})["value"]
    found = until(watcher, lambda: Launch.objects.filter(pool=record["pool"]).first())
    assert isinstance(found, Launch)
    return found


def opened(chain: TestChain, watcher: LaunchWatcher, launch: Launch) -> Launch:
    """The launch once it is funded and open."""

    def is_open() -> Launch | None:
        chain.call("localnet_advance", {"slots": 200})
        return Launch.objects.filter(pk=launch.pk, opened_at__isnull=False, funded_at__isnull=False).first()

    found = until(watcher, is_open)
    assert isinstance(found, Launch)
    return found


def snipe(user: User, mint: str, **fields: Any) -> Order:
    """A sniper order for a tenth of a SOL."""
    said = {"type": "sniper", "tokenIn": "SOL", "tokenOut": mint, "amountIn": "0.1", "launch": NOTHING}
    return place_order(user, parse_order({**said, **fields})).order


def look(released: list[Order] | None = None) -> list[Order]:
    """What one look at all sniper orders sets on its way."""
    found: list[Order] = [] if released is None else released
    sniping(found).look()
    return found


def sniping(released: list[Order]) -> Snipers:
    """Looks at sniper orders, and adds to ``released`` what it sets on its way, sent or not."""
    return Snipers(lambda: True, released.extend, lambda sent: released.extend(each.order for each in sent))
