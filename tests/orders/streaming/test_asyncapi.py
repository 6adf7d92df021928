"""docs/asyncapi.yaml is the generated one, leads nowhere wrong, and says what sockets really say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.conf import settings

from orders.lifecycle import Status
from orders.streaming.asyncapi import ENDPOINTS, asyncapi
from orders.streaming.urls import unknown_address, websocket_urlpatterns
from orders.wire.actions import ACTIONS
from orders.wire.events import EVENT
from tests.orders.sockets import moved, new_order, opened

DOCUMENT: dict[str, Any] = yaml.safe_load((Path(settings.BASE_DIR) / "docs/asyncapi.yaml").read_text())
FIVE_SOL = {"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 5}
HEAD = {"sequence", "status", "at"}
BUILT = {name: value for name, value in EVENT.messages["building"].example().items() if name not in HEAD}


def says(channel: str) -> jsonschema.Draft202012Validator:
    """What the engine may say there, and nothing else."""
    names = [each["$ref"].split("/")[-1] for each in DOCUMENT["operations"][f"{channel}.says"]["messages"]]
    closed = {
        name: {**schema, "additionalProperties": False} if "properties" in schema else schema
        for name, schema in DOCUMENT["components"]["schemas"].items()
    }
    payloads = [DOCUMENT["components"]["messages"][name]["payload"] for name in names]
    return jsonschema.Draft202012Validator(
        {"oneOf": payloads, "components": {"schemas": closed}}, format_checker=jsonschema.FormatChecker()
    )


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (node["$ref"],) if "$ref" in node else ()
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from references(each)


def test_the_committed_document_is_the_generated_one() -> None:
    assert asyncapi(DOCUMENT["servers"]["engine"]["host"]) == DOCUMENT


def test_every_reference_leads_somewhere() -> None:
    for reference in set(references(DOCUMENT)):
        node: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_every_address_is_described() -> None:
    patterns = [each.pattern for each in websocket_urlpatterns if each.callback is not unknown_address]
    described = [one.address.removeprefix("/") for one in ENDPOINTS]
    assert all(any(pattern.match(address) for address in described) for pattern in patterns)
    assert all(any(pattern.match(address) for pattern in patterns) for address in described)


@pytest.mark.django_db(transaction=True)
async def test_what_one_connection_says_is_described() -> None:
    fits = says("connect")
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({**FIVE_SOL, "requestId": 7, "clientOrderId": "mine"})
        accepted = await socket.next()
        order = await moved(await new_order(), Status.ROUTING)
        await moved(order, Status.BUILDING, **BUILT)
        for message in (
            {"action": "subscribe", "orderId": str(order.pk), "requestId": "s"},
            {**FIVE_SOL, "clientOrderId": "mine", "requestId": "again"},
            {"action": "unsubscribe", "orderId": str(order.pk)},
            {"action": "ping", "requestId": "p"},
            {"action": "cancel_order", "orderId": accepted["orderId"]},
            {"action": "nonsense"},
        ):
            await socket.send_json_to(message)
        said = [accepted, *[await socket.next() for _ in range(8)]]
    for message in said:
        fits.validate(message)
    kinds = [message.get("status") or message["type"] for message in said]
    assert sorted(kinds) == sorted(
        ["pending", "pending", "routing", "building", "pending", "unsubscribed", "pong", "cancelled", "error"]
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("feed", "/api/orders/ws"),
        ("feedOfOne", "/api/orders/ws?orderId={}"),
        ("envelopedOrder", "/api/orders/execute?orderId={}"),
        ("order", "/ws/orders/{}"),
    ],
)
async def test_what_the_streams_say_is_described(channel: str, address: str) -> None:
    order = await moved(await new_order(), Status.ROUTING)
    async with opened(address.format(order.pk)) as socket:
        await socket.send_json_to({"action": "nonsense"})
        for message in [await socket.next() for _ in range(3)]:
            says(channel).validate(message)


def test_every_action_is_described() -> None:
    takes = {each["$ref"].split("/")[-1] for each in DOCUMENT["operations"]["connect.takes"]["messages"]}
    assert takes == {message.name for message in ACTIONS.values()}
