"""Orders that wait, with kill -9 between any two statements of their way, and clocks that jump.

Afterwards the checker holds rows and chain against each other: each filled once at most, none worse than its
limit, of two siblings one at most.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from orders.platform import crash_points
from orders.proving.soak.rig import Rig
from orders.proving.soak.waiting import eventually

pytestmark = pytest.mark.faults

AMOUNT = {"amountInRaw": "10000000"}


def price_of(rig: Rig) -> Decimal:
    """What a SOL brings now, by an order that has been filled."""
    filled = rig.client.await_confirmed(rig.client.place(**AMOUNT))
    return Decimal(filled["executedPrice"])


def times(price: Decimal, percent: int) -> str:
    return format((price * percent / 100).quantize(Decimal("0.000001")), "f")


def in_reach(rig: Rig) -> dict[str, Any]:
    return {**AMOUNT, "type": "limit", "limitPrice": times(price_of(rig), 90)}


def pair_in_reach(rig: Rig) -> dict[str, Any]:
    price = price_of(rig)
    return {
        **AMOUNT,
        "orderClass": "oco",
        "takeProfit": {"limitPrice": times(price, 90)},
        "stopLoss": {"triggerPrice": times(price, 50)},
    }


def members(rig: Rig, order_id: UUID) -> list[Any]:
    rows = rig.books.orders()
    return [row for row in rows.values() if row.group_id == rows[order_id].group_id]


def only_worker(rig: Rig, crash_point: str) -> None:
    """One worker is left, and it will kill itself at this point."""
    rig.workers[1].kill()
    rig.crash_in(rig.workers[0], crash_point)


def test_a_waiting_order_survives_the_death_of_everything(rig: Rig) -> None:
    order_id = rig.client.place(**{**AMOUNT, "type": "limit", "limitPrice": "100000"})
    soon = rig.client.place(**in_reach(rig))
    for part in rig.parts:
        part.kill()
    for part in rig.parts:
        part.launch()
        part.await_ready()
    rig.client.await_confirmed(soon)
    assert rig.client.order(order_id)["status"] == "open"


@pytest.mark.parametrize(
    ("rig", "crash_point"),
    [
        ("sqlite", crash_points.RELEASED),
        ("sqlite", crash_points.QUOTED),
        ("postgres", crash_points.BEFORE_SEND),
        ("postgres", crash_points.SETTLING),
    ],
    indirect=["rig"],
)
def test_a_worker_killed_on_the_way_of_a_fired_order(rig: Rig, crash_point: str) -> None:
    wanted = in_reach(rig)
    only_worker(rig, crash_point)
    order_id = rig.client.place(**wanted)
    assert rig.workers[0].await_death() == -9
    rig.workers[0].start()
    rig.client.await_confirmed(order_id)


@pytest.mark.parametrize(
    ("rig", "crash_point"),
    [
        ("sqlite", crash_points.RELEASING),
        ("sqlite", crash_points.SIGNED),
        ("postgres", crash_points.RELEASING),
        ("postgres", crash_points.RELEASED),
        ("postgres", crash_points.SENT),
    ],
    indirect=["rig"],
)
def test_a_worker_killed_while_one_of_a_pair_fires(rig: Rig, crash_point: str) -> None:
    wanted = pair_in_reach(rig)
    only_worker(rig, crash_point)
    order_id = rig.client.place(**wanted)
    assert rig.workers[0].await_death() == -9
    standing = sorted(row.status for row in members(rig, order_id))
    if crash_point == crash_points.RELEASING:
        assert standing == ["open", "open"]
    else:
        assert "cancelled" in standing
    rig.workers[0].start()
    rig.client.await_confirmed(order_id)
    assert sorted(row.status for row in members(rig, order_id)) == ["cancelled", "confirmed"]


@pytest.mark.parametrize("rig", ["postgres"], indirect=True)
def test_a_dead_workers_pairs_are_taken_over(rig: Rig) -> None:
    far = rig.client.place(**{**AMOUNT, "type": "limit", "limitPrice": "100000"})
    wanted = in_reach(rig)
    rig.workers[0].kill()
    order_id = rig.client.place(**wanted)
    rig.client.await_confirmed(order_id, seconds=15)
    assert rig.client.order(far)["status"] == "open"


@pytest.mark.parametrize("rig", ["sqlite"], indirect=True)
def test_a_worker_killed_while_it_places_a_round(rig: Rig) -> None:
    only_worker(rig, crash_points.PLACING_ROUND)
    parent = rig.client.place(**{**AMOUNT, "type": "dca", "rounds": 2, "intervalSeconds": 1})
    assert rig.workers[0].await_death() == -9
    assert [row.group_role for row in members(rig, parent)] == ["schedule"]
    rig.workers[0].start()

    def ended() -> bool:
        return rig.client.order(parent)["status"] in ("confirmed", "failed")

    eventually(ended, 40, lambda: str(rig.client.order(parent)))
    keys = [row.client_order_id for row in members(rig, parent) if row.group_role == "round"]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("rig", ["sqlite"], indirect=True)
def test_waiting_orders_wait_for_a_node_that_is_away(rig: Rig) -> None:
    wanted = in_reach(rig)
    rig.rpc_line.cut()
    order_id = rig.client.place(**wanted)
    assert rig.client.order(order_id)["status"] == "open"
    rig.rpc_line.pass_through()
    rig.client.await_confirmed(order_id)
