"""The kill switch and the pools in the admin: who may throw them, and what the audit log says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from orders.errors import Forbidden, InvalidRequest
from orders.gateway import pools as gateway_pools
from orders.intake.trading_switch import switch_trading
from orders.models import AuditEntry, KnownPool, TokenScope
from orders.records import audit, kill_switch, pools
from tests.factories import POOL, UserFactory

pytestmark = pytest.mark.django_db
SWITCH = "/admin/orders/tradingswitch/"
THROW = f"{SWITCH}throw/"
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


def test_every_page_says_while_trading_is_off_who_stopped_it_and_why(staff: Client) -> None:
    staff.post(THROW, {"to": "off", "reason": "odd fills", "back": "switch"})
    for page in ("/admin/orders/order/", "/admin/orders/auditentry/", SWITCH, "/admin/"):
        shown = staff.get(page).content.decode()
        assert shown.count("Trading is off") == 1, page
        assert "odd fills" in shown
    assert staff.post(THROW, {"to": "on", "back": "switch"})["Location"] == SWITCH
    assert "Trading is off" not in staff.get("/admin/orders/order/").content.decode()


def test_the_page_of_the_switch_shows_each_time_it_was_thrown(staff: Client) -> None:
    assert "It was never thrown" in staff.get(SWITCH).content.decode()
    staff.post(THROW, {"to": "off", "reason": "odd fills"})
    staff.post(THROW, {"to": "on", "reason": "looked into"})
    entries = staff.get(SWITCH).context["entries"]
    assert [(entry.action, entry.detail, entry.origin) for entry in entries] == [
        ("trading on", "looked into", "127.0.0.1"),
        ("trading off", "odd fills", "127.0.0.1"),
    ]


def test_a_token_throws_the_switch_only_with_the_scope_admin() -> None:
    boss = UserFactory(is_superuser=True)
    token, _ = AuthToken.objects.create(boss)
    with pytest.raises(Forbidden) as refused:
        switch_trading(boss, "10.0.0.1", on=False, reason="odd fills", token_id=token.pk)
    assert refused.value.details == {"needs": "scope admin"}
    TokenScope.objects.create(token=token, scope=TokenScope.Scope.ADMIN)
    thrown = switch_trading(boss, "10.0.0.1", on=False, reason=" odd fills ", token_id=token.pk)
    assert (thrown.is_on, thrown.reason, thrown.changed_by) == (False, "odd fills", boss.username)


def test_a_reason_is_asked_for_and_bounded() -> None:
    boss = UserFactory(is_superuser=True)
    for reason in ("", "x" * 256):
        with pytest.raises(InvalidRequest):
            switch_trading(boss, "10.0.0.1", on=False, reason=reason)
    with pytest.raises(Forbidden):
        switch_trading(UserFactory(), "10.0.0.1", on=False, reason="mine")
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
    assert "1.5 SOL<br>250 USDC<br>" in page
    assert "SOL / USDC" not in staff.get(f"{POOLS}?state=off").content.decode()


def test_an_empty_list_says_so_and_offers_no_new_item(staff: Client) -> None:
    page = staff.get("/admin/orders/order/").content.decode()
    assert "No orders yet." in page
    assert "Create a new item" not in page


def test_a_pool_is_switched_on_its_own_record_too(staff: Client) -> None:
    pool = known_pool(reserves={MINTS["mint_a"]: "1234500000000"}, last_used_at=timezone.now())
    record = f"{POOLS}{pool.pk}/change/"
    page = staff.get(record).content.decode()
    assert "1,234.5 SOL" in page
    assert "Switch this pool off" in page
    chosen = {"_selected_action": [str(pool.pk)], "_from_record": "1"}
    assert staff.post(POOLS, {"action": "switch_off", **chosen})["Location"] == record
    assert "Switch this pool on" in staff.get(record).content.decode()
    assert "Switch this pool" not in viewer().get(record).content.decode()


def test_the_audit_log_is_searched_by_each_of_its_words_and_by_day(staff: Client) -> None:
    log = "/admin/orders/auditentry/"
    audit.note(audit.Actor("boss", "10.0.0.1"), "trading off", "", "odd fills")
    audit.note(audit.Actor("mate", "10.0.0.2"), "pool off", POOL, "raydium-cpmm on localnet")

    def found(**query: str) -> list[str]:
        return [entry.actor for entry in staff.get(log, query).context["cl"].result_list]

    assert found() == ["mate", "boss"]
    for query in ("boss", "10.0.0.1", "trading", "odd"):
        assert found(q=query) == ["boss"]
    assert found(q=POOL[:8]) == ["mate"]
    assert found(at_to="2026-01-01") == []
    assert f"{AuditEntry.objects.first().at:%Y-%m-%d %H:%M:%S}" in staff.get(log).content.decode()
