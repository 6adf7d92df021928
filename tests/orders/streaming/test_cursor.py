"""What a connection was told is not told again."""

from __future__ import annotations

import uuid

from orders.lifecycle import Status
from orders.models import OrderEvent
from orders.streaming.cursor import Following


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def end(following: Following, order_id: uuid.UUID) -> None:
    following.follow(order_id)
    assert following.take(OrderEvent(order_id=order_id, sequence=5, status=Status.CONFIRMED))


def test_all_that_ended_in_the_last_minute_is_remembered() -> None:
    clock = Clock()
    following = Following(clock)
    ended = [uuid.uuid4() for _ in range(24_000)]
    for order_id in ended:
        # Six hundred a second, for forty seconds.
        clock.now += 1 / 600
        end(following, order_id)
    assert all(order_id in following for order_id in ended)
    assert following.behind(dict.fromkeys(ended, 5)) == {}


def test_what_ended_longer_ago_is_forgotten_but_for_the_last_ones() -> None:
    clock = Clock()
    following = Following(clock)
    old = [uuid.uuid4() for _ in range(12_000)]
    for order_id in old:
        end(following, order_id)
    clock.now += 61
    end(following, uuid.uuid4())
    assert sum(order_id in following for order_id in old) == 9_999
    assert old[-1] in following
