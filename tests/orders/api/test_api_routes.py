"""The addresses of the REST endpoints, and their description."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import (
    OrderFactory,
    UserFactory,
)
from tests.orders.rest import FIVE_SOL, place

pytestmark = pytest.mark.django_db


def test_every_route_answers_with_and_without_a_trailing_slash(client: Client) -> None:
    order = OrderFactory(user=UserFactory(username="local"))
    for path in ("/api/orders", f"/api/orders/{order.pk}", f"/api/orders/{order.pk}/events", "/health/live"):
        assert client.get(path).content == client.get(f"{path}/").content
    assert place(client).status_code == 201
    slashed = client.post("/api/orders/execute/", json.dumps(FIVE_SOL), content_type="application/json")
    assert slashed.status_code == 201


def test_an_unknown_address_is_told_in_the_errors_shape_for_every_method() -> None:
    client = Client(enforce_csrf_checks=True)
    for call in (client.get, client.post, client.delete):
        answer = call("/api/orders//cancel")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_the_admin_is_found_without_its_slash(client: Client) -> None:
    answer = client.get("/admin")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_the_pages_are_refused_other_methods_in_the_errors_shape(client: Client) -> None:
    for path in ("/", "/api/docs/", "/metrics"):
        for call in (client.options, client.post):
            answer = call(path)
            assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
            assert answer["Allow"] == "GET, HEAD"


def test_the_schema_names_every_address_once(client: Client) -> None:
    schema = client.get(reverse("schema"), headers={"Accept": "application/json"}).json()

    assert sorted(schema["paths"]) == [
        *("/api/candles", "/api/events", "/api/fills"),
        *(
            "/api/groups/{group_id}",
            "/api/groups/{group_id}/cancel",
            "/api/launches",
            "/api/me",
            "/api/orders",
        ),
        *("/api/orders/batch", "/api/orders/cancel", "/api/orders/execute", "/api/orders/{order_id}"),
        "/api/orders/{order_id}/cancel",
        *(
            "/api/orders/{order_id}/events",
            "/api/portfolio",
            "/api/portfolio/history",
            "/api/quotes",
            "/api/tokens",
            "/api/tokens/{mint}",
            "/api/trading",
        ),
        *("/health", "/health/live"),
    ]
    assert "IDEMPOTENCY_MISMATCH" in schema["components"]["schemas"]["Error"]["properties"]["code"]["enum"]
    shown = set(schema["components"]["schemas"]["Order"]["properties"])
    assert shown == set(place(client).json())


def test_the_docs_are_served_from_here(client: Client) -> None:
    answer = client.get("/api/docs/")

    assert answer.status_code == 200
    assert b"https://" not in answer.content.replace(b"https://github.com", b"")
