"""The kill switch: what stops at once, what waits, what goes on."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from orders.intake.place import place_order
from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.pipeline import settle, stages, sweeper
from orders.pipeline.sweeper import OnTheirWay
from orders.records import kill_switch
from orders.records.audit import Actor
from orders.wire.requests import OrderIntent
from tests.orders.chain import TestChain, eventually
from tests.orders.fakes import FakeBroker, FakePoller
from tests.orders.rows import attempt_row, order_row

FIVE_SOL = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5", "clientOrderId": "once"}
ORDERS = 50


def stored(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def place(client: Client, **fields: Any) -> Any:
    body = json.dumps(FIVE_SOL | fields)
    return client.post("/api/orders/execute", body, content_type="application/json")


@pytest.mark.django_db
def test_without_a_word_trading_is_on() -> None:
    assert kill_switch.is_on()
    assert (kill_switch.state().is_on, kill_switch.state().reason) == (True, "")


@pytest.mark.django_db
def test_the_command_throws_the_switch_and_says_how_it_stands(user: User) -> None:
    order_row(user)
    attempt_row(order_row(user, status=Status.SUBMITTED))
    out = StringIO()
    call_command("trading", "off", "--reason", "wallet is being moved", stdout=out)
    first, second = out.getvalue().splitlines()
    assert first.startswith("trading is off since ")
    assert first.endswith(": wallet is being moved")
    assert second == "1 orders wait for it; 1 transactions were sent before and are settled"
    assert not kill_switch.is_on()
    call_command("trading", "on", stdout=StringIO())
    assert kill_switch.is_on()


@pytest.mark.django_db(transaction=True)
def test_while_off_no_order_is_accepted_and_repeated_requests_are_answered(client: Client) -> None:
    accepted = place(client)
    kill_switch.switch(on=False, reason="audit")
    refused = place(client, clientOrderId="another")
    assert (refused.status_code, refused.json()["code"]) == (503, "TRADING_HALTED")
    assert refused.json()["retryable"] is True
    assert refused.json()["details"]["reason"] == "audit"
    repeated = place(client)
    assert (repeated.status_code, repeated.json()["orderId"]) == (200, accepted.json()["orderId"])
    assert client.get("/api/orders").status_code == 200
    kill_switch.switch(on=True)
    assert place(client, clientOrderId="another").status_code == 201


@pytest.mark.django_db
def test_health_metrics_and_tokens_show_the_switch(client: Client, settings: Any) -> None:
    settings.SOLANA_RPC_URL = "http://127.0.0.1:1"
    kill_switch.switch(on=False, reason="audit")
    health = client.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["checks"]["trading"] == "off"
    assert "orders_trading_on 0.0" in client.get("/metrics").content.decode().splitlines()
    tokens = client.get("/api/tokens").json()
    assert (tokens["trading"], tokens["tradingReason"]) == ("off", "audit")


@pytest.mark.django_db
def test_what_was_accepted_before_waits_and_uses_up_no_retry(user: User, chain: TestChain) -> None:
    routed = order_row(user)
    stages.route([routed.pk])
    waiting = order_row(user)
    kill_switch.switch(on=False)
    for stage in (stages.route, stages.build, stages.submit):
        assert stage([waiting.pk, routed.pk]).onward == []
    assert (stored(waiting).status, stored(waiting).starts) == ("pending", 0)
    assert (stored(routed).status, stored(routed).retries) == ("routing", 0)
    assert stored(routed).lease_token is None
    assert routed.events.latest("sequence").data == {
        "code": "TRADING_HALTED",
        "error": "Trading is switched off; no order is accepted now",
    }
    assert sweeper.resume_due(OnTheirWay(FakeBroker().publish, FakePoller().watch)) == 0
    assert not Attempt.objects.exists()

    kill_switch.switch(on=True)
    for stage in (stages.route, stages.build, stages.submit):
        assert sorted(stage([routed.pk, waiting.pk]).onward) == sorted([routed.pk, waiting.pk])


@pytest.mark.django_db
def test_what_is_signed_and_never_sent_is_not_sent_while_off(user: User, chain: TestChain) -> None:
    order = order_row(user)
    stages.route([order.pk])
    stages.build([order.pk])
    kill_switch.switch(on=False)
    assert stages.build([order.pk]).onward == [order.pk]
    assert stages.submit([order.pk]).onward == []
    assert chain.swaps_of_wallet() == []
    kill_switch.switch(on=True)
    assert stages.submit([order.pk]).onward == [order.pk]
    assert chain.swaps_of_wallet() == [Attempt.objects.get(order=order).signature]


@pytest.mark.django_db
def test_what_was_sent_before_is_settled_while_off(user: User, chain: TestChain) -> None:
    order = order_row(user)
    for stage in (stages.route, stages.build, stages.submit):
        stage([order.pk])
    kill_switch.switch(on=False)
    attempt = Attempt.objects.get(order=order)
    watched = settle.Watched(attempt, settle.gateway.dead_check(10_000), 0, 0)

    def is_settled() -> bool:
        return attempt.signature in settle.settle([watched])

    eventually(is_settled)
    assert stored(order).status == "confirmed"


@pytest.mark.django_db
def test_an_order_that_expires_while_off_ends(user: User) -> None:
    order = order_row(user, expires_at=timezone.now() - timedelta(seconds=1))
    other = order_row(user, expires_at=timezone.now() + timedelta(minutes=1))
    kill_switch.switch(on=False)
    sweeper.resume_due(OnTheirWay(FakeBroker().publish, FakePoller().watch))
    assert (stored(order).status, stored(other).status) == ("expired", "pending")
    assert stored(other).lease_token is None


@pytest.mark.django_db(transaction=True)
def test_no_attempt_is_committed_after_the_switch_with_fifty_orders_in_flight(
    user: User, chain: TestChain
) -> None:
    intent = OrderIntent("SOL", "USDC", None, amount_raw=1_000_000)
    ids = [place_order(user, intent).order.pk for _ in range(ORDERS)]
    stages.route(ids)
    ended: list[int] = []

    def sign(mine: list[Any]) -> None:
        try:
            for order_id in mine:
                stages.build([order_id])
            ended.append(len(mine))
        finally:
            connection.close()

    threads = [threading.Thread(target=sign, args=(ids[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: Attempt.objects.count() >= 5)
    kill_switch.switch(on=False)
    at_the_switch = Attempt.objects.count()
    for thread in threads:
        thread.join(20)

    assert sum(ended) == ORDERS
    assert 5 <= at_the_switch < ORDERS
    assert Attempt.objects.count() == at_the_switch
    assert Order.objects.filter(status=Status.ROUTING, retries=0).count() == ORDERS - at_the_switch
    assert Order.objects.filter(lease_token__isnull=False).count() == 0
    kill_switch.switch(on=True)
    assert sorted(stages.route(ids).onward) == sorted(
        Order.objects.filter(attempt=0).values_list("pk", flat=True)
    )


@pytest.mark.django_db
def test_the_admin_shows_the_switch_and_lets_nobody_throw_it(admin_client: Client) -> None:
    off = "<b>Trading is off</b> since "
    assert off not in admin_client.get("/admin/").content.decode()
    kill_switch.switch(on=False, reason="wallet is being moved", by=Actor("ops", "10.0.0.1"))
    assert off in admin_client.get("/admin/orders/order/").content.decode()
    listed = admin_client.get("/admin/orders/tradingswitch/").content.decode()
    assert "wallet is being moved" in listed
    assert "ops" in listed
    assert admin_client.get("/admin/orders/tradingswitch/add/").status_code == 403
    thrown = admin_client.post("/admin/orders/tradingswitch/1/change/", {"is_on": "on"})
    assert thrown.status_code == 403
    assert not kill_switch.is_on()
