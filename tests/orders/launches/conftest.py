"""A watch for new pools that tests of sniper orders turn by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orders.launches.watcher import LaunchWatcher
from tests.orders.chain import TestChain
from tests.orders.launches.sniper_orders import watch


@pytest.fixture
def watcher(chain: TestChain) -> Iterator[LaunchWatcher]:
    """`sniper_orders.watch`, until the test ends."""
    with watch() as found:
        yield found
