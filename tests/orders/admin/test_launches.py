"""New pools in the admin: what is shown of them and of the watch, and that nobody changes either."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import Launch, LaunchWatch
from orders.records import leases
from tests.factories import SOL

pytestmark = pytest.mark.django_db
LAUNCHES = "/admin/orders/launch/"
WATCHES = "/admin/orders/launchwatch/"
MINT = "7vfCXTUXx5WJV5JADk17DUJ4ksgau7utNKj4b963voxs"


def launch(**columns: Any) -> Launch:
    values: dict[str, Any] = {
        "network": "localnet",
        "venue": "raydium-cpmm",
        "pool": "pool",
        "token_mint": MINT,
        "quote_mint": SOL,
        "source": "accounts",
        "seen_at": datetime(2026, 11, 30, 12, 1, 2, tzinfo=UTC),
        "seen_slot": 7,
    }
    return Launch.objects.create(**(values | columns))


def test_new_pools_are_shown_with_what_was_seen_of_them(staff: Client) -> None:
    launch(funded_at=timezone.now(), liquidity=1_500_000_000, fee_bps=25, flags=["MINT_AUTHORITY"])
    page = staff.get(LAUNCHES).content.decode()
    for text in ("2026-11-30 12:01:02", "7vfCXTUX… for SOL", "funded", "1.5 SOL", "25 bps", "MINT_AUTHORITY"):
        assert text in page, text


def test_a_new_pool_is_found_by_its_mint(staff: Client) -> None:
    launch()
    launch(pool="other", token_mint=SOL)
    page = staff.get(f"{LAUNCHES}?q={MINT}").content.decode()
    assert page.count("raydium-cpmm</td>") == 1


@pytest.mark.parametrize(("seconds", "text"), [(60, "watched"), (-60, "by nobody")])
def test_the_watch_says_whether_a_worker_holds_it(staff: Client, seconds: int, text: str) -> None:
    until = timezone.now() + timedelta(seconds=seconds)
    LaunchWatch.objects.create(network="localnet", lease_token=leases.new_token(), lease_until=until)
    assert text in staff.get(WATCHES).content.decode()


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({}, "at its creation"),
        ({"opens_unit": "slot", "opens_at_point": 7, "opens_after": True}, "slot 8"),
        ({"opens_unit": "unix", "opens_at_point": 1_796_059_673}, "2026-11-30 17:27:53 UTC"),
        ({"opens_unit": "unix", "opens_at_point": 2**63 - 1}, "unix seconds 9223372036854775807"),
    ],
)
def test_the_record_says_when_a_pool_opens(staff: Client, columns: dict[str, Any], text: str) -> None:
    row = launch(**columns)
    assert text in staff.get(f"{LAUNCHES}{row.pk}/change/").content.decode()


def test_nobody_changes_what_was_seen(staff: Client) -> None:
    row = launch()
    assert staff.post(f"{LAUNCHES}{row.pk}/change/", {"venue": "x"}).status_code == 403
    assert staff.get(f"{LAUNCHES}add/").status_code == 403
    assert staff.post(f"{LAUNCHES}{row.pk}/delete/", {"post": "yes"}).status_code == 403
