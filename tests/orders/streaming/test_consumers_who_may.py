"""Who may open a WebSocket: tokens, sessions, the local user, and pages of which sites."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from knox.models import AuthToken

from orders.models import Order
from orders.streaming.stream import in_database
from tests.orders.sockets import Socket, new_order, new_user, opened, refusal

pytestmark = pytest.mark.django_db(transaction=True)
FIVE_SOL = {"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 5}


async def test_a_token_opens_the_door_of_its_owner() -> None:
    user = await new_user()
    token = (await in_database(AuthToken.objects.create, user))[1]
    order = await new_order(user=user)

    socket = Socket(f"/ws/orders/{order.pk}", subprotocols=["bearer", token])
    assert await socket.connect(5) == (True, "bearer")
    assert await socket.statuses(1) == [(1, "pending")]
    await socket.disconnect()
    async with opened(f"/ws/orders/{order.pk}", headers={"authorization": f"Bearer {token}"}) as socket:
        assert await socket.statuses(1) == [(1, "pending")]


@pytest.mark.parametrize("subprotocols", [["bearer"], ["bearer", "0" * 64], ["bearer", "../%00"]])
async def test_a_wrong_token_is_refused_before_the_handshake(subprotocols: list[str]) -> None:
    assert await refusal("/api/orders/connect", subprotocols=subprotocols) == 4401


async def test_strangers_are_refused_where_there_is_no_local_user(settings: Any) -> None:
    settings.LOCAL_USER_ALLOWED = False
    assert await refusal("/api/orders/connect") == 4401
    assert await refusal("/ws/orders/none") == 4401


async def test_a_session_opens_the_door_to_pages_of_this_site_only(settings: Any) -> None:
    settings.LOCAL_USER_ALLOWED = False
    user = await new_user()
    client = Client()
    await in_database(client.force_login, user)
    cookie = {"cookie": f"sessionid={client.cookies['sessionid'].value}"}

    async with opened("/api/orders/connect", headers={**cookie, "origin": "http://testserver"}) as socket:
        await socket.send_json_to(FIVE_SOL)
        await socket.next()
    assert (await in_database(Order.objects.get)).user_id == user.pk
    for origin in ("http://evil.example", "null", "http://testserver:81", "http://[", ""):
        assert await refusal("/api/orders/connect", headers={**cookie, "origin": origin}) == 4401
    for session in ("unknown", '"' + r"\000" * 32 + '"'):
        assert await refusal("/api/orders/connect", headers={"cookie": f"sessionid={session}"}) == 4401


async def test_a_page_of_another_site_does_not_stream_as_the_local_user(settings: Any) -> None:
    evil = {"origin": "http://evil.example"}
    assert await refusal("/api/orders/connect", headers=evil) == 4401
    # A rebound name: the page's host equals the Host header, but it is not ours.
    assert await refusal("/api/orders/connect", headers={**evil, "host": "evil.example"}) == 4401
    settings.CSRF_TRUSTED_ORIGINS = ["http://evil.example"]
    async with opened("/api/orders/connect", headers=evil):
        pass


async def test_an_unknown_address_is_refused() -> None:
    assert await refusal("/ws/nothing/here") == 4404
