"""Names that nothing reads are refused, and what has one meaning is read in each of its spellings."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from orders.models import Order
from orders.wire.request_fields import idempotency_key, spelling
from tests.factories import OrderFactory, UserFactory
from tests.orders.rest import FIVE_SOL, place, refused

pytestmark = pytest.mark.django_db
_UNKNOWN = "unknown parameter"
KINDS = "one of dca, limit, market, sniper, stop, stop_limit, take_profit, trailing_stop"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/api/orders?client_order_id=mine", "client_order_id"),
        ("/api/orders?Limit=5", "Limit"),
        ("/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=1&slippagebps=10", "slippagebps"),
        ("/api/tokens?wallet=x", "wallet"),
        ("/health?deep=1", "deep"),
        ("/health/live?x=", "x"),
        ("/api/orders/6f1f2a1e-6a0e-4df1-9c43-7f0a3ce1f2aa?after=1", "after"),
        ("/api/orders/6f1f2a1e-6a0e-4df1-9c43-7f0a3ce1f2aa/events?from=1", "from"),
    ],
)
def test_an_unknown_query_parameter_is_refused_by_name(client: Client, address: str, name: str) -> None:
    body = refused(client.get(address), 400, "INVALID_REQUEST", name)
    assert body["details"] == {name: _UNKNOWN}


def test_a_call_that_writes_takes_no_query(client: Client) -> None:
    order = OrderFactory(user=UserFactory(username="local"))
    for path in ("/api/orders/execute?dryRun=true", f"/api/orders/{order.pk}/cancel?force=1"):
        answer = client.post(path, FIVE_SOL, content_type="application/json")
        refused(answer, 400, "INVALID_REQUEST", path.partition("?")[2].partition("=")[0])
    assert Order.objects.count() == 1


def test_an_unescaped_plus_of_a_zone_is_read_as_one(client: Client) -> None:
    order = OrderFactory(user=UserFactory(username="local"))
    for zone in ("+00:00", "%2B00:00", "+0000"):
        body = client.get(f"/api/orders?until=2999-01-01T00:00:00{zone}").json()
        assert [each["orderId"] for each in body["results"]] == [str(order.pk)], zone
    assert client.get("/api/orders?since=2999-01-01T00:00:00.5+05:30").json()["results"] == []
    refused(client.get("/api/orders?until=2026-01-01+10:00"), 400, "INVALID_REQUEST", "until")


@pytest.mark.parametrize(
    ("given", "accepted"),
    [("market", True), ("MARKET", True), ("Market", True), ("mar\u212aet", False), ("mar-ket", False)],
)
def test_the_type_in_any_letter_case_of_ascii(client: Client, given: str, accepted: bool) -> None:
    answer = place(client, {**FIVE_SOL, "type": given})
    if accepted:
        assert answer.json()["type"] == "market"
    else:
        assert refused(answer, 400, "INVALID_REQUEST", "type")["details"] == {"type": KINDS}


@pytest.mark.parametrize("given", ["sniper", "SNIPER"])
def test_a_type_that_is_not_taken_is_answered_with_those_that_are(
    client: Client, given: str, settings: Any
) -> None:
    settings.LAUNCHES = "off"
    body = refused(place(client, {**FIVE_SOL, "type": given}), 400, "UNSUPPORTED_ORDER_TYPE")
    accepted = [kind for kind in KINDS.removeprefix("one of ").split(", ") if kind != "sniper"]
    assert body["details"] == {"type": given.lower(), "accepted": accepted}


def test_an_unknown_type_is_answered_with_those_that_are_taken(client: Client) -> None:
    body = refused(place(client, {**FIVE_SOL, "type": "swap"}), 400, "INVALID_REQUEST")
    assert body["details"] == {"type": KINDS}


@pytest.mark.parametrize("symbol", ["\u017fOL", "\u017fol", "U\u017fDC"])
def test_letters_beyond_ascii_are_no_letters_of_a_symbol(client: Client, symbol: str) -> None:
    refused(place(client, {**FIVE_SOL, "tokenIn": symbol}), 400, "UNKNOWN_TOKEN")
    refused(client.get("/api/orders", {"token": symbol}), 400, "UNKNOWN_TOKEN")
    assert place(client, {**FIVE_SOL, "tokenIn": "sol", "tokenOut": "uSdC"}).status_code == 201


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        *(("market", "market"), ("TAKE_PROFIT", "take_profit"), ("take-profit", "take_profit")),
        *(("takeProfit", "take_profit"), ("Take-Profit", "take_profit"), ("stopLimit", "stop_limit")),
        *(("mar\u212aet", "mar\u212aet"), ("", "")),
    ],
)
def test_spellings_of_a_word(text: str, spelt: str) -> None:
    assert spelling(text) == spelt


def test_filters_take_words_in_every_spelling(client: Client) -> None:
    OrderFactory(user=UserFactory(username="local"), dex="raydium")
    for query in ("type=Market", "status=PENDING", "type=MARKET&status=Pending", "dex=Raydium"):
        assert len(client.get(f"/api/orders?{query}").json()["results"]) == 1, query
    refused(client.get("/api/orders?type=mar\u212aet"), 400, "INVALID_REQUEST", "type")


def latin(text: str) -> str:
    """A header as servers give it on: its bytes as Latin-1."""
    return text.encode().decode("latin-1")


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("mine", "mine"),
        (latin("clé-1"), "clé-1"),
        (latin("鍵"), "鍵"),
        ('"8e03978e"', "8e03978e"),
        (r'"a \"b\" \\c"', r'a "b" \c'),
        (latin('"clé"'), "clé"),
        ('"', '"'),
        ("a,b", "a,b"),
    ],
)
def test_an_idempotency_key_of_a_header_is_its_text(client: Client, header: str, key: str) -> None:
    assert idempotency_key(header) == key
    first = place(client, **{"Idempotency-Key": header}).json()
    again = place(client, {**FIVE_SOL, "clientOrderId": key})
    assert first["clientOrderId"] == key
    assert (again.status_code, again.json()["orderId"]) == (200, first["orderId"])


@pytest.mark.parametrize("header", ["cl\xe9", '""', "", "\x7f", "x" * 256])
def test_a_key_that_is_none_is_refused(client: Client, header: str) -> None:
    refused(place(client, **{"Idempotency-Key": header}), 400, "INVALID_REQUEST", "idempotencyKey")


def test_the_same_key_in_header_and_body_is_one_key(client: Client) -> None:
    body: dict[str, Any] = {**FIVE_SOL, "clientOrderId": "clé-1"}
    assert place(client, body, **{"Idempotency-Key": latin("clé-1")}).status_code == 201
    answer = place(client, body, **{"Idempotency-Key": "other"})
    refused(answer, 400, "INVALID_REQUEST", "clientOrderId")
