"""The kill switch and the pools in the admin: who may throw them, and what the audit log says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from orders.gateway import pools as gateway_pools
from orders.models import AuditEntry, KnownPool
from orders.records import kill_switch, pools
from tests.factories import POOL, UserFactory

pytestmark = pytest.mark.django_db
THROW = "/admin/orders/tradingswitch/throw/"
POOLS = "/admin/orders/knownpool/"
MINTS = {
    "mint_a": "So11111111111111111111111111111111111111112",
    "mint_b": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
}


def known_pool(**more: Any) -> KnownPool:
    facts = {"network": "localnet", "venue": "raydium-cpmm", "address": POOL, "seen_at": timezone.now()}
    return KnownPool.objects.create(**MINTS, **facts, **more)


def viewer() -> Client:
    """Staff who may look at everything and change nothing."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client


def entries() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", "subject", "detail"))


def test_trading_is_switched_off_with_a_reason_and_on_again(staff: Client) -> None:
    staff.post(THROW, {"to": "off", "reason": "odd fills"})
    assert (kill_switch.is_on(), kill_switch.state().reason) == (False, "odd fills")
    staff.post(THROW, {"to": "on"})
    assert kill_switch.is_on()
    assert entries()[-2:] == [("trading off", "", "odd fills"), ("trading on", "", "")]


def test_trading_is_not_switched_off_without_a_reason(staff: Client) -> None:
    page = staff.post(THROW, {"to": "off", "reason": "  "}, follow=True).content.decode()
    assert "say why it is to be off" in page
    assert kill_switch.is_on()


def test_who_may_only_look_throws_nothing() -> None:
    known_pool()
    client = viewer()
    assert client.post(THROW, {"to": "off", "reason": "mine"}).status_code == 403
    assert "Switch trading off" not in client.get("/admin/").content.decode()
    client.post(POOLS, {"action": "switch_off", "_selected_action": [str(KnownPool.objects.get().pk)]})
    assert kill_switch.is_on()
    assert pools.state(KnownPool.objects.get()) == "on"


def test_a_pool_is_switched_off_for_all_orders_and_on_again(staff: Client) -> None:
    pool = known_pool(failed_orders=2)
    chosen = {"_selected_action": [str(pool.pk)]}

    page = staff.post(POOLS, {"action": "switch_off", **chosen}, follow=True).content.decode()
    assert "1 switched off." in page
    assert gateway_pools.left_out() == {POOL}
    pool.refresh_from_db()
    assert pools.state(pool) == "off"

    staff.post(POOLS, {"action": "switch_on", **chosen})
    pool.refresh_from_db()
    assert (pools.state(pool), gateway_pools.left_out()) == ("on", frozenset())
    assert entries()[-2:] == [
        ("pool off", POOL, "raydium-cpmm on localnet"),
        ("pool on", POOL, "raydium-cpmm on localnet"),
    ]


def test_pools_show_pair_and_state_and_are_found_by_it(staff: Client) -> None:
    until = timezone.now() + timedelta(minutes=5)
    known_pool(left_out_until=until, reserves={MINTS["mint_a"]: "1500000000", MINTS["mint_b"]: "250000000"})
    page = staff.get(f"{POOLS}?state=left-out").content.decode()
    assert "SOL / USDC" in page
    assert f"left out until {until:%H:%M:%S} UTC" in page
    assert "1.5 SOL, 250 USDC" in page
    assert "SOL / USDC" not in staff.get(f"{POOLS}?state=off").content.decode()


def test_an_empty_list_says_so_and_offers_no_new_item(staff: Client) -> None:
    page = staff.get("/admin/orders/order/").content.decode()
    assert "No orders yet." in page
    assert "Create a new item" not in page
