"""Placing and cancelling need the permission `orders.trade`, and a token whose scope allows it."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from knox.models import AuthToken

from orderengine.asgi import application
from orders.models import AuditEntry, Order, TokenScope
from orders.records import kill_switch
from tests.factories import OrderFactory, UserFactory
from tests.orders.rest import FIVE_SOL, place, refused

pytestmark = pytest.mark.django_db


def token_of(user: Any, scope: str | None = None) -> dict[str, str]:
    row, token = AuthToken.objects.create(user)
    if scope is not None:
        TokenScope.objects.create(token=row, scope=scope)
    return {"Authorization": f"Bearer {token}"}


def test_a_user_without_the_permission_reads_but_places_nothing(client: Client) -> None:
    viewer = UserFactory(trades=False)
    order = OrderFactory(user=viewer)
    client.force_login(viewer)

    assert client.get(f"/api/orders/{order.pk}").status_code == 200
    assert refused(place(client), 403, "FORBIDDEN", "needs")["details"] == {"needs": "orders.trade"}
    refused(client.post(f"/api/orders/{order.pk}/cancel"), 403, "FORBIDDEN", "needs")
    assert Order.objects.count() == 1


def test_the_permission_may_come_from_a_group(client: Client) -> None:
    user, desk = UserFactory(trades=False), Group.objects.create(name="desk")
    desk.permissions.add(Permission.objects.get(codename="trade"))
    user.groups.add(desk)
    client.force_login(user)

    assert place(client).status_code == 201


@pytest.mark.parametrize(("scope", "status"), [(None, 201), ("read", 403), ("trade", 201), ("admin", 201)])
def test_a_tokens_scope_decides_whether_it_trades(client: Client, scope: str | None, status: int) -> None:
    headers = token_of(UserFactory(), scope)

    assert client.get("/api/orders", headers=headers).status_code == 200
    assert place(client, **headers).status_code == status


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scope", ["read", None])
async def test_over_a_websocket_the_same_is_asked(scope: str | None) -> None:
    from asgiref.sync import sync_to_async

    user = await sync_to_async(UserFactory)(trades=scope is not None)
    headers = await sync_to_async(token_of)(user, scope)
    socket = WebsocketCommunicator(
        application, "/api/orders/connect", headers=[(b"authorization", headers["Authorization"].encode())]
    )
    assert (await socket.connect())[0]

    await socket.send_to(text_data=json.dumps({"action": "execute_order", **FIVE_SOL}))
    answer = json.loads(await socket.receive_from(timeout=10))
    await socket.disconnect()

    assert (answer["type"], answer["code"]) == ("error", "FORBIDDEN")
    assert await Order.objects.acount() == 0


def test_making_a_token_is_in_the_audit_log() -> None:
    call_command("create_token", "alice", create=True, scope="read", stdout=StringIO(), stderr=StringIO())
    entry = AuditEntry.objects.get()

    assert (entry.action, entry.subject) == ("token created", "alice")
    assert entry.detail.startswith("scope read, ")
    assert entry.origin.startswith("command line of ")
    assert TokenScope.objects.get().scope == "read"


def test_throwing_the_kill_switch_is_in_the_audit_log() -> None:
    call_command("trading", "off", reason="node upgrade", stdout=StringIO())
    call_command("trading", "on", stdout=StringIO())
    kill_switch.switch(on=False, reason="too many failures")

    told = [(entry.action, entry.detail) for entry in AuditEntry.objects.order_by("pk")]
    assert told == [("trading off", "node upgrade"), ("trading on", ""), ("trading off", "too many failures")]
    assert AuditEntry.objects.latest("pk").actor == "engine"


def test_ending_a_token_in_the_admin_is_in_the_audit_log(admin_client: Client) -> None:
    row, _token = AuthToken.objects.create(UserFactory(username="alice"))

    admin_client.post(f"/admin/knox/authtoken/{row.pk}/delete/", {"post": "yes"})

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject, entry.origin) == (
        "admin",
        "token ended",
        "alice",
        "127.0.0.1",
    )
    assert "token ended" in admin_client.get("/admin/orders/auditentry/").content.decode()


def test_a_batch_needs_the_permission_too(client: Client) -> None:
    client.force_login(UserFactory(trades=False))

    answer = client.post("/api/orders/batch", {"orders": [FIVE_SOL]}, content_type="application/json")

    refused(answer, 403, "FORBIDDEN", "needs")
    assert Order.objects.count() == 0
