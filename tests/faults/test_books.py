"""The wallet's books with all that a transaction can cost, and what the checker says when a row is wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orders.proving.soak.checker import PromiseBroken
from orders.proving.soak.rig import Rig, RigPlan

pytestmark = pytest.mark.faults

TIP = 12_345


@pytest.fixture
def tipping(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(RigPlan(tmp_path / "rig", tip_lamports=TIP))
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


def change(rig: Rig, statement: str) -> None:
    with closing(sqlite3.connect(rig.folder / "engine.sqlite3", timeout=20)) as database, database:
        assert database.execute(statement).rowcount == 1


def test_tips_priority_fees_and_failed_transactions_add_up_from_the_rows(tipping: Rig) -> None:
    rig = tipping
    rig.client.await_confirmed(rig.client.place())
    for order_id in rig.client.place_many(20, slippageBps=0, amountInRaw="3000000000"):
        rig.client.await_end(order_id, 60)
    rig.verify()

    rows = [attempt for each in rig.books.attempts().values() for attempt in each]
    landed = [attempt for attempt in rows if attempt.state == "landed"]
    failed = [attempt for attempt in rows if attempt.state == "failed_onchain"]
    assert {attempt.tip for attempt in landed} == {TIP}
    assert failed
    assert {attempt.tip for attempt in failed} == {0}
    assert all((attempt.fees or 0) > 5_000 for attempt in landed + failed)

    change(rig, f"UPDATE orders_attempt SET tip = tip + 1 WHERE signature = '{landed[0].signature}'")
    with pytest.raises(PromiseBroken, match=r"1 findings\nG3: the wallet moved -\d+ of So1"):
        rig.verify()
    change(rig, f"UPDATE orders_attempt SET tip = tip - 1 WHERE signature = '{landed[0].signature}'")
    change(rig, f"UPDATE orders_attempt SET network_fee = 0 WHERE signature = '{failed[0].signature}'")
    with pytest.raises(PromiseBroken, match=f"G3: {failed[0].signature} cost {failed[0].fees} lamports"):
        rig.verify()
