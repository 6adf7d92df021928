"""Which launches are looked at when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dex.types import Clock
from orders.gateway import Opens, PoolLook
from orders.launches.followed import Followed
from orders.models import Launch
from orders.records import launches
from tests.orders.rows import SOL

pytestmark = pytest.mark.django_db


def seen(number: int, **columns: Any) -> Launch:
    values: dict[str, Any] = {
        "network": "localnet",
        "venue": "raydium-cpmm",
        "pool": f"pool-{number}",
        "token_mint": f"mint-{number}",
        "quote_mint": SOL,
        "source": "accounts",
        "seen_at": timezone.now(),
        "seen_slot": 100,
    }
    [row] = launches.add([Launch(**(values | columns))])
    return row


def pools(followed: Followed) -> list[str]:
    return [asked.pool for asked in followed.due()]


def look(**changes: Any) -> PoolLook:
    values: dict[str, Any] = {
        "clock": Clock(120, 1_000, 0),
        "opens": None,
        "is_funded": True,
        "is_open": True,
        "liquidity": 5,
        "fee_bps": 25,
        "flags": (),
        "mint": None,
    }
    return PoolLook(**(values | changes))


def test_a_launch_is_looked_at_once_and_then_in_its_time() -> None:
    followed = Followed()
    followed.add(seen(1))
    assert pools(followed) == ["pool-1"]
    assert pools(followed) == []


def test_after_a_look_that_broke_off_each_is_looked_at_alone() -> None:
    followed = Followed()
    for number in (1, 2, 3):
        followed.add(seen(number))
    assert pools(followed) == ["pool-1", "pool-2", "pool-3"]
    followed.broke_off()
    assert pools(followed) == ["pool-3"]
    # That was the one: it is left for long.
    followed.broke_off()
    assert [pools(followed) for _ in range(3)] == [["pool-2"], ["pool-1"], []]


def test_what_a_look_says_is_written_and_is_news_once() -> None:
    followed = Followed()
    followed.add(seen(1))
    asked = followed.due()
    [row] = followed.take_in(asked, {"pool-1": look()})
    assert (row.liquidity, row.fee_bps, row.funded_at is not None) == (5, 25, True)
    assert row.opened_at == row.seen_at
    assert followed.take_in(asked, {"pool-1": look()}) == []


def test_an_opening_by_time_is_noted_by_the_chains_clock() -> None:
    followed = Followed()
    followed.add(seen(1, opens_unit="unix", opens_at_point=990))
    [row] = followed.take_in(followed.due(), {"pool-1": look(opens=Opens("unix", 990, True))})
    assert row.opened_at is not None
    assert (row.opened_at.timestamp(), row.opens_after) == (991, True)


def test_a_pool_that_is_gone_says_so() -> None:
    followed = Followed()
    followed.add(seen(1, flags=["MINT_AUTHORITY"]))
    [row] = followed.take_in(followed.due(), {})
    assert (row.flags, row.liquidity) == (["POOL_GONE", "MINT_AUTHORITY"], 0)


def test_near_its_opening_a_launch_is_looked_at_each_slot() -> None:
    followed = Followed()
    followed.add(seen(1, opens_unit="slot", opens_at_point=200))
    assert pools(followed) == ["pool-1"]
    followed.note_slot(150)
    assert followed._due["pool-1"] > followed._looked_at["pool-1"]
    followed.note_slot(197)
    assert followed._due["pool-1"] - followed._looked_at["pool-1"] < 1


def test_launches_are_kept_for_their_time_and_are_old_then() -> None:
    now = timezone.now()
    old, young = seen(1, seen_at=now - timedelta(hours=80)), seen(2)
    assert launches.prune(now - timedelta(hours=72)) == 1
    assert list(launches.ours()) == [young]
    assert launches.known_among([old.pool, young.pool]) == ({young.pool}, {old.pool})
