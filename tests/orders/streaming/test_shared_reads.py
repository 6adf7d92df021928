"""What many connections ask at once is asked of the database once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import DatabaseError

from orders.lifecycle import Status
from orders.streaming import groups, shared_reads
from orders.streaming.groups import fan_out
from tests.orders.sockets import moved, new_order, opened


class Asked:
    """A query that notes what it was asked for and answers when it is let go."""

    def __init__(self) -> None:
        self.wanted: list[dict[str, int]] = []
        self.let_go = threading.Semaphore(0)

    def __call__(self, wanted: Mapping[str, int]) -> dict[str, list[int]]:
        self.wanted.append(dict(wanted))
        assert self.let_go.acquire(timeout=5)
        if "broken" in wanted:
            raise DatabaseError("away")
        return {key: [bound + 1] for key, bound in wanted.items()}


async def test_those_who_ask_together_share_a_query_from_the_lowest_bound() -> None:
    asked = Asked()
    query = shared_reads.SharedQuery(asked)
    asked.let_go.release()
    answers = await asyncio.gather(*(query.ask({"a": bound}) for bound in (3, 1, 2)), query.ask({"b": 7}))
    assert asked.wanted == [{"a": 1, "b": 7}]
    assert [dict(answer) for answer in answers] == [{"a": [2], "b": [8]}] * 4


async def test_those_who_ask_while_a_query_runs_share_the_next_one() -> None:
    asked = Asked()
    query = shared_reads.SharedQuery(asked)
    first = asyncio.create_task(query.ask({"a": 1}))
    while not asked.wanted:  # noqa: ASYNC110
        await asyncio.sleep(0)
    later = [asyncio.create_task(query.ask({"a": 2})) for _ in range(50)]
    await asyncio.sleep(0)
    later[0].cancel()
    asked.let_go.release(2)
    assert (await first)["a"] == [2]
    assert [(await each)["a"] for each in later[1:]] == [[3]] * 49
    assert asked.wanted == [{"a": 1}, {"a": 2}]


async def test_a_failed_query_fails_those_who_asked_and_nobody_later() -> None:
    asked = Asked()
    query = shared_reads.SharedQuery(asked)
    asked.let_go.release(2)
    with pytest.raises(DatabaseError):
        await query.ask({"broken": 1})
    assert await query.ask({"a": 1}) == {"a": [2]}


@pytest.mark.django_db(transaction=True)
async def test_many_feeds_of_a_user_cost_one_query_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    groups.use(groups.FanOut(poll_seconds=60))
    order = await new_order()
    queries = []
    read = shared_reads.cursor.rows_after

    def noted(told: Any) -> Any:
        queries.append(dict(told))
        return read(told)

    async with (
        opened("/api/orders/ws") as one,
        opened("/api/orders/ws") as two,
        opened("/api/orders/ws") as three,
    ):
        for socket in (one, two, three):
            assert await socket.statuses(1) == [(1, "pending")]
        monkeypatch.setattr(shared_reads.cursor, "rows_after", noted)
        await moved(order, Status.ROUTING)
        for socket in (one, two, three):
            assert await socket.statuses(1) == [(2, "routing")]
    assert queries == [{order.pk: 1}]


@pytest.mark.django_db(transaction=True)
async def test_when_all_have_gone_nothing_is_kept() -> None:
    order = await new_order()
    async with opened("/api/orders/ws"), opened("/api/orders/connect"), opened(f"/ws/orders/{order.pk}"):
        assert sorted(fan_out()._groups) == sorted([f"order.{order.pk.hex}", f"orders.{order.user_id}"])
    assert fan_out()._groups == {}
    assert fan_out()._clock is None
