"""Who may call the REST endpoints: tokens, sessions, the local user, and pages of which sites."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from orders.models import Order
from tests.factories import (
    OrderFactory,
    UserFactory,
)
from tests.orders.rest import bearer, place

pytestmark = pytest.mark.django_db


def test_a_token_decides_whose_orders_are_seen(client: Client) -> None:
    user = UserFactory()
    order = OrderFactory(user=user)

    assert client.get(f"/api/orders/{order.pk}", headers=bearer(user)).status_code == 200
    assert client.get(f"/api/orders/{order.pk}", headers=bearer(UserFactory())).status_code == 404


def test_a_session_needs_the_csrf_token_to_write() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory())

    assert client.get("/api/orders").status_code == 200
    answer = place(client)
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    "authorization", ["Bearer 0123456789", "Bearer", "Bearer a b", "bearer \xff\xfe", "Bearer ../%00"]
)
def test_a_wrong_token_is_refused_even_where_strangers_are_let_in(client: Client, authorization: str) -> None:
    answer = client.get("/api/orders", headers={"Authorization": authorization})

    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_without_the_local_user_strangers_are_refused(client: Client, settings: Any) -> None:
    settings.LOCAL_USER_ALLOWED = False
    for answer in (client.get("/api/orders"), place(client), client.get("/api/tokens")):
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")


def test_a_page_of_another_site_does_not_act_as_the_local_user(client: Client) -> None:
    assert place(client, Origin="http://evil.example").status_code == 401
    assert place(client, Origin="http://testserver").status_code == 201


def test_the_local_user_cannot_log_in_with_a_password(client: Client) -> None:
    place(client)

    assert Order.objects.get().user.has_usable_password() is False


@pytest.mark.parametrize(
    "header",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Forwarded-Proto": "https"},
        {"Forwarded": "for=203.0.113.7"},
        {"Via": "1.1 nginx"},
        {"X-Real-IP": "203.0.113.7"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=lambda header: "-".join([*header, *header.values()]),
)
def test_what_a_proxy_passes_on_is_not_the_local_user(client: Client, header: dict[str, str]) -> None:
    assert client.get("/api/orders", headers=header).status_code == 401
    assert place(client, **header).status_code == 401


def test_pages_of_this_server_act_as_the_local_user(client: Client) -> None:
    assert place(client, **{"Sec-Fetch-Site": "same-origin"}).status_code == 201
    assert client.get("/api/orders", headers={"Sec-Fetch-Site": "none"}).status_code == 200
