"""Sniper orders, with kill -9 between any two statements of their way, and everything away at the opening.

Afterwards the checker holds rows and chain against each other: each token bought once, none worse than its
floor, of two exits one at most.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from orders.platform import crash_points
from orders.proving.soak.rig import Rig
from orders.proving.soak.waiting import eventually

pytestmark = pytest.mark.faults

SNIPER: dict[str, Any] = {
    "type": "sniper",
    "tokenIn": "SOL",
    "tokenOut": "any",
    "amountInRaw": "10000000",
    "launch": {"require": ["sellable"]},
}


@pytest.fixture(autouse=True)
def _watched(rig: Rig) -> None:
    eventually(rig.books.tells_new_pools, 20, "the first list of pools")


def budget(**fields: Any) -> dict[str, Any]:
    return {**SNIPER, "maxOrders": 1, **fields}


def purchases(rig: Rig, parent: UUID) -> list[Any]:
    rows = rig.books.orders().values()
    return [row for row in rows if (row.client_order_id or "").startswith(f"{parent}:")]


def await_bought(rig: Rig, parent: UUID, count: int = 1, seconds: int = 40) -> list[Any]:
    """The purchases of a budget once so many are filled."""

    def bought() -> list[Any] | None:
        found = [row for row in purchases(rig, parent) if row.status == "confirmed"]
        return found if len(found) == count else None

    return eventually(bought, seconds, lambda: str(purchases(rig, parent)))


def only_worker(rig: Rig, crash_point: str) -> None:
    """One worker is left, and it will kill itself at this point."""
    rig.workers[1].kill()
    rig.crash_in(rig.workers[0], crash_point)


@pytest.mark.parametrize(
    ("rig", "crash_point"),
    [
        ("sqlite", crash_points.PLACING_ROUND),
        ("sqlite", crash_points.SIGNED),
        ("sqlite", crash_points.STORING),
        ("postgres", crash_points.PLACING_ROUND),
        ("postgres", crash_points.BEFORE_SEND),
        ("postgres", crash_points.SENT),
    ],
    indirect=["rig"],
)
def test_a_worker_killed_on_the_way_of_a_purchase(rig: Rig, crash_point: str) -> None:
    only_worker(rig, crash_point)
    parent = rig.client.place(**budget())
    launch = rig.launch(opensInSlots=2)
    assert rig.workers[0].await_death() == -9
    rig.workers[0].start()
    [row] = await_bought(rig, parent)
    assert row.token_out == launch["mint"]
    rig.client.await_confirmed(parent)


@pytest.mark.parametrize(
    ("rig", "crash_point"),
    [("sqlite", crash_points.RELEASING), ("postgres", crash_points.RELEASED)],
    indirect=["rig"],
)
def test_a_worker_killed_while_it_sets_a_sniper_on_its_way(rig: Rig, crash_point: str) -> None:
    launch = rig.launch(opensInSlots=40)
    only_worker(rig, crash_point)
    order_id = rig.client.place(**{**SNIPER, "tokenOut": launch["mint"]})
    assert rig.workers[0].await_death() == -9
    rig.workers[0].start()
    rig.client.await_confirmed(order_id)


@pytest.mark.parametrize("rig", ["sqlite"], indirect=True)
def test_a_launch_while_everything_is_down_is_bought_afterwards(rig: Rig) -> None:
    parent = rig.client.place(**budget(exit={"afterSeconds": 2}))
    for worker in rig.workers:
        worker.kill()
    launch = rig.launch(opensInSlots=2)
    for worker in rig.workers:
        worker.start()
    [row] = await_bought(rig, parent)
    assert row.token_out == launch["mint"]

    def sold() -> bool:
        rows = rig.books.orders().values()
        return any(o.token_in == launch["mint"] and o.status == "confirmed" for o in rows)

    # Its exit survives a kill of everything too.
    for part in rig.parts:
        part.kill()
    for part in rig.parts:
        part.launch()
        part.await_ready()
    eventually(sold, 40, "the exit")


@pytest.mark.parametrize("rig", ["postgres"], indirect=True)
def test_two_workers_buy_each_of_many_launches_once(rig: Rig) -> None:
    parent = rig.client.place(**budget(maxOrders=5))
    # Nobody buys while what others move is left out of the books.
    for worker in rig.workers:
        worker.kill()
    mints = {rig.launch(opensInSlots=15)["mint"] for _ in range(5)}
    for worker in rig.workers:
        worker.start()
    assert {row.token_out for row in await_bought(rig, parent, 5)} == mints


@pytest.mark.parametrize("rig", ["sqlite"], indirect=True)
def test_a_node_that_is_away_at_the_opening_costs_time_alone(rig: Rig) -> None:
    parent = rig.client.place(**budget())
    rig.launch(opensInSlots=20)
    rig.rpc_line.cut()
    assert purchases(rig, parent) == []
    rig.rpc_line.pass_through()
    await_bought(rig, parent)
