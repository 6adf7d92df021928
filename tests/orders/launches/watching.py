"""A watcher of new pools that a test takes through its rounds, and launches on the test's chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from orders.launches.watcher import LaunchWatcher
from orders.models import Launch, LaunchWatch
from tests.orders.chain import TestChain, eventually

VENUES = (
    "raydium-cpmm",
    "meteora-damm-v2",
    "raydium-amm-v4",
    "raydium-clmm",
    "meteora-dlmm",
    "orca-whirlpool",
)


@contextmanager
def watching(**calls: Any) -> Iterator[LaunchWatcher]:
    """A watcher that has looked at all that is there."""
    watcher = LaunchWatcher(**calls)
    try:
        rounds(watcher, lambda: any(watch.listed_venues for watch in LaunchWatch.objects.all()))
        yield watcher
    finally:
        watcher.stop()


def rounds(watcher: LaunchWatcher, until: Callable[[], Any]) -> Any:
    """Let the watcher look until something holds, and return that."""

    def look() -> Any:
        watcher.look()
        return until()

    return eventually(look, seconds=20)


def launch(chain: TestChain, **wish: Any) -> dict[str, Any]:
    """A launch of the chain's own: what it says of it."""
    answer = chain.call("localnet_launch", wish)
    chain.call("localnet_advance", {"slots": 2})
    found: dict[str, Any] = answer["value"]
    return found


def row_of(launched: dict[str, Any]) -> Launch | None:
    """The row of a launch, if there is one."""
    return Launch.objects.filter(pool=launched["pool"]).first()
