"""`GET /api/me` and `POST /api/trading`: who calls, and who may switch trading off."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from knox.models import AuthToken

from orders.models import AuditEntry, TokenScope
from orders.records import kill_switch
from tests.orders.rest import refused

pytestmark = pytest.mark.django_db
OFF = {"trading": "off", "reason": "a node is being moved"}


def staff(user: User) -> User:
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="change_tradingswitch"))
    return user


def bearer(user: User, scope: str) -> dict[str, str]:
    row, token = AuthToken.objects.create(user)
    TokenScope.objects.create(token=row, scope=scope)
    return {"Authorization": f"Bearer {token}"}


def switch(client: Client, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    return client.post("/api/trading", json.dumps(body), content_type="application/json", headers=headers)


def test_a_caller_of_this_machine_is_told_apart(client: Client) -> None:
    assert client.get("/api/me").json() == {
        "user": "local",
        "kind": "local",
        "scope": None,
        "mayTrade": True,
        "maySwitch": False,
    }


@pytest.mark.parametrize(
    ("scope", "may"), [("read", (False, False)), ("trade", (True, False)), ("admin", (True, True))]
)
def test_a_token_may_no_more_than_its_scope(
    client: Client, user: User, scope: str, may: tuple[bool, bool]
) -> None:
    headers = bearer(staff(user), scope)
    found = client.get("/api/me", headers=headers).json()
    assert (found["user"], found["kind"], found["scope"]) == (user.username, "staff", scope)
    assert (found["mayTrade"], found["maySwitch"]) == may
    assert switch(client, {"trading": "on"}, headers).status_code == (200 if may[1] else 403)


def test_staff_switch_trading_off_and_it_is_written_down(client: Client, user: User) -> None:
    client.force_login(staff(user))
    answer = switch(client, OFF)
    assert answer.status_code == 200
    assert {**answer.json(), "changedAt": ""} == {**OFF, "changedBy": user.username, "changedAt": ""}
    assert not kill_switch.is_on()
    entry = AuditEntry.objects.get()
    said = "a node is being moved"
    assert (entry.actor, entry.origin, entry.action, entry.detail) == (
        *(user.username, "127.0.0.1", "trading off", said),
    )
    assert switch(client, {"trading": "on"}).json()["trading"] == "on"
    assert kill_switch.is_on()


def test_who_may_not_switch_changes_nothing(client: Client, user: User) -> None:
    refused(switch(client, OFF), 403, "FORBIDDEN")
    user.is_staff = True
    user.save()
    client.force_login(user)
    refused(switch(client, OFF), 403, "FORBIDDEN")
    assert kill_switch.is_on()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"trading": "off", "reason": "  "}, "reason"),
        ({"trading": "off"}, "reason"),
        ({"trading": "maybe"}, "trading"),
        ({"trading": "on", "why": "x"}, "why"),
        ({"trading": "on", "reason": 5}, "reason"),
    ],
)
def test_a_switch_that_says_too_little_is_refused(
    client: Client, user: User, body: dict[str, Any], field: str
) -> None:
    client.force_login(staff(user))
    refused(switch(client, body), 400, "INVALID_REQUEST", field)
    assert kill_switch.is_on()
