"""Every request of the Postman collection works as it stands, again and again, behind any other call."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from orders.models import Order
from tests.orders.chain import TestChain
from tests.orders.rest import place

COLLECTION: dict[str, Any] = json.loads((settings.BASE_DIR / "postman_collection.json").read_text())


def requests() -> Iterator[dict[str, Any]]:
    for folder in COLLECTION["item"]:
        for item in folder["item"]:
            yield item["request"]


def filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def send(client: Client, request: dict[str, Any], values: dict[str, str]) -> Any:
    """As Postman does: enabled parameters and headers, its own variables filled in."""
    variables = {each["key"]: filled(each["value"], values) for each in request["url"].get("variable", ())}
    parts = [variables.get(part.removeprefix(":"), part) for part in request["url"]["path"]]
    query = {each["key"]: each["value"] for each in request["url"].get("query", ()) if not each["disabled"]}
    fresh = {"$guid": str(uuid.uuid4())}
    sent = (each for each in request["header"] if not each.get("disabled"))
    headers = {each["key"]: filled(each["value"], fresh) for each in sent}
    body = request.get("body", {}).get("raw", "")
    return client.generic(
        request["method"],
        f"/{'/'.join(parts)}?{urlencode(query)}",
        body,
        content_type=headers.pop("Content-Type", "application/octet-stream"),
        headers=headers,
    )


def test_values_of_the_collection_are_text() -> None:
    for request in requests():
        for each in (*request["url"].get("query", ()), *request["header"]):
            assert isinstance(each["value"], str), each


@pytest.mark.django_db
def test_every_request_of_the_collection_works_twice(client: Client, chain: TestChain) -> None:
    # The first order of the README has a key of its own.
    first = place(
        client, {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "clientOrderId": "my-first-order"}
    )
    values: dict[str, str] = {}
    for _ in range(2):
        for request in requests():
            values["orderId"] = str(place(client).json()["orderId"])
            answer = send(client, request, values)
            assert answer.status_code < 300, (request["url"]["raw"], answer.content)
            if request["url"]["raw"].endswith("/batch"):
                _, grouped, waiting = (each["order"] for each in answer.json()["results"])
                values |= {"openOrderId": waiting["orderId"], "groupId": grouped["groupId"]}
    assert first.status_code == 201
    assert Order.objects.filter(client_order_id__isnull=False).count() == 3
