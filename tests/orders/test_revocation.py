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

from orders.api.credentials import Credential, ended
from orders.order_stream import in_database
from orders.revocation import revocation
from tests.factories import UserFactory
from tests.orders.sockets import Socket, new_user, opened

pytestmark = pytest.mark.django_db(transaction=True)
PING = {"action": "ping"}
DOORS = ("/api/orders/connect", "/api/orders/ws", "/api/orders/execute")


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


@pytest.mark.parametrize("path", DOORS)
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
