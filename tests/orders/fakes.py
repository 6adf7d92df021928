"""What tests hand in where a process has threads: each keeps what it is given, and does nothing by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from kombu.exceptions import OperationalError

from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.notify.hints import Hint


class FakeBroker:
    """In place of the broker: keeps messages, or refuses them."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.messages: list[tuple[Status, list[UUID]]] = []

    def publish(self, status: Status, order_ids: Sequence[UUID]) -> None:
        """`orders.pipeline.dispatch.publish`."""
        if self.refuses:
            raise OperationalError("connection refused")
        self.messages.append((status, list(order_ids)))


class FakePoller:
    """In place of the settlement poller: keeps the attempts that it is to follow."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []

    def watch(self, attempts: Iterable[Attempt]) -> None:
        """`orders.pipeline.poller.Poller.watch`."""
        self.attempts.extend(attempts)

    adopt = watch


class FakeDispatcher:
    """In place of the dispatcher: keeps new orders, and those that wait for their moment."""

    def __init__(self) -> None:
        self.new: list[UUID] = []
        self.waiting: list[Order] = []
        self.apart: list[Order] = []

    def announce(self, order_ids: Iterable[UUID]) -> None:
        """`orders.pipeline.dispatch.Dispatcher.announce`."""
        self.new.extend(order_ids)

    def at_due_time(self, orders: Iterable[Order]) -> None:
        """`orders.pipeline.dispatch.Dispatcher.at_due_time`."""
        self.waiting.extend(orders)

    def alone(self, orders: Iterable[Order]) -> None:
        """`orders.pipeline.dispatch.Dispatcher.alone`."""
        self.apart.extend(orders)


class FakePublisher:
    """In place of the hint publisher: keeps hints."""

    def __init__(self) -> None:
        self.hints: list[Hint] = []

    def publish(self, hints: Sequence[Hint]) -> None:
        """`orders.notify.hint_publisher.HintPublisher.publish`."""
        self.hints.extend(hints)
