"""`GET /api/launches`: new pools, newest first, by mint, venue and time, a page at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import Launch, Mint
from tests.factories import SOL

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def seen(number: int, **columns: Any) -> Launch:
    """A launch that was seen so many minutes after noon."""
    values: dict[str, Any] = {
        "network": "localnet",
        "venue": "raydium-cpmm",
        "pool": f"pool-{number}",
        "token_mint": f"mint-{number}",
        "quote_mint": SOL,
        "source": "accounts",
        "seen_at": NOON + timedelta(minutes=number),
        "seen_slot": 100 + number,
    }
    return Launch.objects.create(**(values | columns))


def pools(client: Client, url: str) -> list[str]:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    return [launch["pool"] for launch in answer.json()["results"]]


def test_a_launch_says_what_was_seen_of_it(client: Client) -> None:
    Mint.objects.create(
        network="localnet", address="mint-1", program="p", decimals=6, symbol="NEW", name="N", read_at=NOON
    )
    seen(
        1,
        creator="somebody",
        opens_unit="unix",
        opens_at_point=1_795_000_000,
        funded_at=NOON,
        liquidity=1_500_000_000,
        fee_bps=25,
        flags=["MINT_AUTHORITY"],
    )
    [launch] = client.get("/api/launches").json()["results"]
    assert launch == {
        "pool": "pool-1",
        "dex": "raydium",
        "venue": "raydium-cpmm",
        "mint": "mint-1",
        "symbol": "NEW",
        "name": "N",
        "quoteMint": SOL,
        "quoteSymbol": "SOL",
        "creator": "somebody",
        "signature": None,
        "source": "accounts",
        "seenAt": "2026-11-30T12:01:00.000Z",
        "seenSlot": 101,
        "graduatedFrom": None,
        "state": "funded",
        "opens": {"unit": "unix", "point": 1_795_000_000, "after": False},
        "fundedAt": "2026-11-30T12:00:00.000Z",
        "openedAt": None,
        "liquidity": "1.5",
        "liquidityRaw": "1500000000",
        "feeBps": 25,
        "flags": ["MINT_AUTHORITY"],
        "checkedAt": None,
    }


def test_pages_lead_back_and_forth(client: Client) -> None:
    for number in range(5):
        seen(number)
    first = client.get("/api/launches?limit=2").json()
    assert [each["pool"] for each in first["results"]] == ["pool-4", "pool-3"]
    assert first["previous"] is None
    second = client.get(first["next"]).json()
    assert [each["pool"] for each in second["results"]] == ["pool-2", "pool-1"]
    assert pools(client, second["next"]) == ["pool-0"]
    assert pools(client, second["previous"]) == ["pool-4", "pool-3"]


def test_launches_are_found_by_mint_venue_and_time(client: Client) -> None:
    seen(1)
    seen(2, venue="meteora-damm-v2")
    seen(3, network="devnet")
    assert pools(client, "/api/launches?mint=mint-1") == ["pool-1"]
    assert pools(client, "/api/launches?venue=meteora-damm-v2,raydium-clmm") == ["pool-2"]
    assert pools(client, "/api/launches?since=2026-11-30T12:02:00Z") == ["pool-2"]
    assert pools(client, "/api/launches") == ["pool-2", "pool-1"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("venue=serum", "venue"), ("since=noon", "since"), ("cursor=eHh8MQ", "cursor"), ("dex=x", "dex")],
)
def test_a_filter_that_is_not_valid_is_refused_by_name(client: Client, query: str, field: str) -> None:
    answer = client.get(f"/api/launches?{query}")
    assert answer.status_code == 400
    assert field in answer.json()["details"]


def test_the_newest_come_first_whatever_their_clock(client: Client) -> None:
    seen(1, seen_at=timezone.now())
    seen(2)
    assert pools(client, "/api/launches") == ["pool-2", "pool-1"]
