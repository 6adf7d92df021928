"""A connection does not outlive the token, the session or the user that opened it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from knox.models import AuthToken

from orders.access.credentials import Credential, ended, require_lasting
from orders.errors import Unauthenticated
from orders.models import Order
from orders.streaming.revocation import revocation
from orders.streaming.stream import in_database
from tests.factories import UserFactory
from tests.orders.sockets import Socket, new_order, new_user, opened

pytestmark = pytest.mark.django_db(transaction=True)
PING = {"action": "ping"}
ONE_SOL = {"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"}
ENDPOINTS = ("/api/orders/connect", "/api/orders/ws", "/api/orders/execute")


@pytest.fixture(autouse=True)
def _checked_often(settings: Any) -> None:
    settings.SOCKET_CHECK_SECONDS = 0.05
    settings.LOCAL_USER_ALLOWED = False


def delete(user: Any) -> None:
    AuthToken.objects.filter(user=user).delete()


def expire(user: Any) -> None:
    AuthToken.objects.filter(user=user).update(expiry=timezone.now() - timedelta(seconds=1))


def deactivate(user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)


async def is_told_and_closed(socket: Socket) -> bool:
    message = await socket.next()
    assert (message["type"], message["code"]) == ("error", "UNAUTHENTICATED")
    return await socket.closing_code() == 4401


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("end", [delete, expire, deactivate])
async def test_a_token_that_ends_closes_its_connections_and_no_others(
    path: str, end: Callable[[Any], None]
) -> None:
    ending, staying = await new_user(), await new_user()
    tokens = [(await in_database(AuthToken.objects.create, user))[1] for user in (ending, staying)]
    headers = [{"authorization": f"Bearer {token}"} for token in tokens]
    async with opened(path, headers=headers[0]) as closed, opened(path, headers=headers[1]) as kept:
        await closed.send_json_to(PING)
        assert await closed.next() == {"type": "pong"}
        await in_database(end, ending)
        assert await is_told_and_closed(closed)
        await kept.send_json_to(PING)
        assert await kept.next() == {"type": "pong"}
    assert revocation()._holders == set()


def log_out(client: Client, user: Any) -> None:
    client.logout()


def change_password(client: Client, user: Any) -> None:
    user.set_password("another one")
    user.save()


def let_the_session_expire(client: Client, user: Any) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("end", [log_out, change_password, let_the_session_expire])
async def test_a_session_that_ends_closes_its_connections(end: Callable[[Client, Any], None]) -> None:
    user, client, other = await new_user(), Client(), Client()
    await in_database(client.force_login, user)
    await in_database(other.force_login, await new_user())
    headers = [
        {"cookie": f"sessionid={each.cookies['sessionid'].value}", "origin": "http://testserver"}
        for each in (client, other)
    ]
    async with opened("/api/orders/ws", headers=headers[0]) as socket:
        await socket.send_json_to(PING)
        assert await socket.next() == {"type": "pong"}
        await in_database(end, client, user)
        assert await is_told_and_closed(socket)


def test_a_thousand_connections_are_checked_with_a_few_queries() -> None:
    users = UserFactory.create_batch(10)
    tokens = [AuthToken.objects.create(user)[0] for user in users]
    wanted = [Credential(tokens[n % 10].user_id, token_id=tokens[n % 10].pk) for n in range(1000)]
    AuthToken.objects.filter(pk=tokens[3].pk).delete()
    with CaptureQueriesContext(connection) as queries:
        gone = ended(set(wanted))
    assert gone == {Credential(tokens[3].user_id, token_id=wanted[3].token_id)}
    assert len(queries) == 2


@pytest.mark.parametrize("path", ["/api/orders/connect", "/api/orders/execute"])
@pytest.mark.parametrize("end", [delete, expire, deactivate])
async def test_a_token_that_has_ended_places_no_order_before_anybody_has_looked(
    path: str, end: Callable[[Any], None], settings: Any
) -> None:
    settings.SOCKET_CHECK_SECONDS = 600
    user = await new_user()
    token = (await in_database(AuthToken.objects.create, user))[1]
    async with opened(path, headers={"authorization": f"Bearer {token}"}) as socket:
        await socket.send_json_to({**ONE_SOL, "clientOrderId": "before"})
        assert (await socket.next())["status"] == "pending"
        await in_database(end, user)
        # Not even one that was placed before is told again.
        for client_order_id in ("after", "before"):
            await socket.send_json_to({**ONE_SOL, "clientOrderId": client_order_id, "requestId": 7})
        refusal = await socket.next()
        assert (refusal["code"], refusal["requestId"]) == ("UNAUTHENTICATED", 7)
        assert await socket.closing_code() == 4401
    assert await in_database(lambda: [each.client_order_id for each in Order.objects.all()]) == ["before"]


async def test_a_token_that_has_ended_cancels_no_order(settings: Any) -> None:
    settings.SOCKET_CHECK_SECONDS = 600
    user = await new_user()
    order = await new_order(user=user)
    token = (await in_database(AuthToken.objects.create, user))[1]
    async with opened("/api/orders/connect", headers={"authorization": f"Bearer {token}"}) as socket:
        await in_database(delete, user)
        await socket.send_json_to({"action": "cancel_order", "orderId": str(order.pk)})
        assert await is_told_and_closed(socket)
    assert await in_database(lambda: Order.objects.get().status) == "pending"


@pytest.mark.parametrize("end", [log_out, change_password, let_the_session_expire])
async def test_a_session_that_has_ended_places_no_order_before_anybody_has_looked(
    end: Callable[[Client, Any], None], settings: Any
) -> None:
    settings.SOCKET_CHECK_SECONDS = 600
    user, client = await new_user(), Client()
    await in_database(client.force_login, user)
    headers = {"cookie": f"sessionid={client.cookies['sessionid'].value}", "origin": "http://testserver"}
    async with opened("/api/orders/connect", headers=headers) as socket:
        await socket.send_json_to(ONE_SOL)
        assert (await socket.next())["status"] == "pending"
        await in_database(end, client, user)
        await socket.send_json_to(ONE_SOL)
        assert await is_told_and_closed(socket)
    assert await in_database(Order.objects.count) == 1


def test_a_token_is_looked_at_with_one_query() -> None:
    token = AuthToken.objects.create(UserFactory())[0]
    credential = Credential(token.user_id, token_id=token.pk)
    with CaptureQueriesContext(connection) as queries:
        require_lasting(credential)
    assert len(queries) == 1
    token.delete()
    with pytest.raises(Unauthenticated):
        require_lasting(credential)
