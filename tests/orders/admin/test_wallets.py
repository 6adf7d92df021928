"""Wallet and caps, workers and nodes in the admin: exact figures, and who may look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from dex.rpc.nodes import NodeReport, NodeState
from orders import gateway
from orders.gateway import ChainHealth
from orders.models import DaySales, PriceWatch, WorkerProcess
from tests.factories import SOL, USDC, WALLET, OrderFactory, UserFactory

pytestmark = pytest.mark.django_db
WALLETS = "/admin/orders/daysales/"
FLEET = "/admin/orders/workerprocess/"


def sold(user: Any, token: str, amount: int) -> None:
    day = timezone.now().date()
    DaySales.objects.create(day=day, network="localnet", token=token, user=user, wallet=WALLET, amount=amount)


def test_caps_show_what_user_wallet_and_engine_have_sold_of_them(staff: Client, settings: Any) -> None:
    settings.MAX_DAY_AMOUNTS = {"SOL": "100", "USDC": "5000"}
    settings.MAX_DAY_AMOUNTS_PER_USER = {"SOL": "10"}
    sold(UserFactory(pk=999, username="one"), SOL, 2_500_000_000)
    sold(UserFactory(pk=1_000, username="two"), SOL, 9_999_999_999)

    uses = staff.get(WALLETS).context["uses"]
    assert [
        (use["per"], use["whose"], use["token"], use["sold"], use["cap"], use["percent"]) for use in uses
    ] == [
        ("engine", "", "USDC", "0", "5,000", 0),
        ("engine", "", "SOL", "12.499999999", "100", 12),
        ("user", "one", "SOL", "2.5", "10", 25),
        ("user", "two", "SOL", "9.999999999", "10", 99),
        ("wallet", WALLET, "SOL", "12.499999999", "-", None),
    ]


def test_the_wallet_shows_balance_committed_and_what_can_be_sold(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = gateway.Holdings(WALLET, {SOL: 1_500_000_000_000, USDC: 250_000_000})
    monkeypatch.setattr(gateway, "holdings", lambda: held)
    OrderFactory(status="open", wallet=WALLET)
    rows = {row["token"].symbol: row for row in staff.get(WALLETS).context["holdings"]}
    names = ("balance", "committed", "kept_back", "spendable", "waiting")
    assert [rows["SOL"][name] for name in names] == ["1,500", "0", "0.01", "1,499.99", "5"]
    assert [rows["USDC"][name] for name in names] == ["250", "0", "0", "250", "0"]


def test_the_wallet_page_stands_also_while_no_node_answers(staff: Client) -> None:
    page = staff.get(WALLETS).content.decode()
    assert "No node says now what the wallet holds." in page
    assert "Nothing was sold today yet." in page
    assert "No cap is set" in page


def test_workers_show_who_lives_and_what_each_does(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    facts = {"machine": "m", "pid": 7, "started": 1}
    alive, silent = (UUID(int=number << 64) for number in (1, 2))
    WorkerProcess.objects.create(id=alive, name="a", seen_at=now, **facts)
    WorkerProcess.objects.create(id=silent, name="b", seen_at=now - timedelta(seconds=60), **facts)
    PriceWatch.objects.create(network="localnet", lease_token=alive, lease_until=now + timedelta(seconds=60))
    OrderFactory(status="routing", lease_token=UUID(int=(1 << 64) + 5), lease_until=now)
    nodes = (NodeReport("one", NodeState.OK, 900, 0), NodeReport("two", NodeState.LAGGING, 870, 30))
    monkeypatch.setattr(gateway, "watched_chain_health", lambda: ChainHealth(True, 900, nodes=nodes))

    answer = staff.get(FLEET)
    found = [(each.row.name, each.lives, each.orders, each.duties) for each in answer.context["workers"]]
    assert found == [("a", True, 1, ("price samples",)), ("b", False, 0, ())]
    page = " ".join(answer.content.decode().split())
    assert '<th scope="row">two</th>' in page
    assert '<td class="oe-num">870</td><td class="oe-num">30</td>' in page


def test_without_workers_the_page_says_that_orders_wait(staff: Client) -> None:
    assert "No worker runs: orders are accepted and wait." in staff.get(FLEET).content.decode()


@pytest.mark.parametrize("page", [WALLETS, FLEET])
def test_staff_without_the_permission_sees_neither(page: str) -> None:
    client, clerk = Client(), UserFactory(is_staff=True)
    client.force_login(clerk)
    assert client.get(page).status_code == 403
    clerk.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    assert client.get(page).status_code == 200
