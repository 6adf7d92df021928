"""`manage.py create_token`: a token that opens REST and WebSocket, and the refusals."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from orders.streaming.stream import in_database
from tests.factories import OrderFactory, UserFactory
from tests.orders.sockets import Socket, refusal

pytestmark = pytest.mark.django_db(transaction=True)


def create_token(*arguments: str) -> str:
    output = StringIO()
    call_command("create_token", *arguments, stdout=output, stderr=StringIO())
    [token] = output.getvalue().splitlines()
    return token


def test_a_token_acts_as_its_user_and_sees_only_their_orders(client: Client, settings: Any) -> None:
    settings.LOCAL_USER_ALLOWED = False
    own, others = OrderFactory(user__username="alice"), OrderFactory()
    headers = {"Authorization": f"Bearer {create_token('alice')}"}

    listed = client.get("/api/orders", headers=headers).json()["results"]
    assert [each["orderId"] for each in listed] == [str(own.pk)]
    assert client.get(f"/api/orders/{others.pk}", headers=headers).status_code == 404
    assert client.get("/api/orders").status_code == 401
    assert client.get("/api/orders", headers={"Authorization": "Bearer 123"}).status_code == 401


async def test_a_token_opens_a_websocket(settings: Any) -> None:
    settings.LOCAL_USER_ALLOWED = False
    token = await in_database(create_token, "alice", "--create")
    socket = Socket("/api/orders/connect", subprotocols=["bearer", token])
    assert await socket.connect(5) == (True, "bearer")
    await socket.send_json_to({"action": "ping"})
    assert await socket.next() == {"type": "pong"}
    await socket.disconnect()
    assert await refusal("/api/orders/connect") == 4401
    assert await refusal("/api/orders/connect", subprotocols=["bearer", token[:-1]]) == 4401


def test_a_token_ends_after_its_days_and_is_stored_as_a_hash(client: Client, settings: Any) -> None:
    settings.LOCAL_USER_ALLOWED = False
    UserFactory(username="alice")
    token = create_token("alice", "--days", "2")
    row = AuthToken.objects.get()
    assert timedelta(days=1, hours=23) < row.expiry - timezone.now() <= timedelta(days=2)
    assert token not in (row.digest, row.token_key)

    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert client.get("/api/orders", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_user_is_made_only_when_asked_for_and_has_no_password() -> None:
    with pytest.raises(CommandError, match="there is no user bob; --create makes one"):
        create_token("bob")
    create_token("bob", "--create")
    create_token("bob", "--create")
    bob = get_user_model().objects.get(username="bob")
    assert not bob.has_usable_password()
    assert (bob.is_staff, AuthToken.objects.filter(user=bob).count()) == (False, 2)


def test_who_is_switched_off_gets_no_token_and_names_have_rules() -> None:
    UserFactory(username="gone", is_active=False)
    with pytest.raises(CommandError, match="the user gone is switched off"):
        create_token("gone")
    with pytest.raises(CommandError, match="cannot be a user's name"):
        create_token("a b", "--create")


@pytest.mark.parametrize("days", ["0", "-1", "3651", "1.5", "many"])
def test_days_are_a_whole_number_within_reason(days: str) -> None:
    with pytest.raises(CommandError, match="is not a whole number of days from 1 to 3650"):
        call_command("create_token", "alice", f"--days={days}")
