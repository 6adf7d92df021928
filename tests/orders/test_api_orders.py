"""The REST doors of orders: accept, list, show, cancel."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken
from pytest_django import DjangoAssertNumQueries

from orders.lifecycle import Status
from orders.models import Order, OrderEvent
from tests.factories import (
    CREATED_AT,
    POOL,
    SIGNATURE,
    SOL,
    USDC,
    AttemptFactory,
    OrderFactory,
    UserFactory,
    advance,
)

pytestmark = pytest.mark.django_db
FIVE_SOL = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5"}


def place(client: Client, body: dict[str, Any] = FIVE_SOL, **headers: str) -> Any:
    return client.post(
        "/api/orders/execute", json.dumps(body), content_type="application/json", headers=headers
    )


def bearer(user: Any) -> dict[str, str]:
    _row, token = AuthToken.objects.create(user)
    return {"Authorization": f"Bearer {token}"}


def test_an_accepted_order_is_answered_with_201_its_place_and_itself(client: Client) -> None:
    answer = place(client)

    assert answer.status_code == 201
    body = answer.json()
    order = Order.objects.get()
    assert answer["Location"] == f"http://testserver/api/orders/{order.pk}"
    assert body["orderId"] == str(order.pk)
    assert (body["status"], body["type"], body["network"]) == ("pending", "market", "localnet")
    assert (body["tokenIn"], body["tokenInMint"]) == ("SOL", SOL)
    assert (body["tokenOut"], body["tokenOutMint"]) == ("USDC", USDC)
    assert (body["amountIn"], body["amountInRaw"]) == ("5", "5000000000")
    assert (body["slippageBps"], body["attempt"]) == (50, 0)
    unknown_yet = (
        *("clientOrderId", "limitPrice", "expiresAt", "quotedAmountOut", "minAmountOut", "dex", "venue"),
        *("pool", "executedAmountIn", "executedAmountOut", "executedPrice", "slippageRealisedBps"),
        *("txHash", "explorerUrl", "slot", "error", "confirmedAt"),
    )
    assert {name: body[name] for name in unknown_yet} == dict.fromkeys(unknown_yet)
    assert body["fees"] == {"lp": None, "lpToken": None, "network": None, "priority": None}
    assert OrderEvent.objects.values_list("sequence", "status").get() == (1, "pending")


def test_accepting_takes_one_transaction_of_two_inserts(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    place(client)
    with django_assert_max_num_queries(8):
        place(client)


@pytest.mark.parametrize(
    ("amount", "raw"),
    [
        ({"amountIn": 5}, 5_000_000_000),
        ({"amountIn": 1.5}, 1_500_000_000),
        ({"amount": "0.000000001"}, 1),
        ({"amountInRaw": "7"}, 7),
        ({"amountInRaw": 7}, 7),
    ],
)
def test_an_amount_comes_in_whole_tokens_or_base_units(
    client: Client, amount: dict[str, Any], raw: int
) -> None:
    answer = place(client, {"tokenIn": "sol", "tokenOut": USDC, "type": "MARKET", **amount})

    assert answer.status_code == 201
    assert Order.objects.get().amount_in == raw


def test_a_number_is_read_exactly_and_not_through_a_float(client: Client) -> None:
    body = '{"tokenIn":"SOL","tokenOut":"USDC","amountIn":9007199.254740993}'
    answer = client.post("/api/orders/execute", body, content_type="application/json")

    assert answer.json()["amountInRaw"] == "9007199254740993"


def test_the_same_key_and_body_give_the_same_order_again(client: Client) -> None:
    first = place(client, **{"Idempotency-Key": "once"})
    again = place(client, FIVE_SOL | {"clientOrderId": "once"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert again.json()["orderId"] == first.json()["orderId"]
    assert again["Location"] == first["Location"]
    assert Order.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(client: Client) -> None:
    place(client, **{"Idempotency-Key": "once"})
    answer = place(client, FIVE_SOL | {"amountIn": "6"}, **{"Idempotency-Key": "once"})

    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert Order.objects.count() == 1


def test_two_users_may_use_the_same_key(client: Client) -> None:
    one, other = bearer(UserFactory()), bearer(UserFactory())
    assert place(client, **one, **{"Idempotency-Key": "k"}).status_code == 201
    assert place(client, **other, **{"Idempotency-Key": "k"}).status_code == 201


def test_an_order_is_shown_with_what_came_of_it(client: Client, settings: Any) -> None:
    settings.SOLANA_RPC_URL = "http://127.0.0.1:8899"
    order = OrderFactory(
        user=UserFactory(username="local"),
        created_at=CREATED_AT,
        dex="raydium",
        venue="raydium-cpmm",
        pool=POOL,
        attempt=1,
        quoted_amount_out=730_000_000,
        min_amount_out=726_350_000,
        confirmed_at=CREATED_AT,
        executed_amount_in=5_000_000_000,
        executed_amount_out=729_900_000,
        slot=77,
        network_fee=5000,
        priority_fee=12,
        lp_fee=12_500_000,
        lp_fee_mint=SOL,
        signature=SIGNATURE,
        status=Status.CONFIRMED,
    )
    AttemptFactory(order=order, state="landed", slot=77)

    body = client.get(f"/api/orders/{order.pk}").json()

    assert (body["dex"], body["venue"], body["pool"]) == ("raydium", "raydium-cpmm", POOL)
    assert (body["quotedAmountOut"], body["quotedAmountOutRaw"]) == ("730", "730000000")
    assert (body["minAmountOut"], body["minAmountOutRaw"]) == ("726.35", "726350000")
    assert (body["executedAmountOut"], body["executedAmountOutRaw"]) == ("729.9", "729900000")
    assert (body["executedAmountIn"], body["executedAmountInRaw"]) == ("5", "5000000000")
    assert body["executedPrice"] == "145.98"
    # 730 quoted, 729.9 received: 1.37 basis points short, rounded up.
    assert body["slippageRealisedBps"] == 2
    assert body["fees"] == {
        "lp": "0.0125",
        "lpToken": "SOL",
        "network": "0.000005",
        "priority": "0.000000012",
    }
    assert (body["txHash"], body["slot"]) == (SIGNATURE, 77)
    node = "http%3A%2F%2F127.0.0.1%3A8899"
    url = f"https://explorer.solana.com/tx/{SIGNATURE}?cluster=custom&customUrl={node}"
    assert body["explorerUrl"] == url
    assert body["createdAt"] == "2026-01-02T03:04:05.678Z"
    assert body["confirmedAt"] == "2026-01-02T03:04:05.678Z"
    assert body["attempts"] == [
        {
            "attempt": 1,
            "txHash": SIGNATURE,
            "explorerUrl": url,
            "venue": "raydium-cpmm",
            "state": "landed",
            "slot": 77,
            "error": None,
            "lastValidBlockHeight": 1000,
            "createdAt": "2026-01-02T03:04:05.678Z",
        }
    ]
    assert body["events"] == [{"sequence": 1, "status": "confirmed", "at": "2026-01-02T03:04:05.678Z"}]
    assert "signed" not in json.dumps(body)


@pytest.mark.parametrize(
    ("network", "ending"), [("mainnet-beta", SIGNATURE), ("devnet", f"{SIGNATURE}?cluster=devnet")]
)
def test_the_explorer_is_told_the_network_but_no_node_address(
    client: Client, network: str, ending: str
) -> None:
    order = OrderFactory(user=UserFactory(username="local"), network=network, signature=SIGNATURE)
    body = client.get(f"/api/orders/{order.pk}").json()

    assert body["explorerUrl"] == f"https://explorer.solana.com/tx/{ending}"


def test_a_failed_order_says_why(client: Client) -> None:
    order = OrderFactory(
        user=UserFactory(username="local"), status=Status.FAILED, error_code="NO_ROUTE", error_message=""
    )
    body = client.get(f"/api/orders/{order.pk}").json()

    assert body["error"] == {"code": "NO_ROUTE", "message": "No pool trades this pair"}


def test_a_mint_that_left_the_list_keeps_its_base_units(client: Client) -> None:
    order = OrderFactory(user=UserFactory(username="local"), token_in=POOL)
    body = client.get(f"/api/orders/{order.pk}").json()

    assert (body["tokenIn"], body["amountIn"], body["amountInRaw"]) == (POOL, None, "5000000000")


def test_the_journal_is_read_behind_a_sequence(client: Client) -> None:
    order = advance(
        OrderFactory(user=UserFactory(username="local")), Status.ROUTING, Status.BUILDING, dex="meteora"
    )
    body = client.get(f"/api/orders/{order.pk}/events?after=1").json()

    assert (body["orderId"], body["status"]) == (str(order.pk), "building")
    assert [(e["sequence"], e["status"], e.get("dex")) for e in body["events"]] == [
        (2, "routing", None),
        (3, "building", "meteora"),
    ]


@pytest.mark.parametrize("status", [Status.PENDING, Status.OPEN])
def test_an_order_that_no_worker_has_begun_can_be_cancelled(client: Client, status: Status) -> None:
    order = OrderFactory(user=UserFactory(username="local"), status=status)
    answer = client.post(f"/api/orders/{order.pk}/cancel")

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_an_order_under_way_cannot_be_cancelled(client: Client) -> None:
    order = OrderFactory(user=UserFactory(username="local"), status=Status.BUILDING)
    answer = client.post(f"/api/orders/{order.pk}/cancel")

    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_CANCELLABLE")
    assert answer.json()["details"] == {"status": "building"}


@pytest.mark.parametrize(
    ("method", "path"), [("get", ""), ("get", "/events"), ("post", "/cancel"), ("get", "/")]
)
def test_another_owners_order_is_not_found(client: Client, method: str, path: str) -> None:
    order = OrderFactory()
    answer = getattr(client, method)(f"/api/orders/{order.pk}{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_the_list_holds_the_callers_orders_newest_first(client: Client) -> None:
    local = UserFactory(username="local")
    older = OrderFactory(user=local, created_at=CREATED_AT)
    newer = OrderFactory(user=local, created_at=CREATED_AT + timedelta(seconds=1))
    OrderFactory()

    body = client.get("/api/orders").json()

    assert [order["orderId"] for order in body["results"]] == [str(newer.pk), str(older.pk)]
    assert (body["next"], body["previous"]) == (None, None)
    assert "events" not in body["results"][0]


def test_pages_lead_through_equal_times_and_back_again(client: Client) -> None:
    local = UserFactory(username="local")
    made = [OrderFactory(user=local, created_at=CREATED_AT) for _ in range(7)]
    expected = [str(order.pk) for order in sorted(made, key=lambda order: order.pk.hex, reverse=True)]

    pages, url = [], "/api/orders?limit=3&type=market"
    while url:
        body = client.get(url).json()
        pages.append([order["orderId"] for order in body["results"]])
        last, url = body, body["next"] and _path_of(body["next"])
    assert pages == [expected[:3], expected[3:6], expected[6:]]

    back = client.get(_path_of(last["previous"])).json()
    assert [order["orderId"] for order in back["results"]] == expected[3:6]
    first = client.get(_path_of(back["previous"])).json()
    assert [order["orderId"] for order in first["results"]] == expected[:3]
    assert first["previous"] is None
    assert "type=market" in first["next"]


def test_a_new_order_does_not_shift_the_pages(client: Client) -> None:
    local = UserFactory(username="local")
    made = [OrderFactory(user=local, created_at=CREATED_AT + timedelta(seconds=n)) for n in range(3)]
    first = client.get("/api/orders?limit=2").json()
    OrderFactory(user=local)

    second = client.get(_path_of(first["next"])).json()
    assert [order["orderId"] for order in second["results"]] == [str(made[0].pk)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=pending", {"a"}),
        ("status=PENDING,confirmed", {"a", "b"}),
        ("type=market", {"a", "b"}),
        ("type=limit", {"c"}),
        ("dex=Raydium", {"b"}),
        ("token=usdc", {"a", "b"}),
        (f"token={POOL}", None),
        ("token=JUP", {"c"}),
        ("since=2026-01-03T00:00:00Z", {"b", "c"}),
        ("until=2026-01-03T00:00:00Z", {"a"}),
        ("since=2026-01-03T00:00:00Z&until=2026-01-04T00:00:00%2B00:00", {"b"}),
        ("clientOrderId=c", {"c"}),
        ("status=failed", set()),
    ],
)
def test_the_list_is_filtered(client: Client, query: str, found: set[str] | None) -> None:
    local = UserFactory(username="local")
    jup = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (2, 3, 4)]
    OrderFactory(user=local, client_order_id="a", created_at=days[0])
    OrderFactory(user=local, client_order_id="b", created_at=days[1], status=Status.CONFIRMED, dex="raydium")
    OrderFactory(
        user=local,
        client_order_id="c",
        created_at=days[2],
        type="limit",
        token_in=jup,
        token_out=SOL,
        status=Status.OPEN,
    )

    answer = client.get(f"/api/orders?{query}")

    if found is None:
        assert (answer.status_code, answer.json()["code"]) == (400, "UNKNOWN_TOKEN")
    else:
        assert {order["clientOrderId"] for order in answer.json()["results"]} == found


def test_every_route_answers_with_and_without_a_trailing_slash(client: Client) -> None:
    order = OrderFactory(user=UserFactory(username="local"))
    for path in ("/api/orders", f"/api/orders/{order.pk}", f"/api/orders/{order.pk}/events", "/health/live"):
        assert client.get(path).content == client.get(f"{path}/").content
    assert place(client).status_code == 201
    slashed = client.post("/api/orders/execute/", json.dumps(FIVE_SOL), content_type="application/json")
    assert slashed.status_code == 201


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


def test_the_schema_names_every_door_once(client: Client) -> None:
    schema = client.get(reverse("schema"), headers={"Accept": "application/json"}).json()

    assert sorted(schema["paths"]) == [
        *("/api/orders", "/api/orders/execute", "/api/orders/{order_id}", "/api/orders/{order_id}/cancel"),
        *("/api/orders/{order_id}/events", "/api/quotes", "/api/tokens", "/health", "/health/live"),
    ]
    assert "IDEMPOTENCY_MISMATCH" in schema["components"]["schemas"]["Error"]["properties"]["code"]["enum"]
    shown = set(schema["components"]["schemas"]["Order"]["properties"])
    assert shown == set(place(client).json())


def test_the_docs_are_served_from_here(client: Client) -> None:
    answer = client.get("/api/docs/")

    assert answer.status_code == 200
    assert b"https://" not in answer.content.replace(b"https://github.com", b"")


def test_an_unused_id_is_not_found(client: Client) -> None:
    assert client.get(f"/api/orders/{uuid.uuid4()}").json()["code"] == "NOT_FOUND"


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    assert parts.netloc == "testserver"
    return f"{parts.path}?{parts.query}"


def test_an_unknown_address_is_told_in_the_errors_shape_for_every_method() -> None:
    client = Client(enforce_csrf_checks=True)
    for call in (client.get, client.post, client.delete):
        answer = call("/api/orders//cancel")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
