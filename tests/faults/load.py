"""Orders that keep coming while something is broken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from orders.proving.soak.rig import Rig
from orders.proving.soak.waiting import eventually

# Orders per second, so that a load of some seconds lies over the whole fault and its end.
_BETWEEN_SECONDS = 0.05


@dataclass(slots=True)
class Load:
    """What has been placed so far, and how many there will be."""

    wanted: int
    placed: list[UUID] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def await_count(self, count: int) -> None:
        """Wait until so many have been accepted."""
        eventually(
            lambda: self.failures or len(self.placed) >= count, 60, lambda: f"{len(self.placed)} placed"
        )
        assert not self.failures, self.failures


@contextmanager
def orders_coming_in(rig: Rig, count: int, clients: int = 4) -> Iterator[Load]:
    """Place ``count`` orders from a few threads, each until accepted; waits for the last at the end."""
    load = Load(count)
    pause = threading.Event()

    def place(share: int) -> None:
        try:
            for _ in range(share):
                load.placed.append(rig.client.place_surely())
                pause.wait(_BETWEEN_SECONDS)
        except BaseException as error:
            load.failures.append(error)
            raise

    threads = [threading.Thread(target=place, args=(count // clients,), daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        pause.set()
        for thread in threads:
            thread.join(90)
    load.await_count(count // clients * clients)
