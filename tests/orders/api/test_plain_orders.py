"""Plain requests are answered as REST framework's view answers them, or left to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from knox.models import AuthToken
from rest_framework.renderers import JSONRenderer

from orders.access.authentication import local_user
from orders.access.permissions import let_trade
from orders.api.plain_orders import PlainAnswer, PlainRequest, accept
from orders.errors import DatabaseUnavailable
from orders.intake import group_commit
from orders.models import Order, TokenScope

pytestmark = pytest.mark.django_db
ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "0.01"}
# Of each order anew.
OWN = ("orderId", "createdAt", "updatedAt", "clientOrderId")


def plain(
    body: object = ORDER, *, secure: bool = False, peer: str | None = None, **named: str
) -> PlainRequest:
    headers = {"host": "testserver", "content-type": "application/json"}
    headers |= {name.replace("_", "-"): value for name, value in named.items()}
    return PlainRequest(peer, secure, headers, json.dumps(body).encode())


def answered(request: PlainRequest) -> PlainAnswer:
    [answer] = accept([request])
    assert answer is not None
    return answer


def by_view(request: PlainRequest) -> tuple[int, dict[str, str], dict[str, Any]]:
    extra = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    extra.pop("HTTP_CONTENT_TYPE")
    response = Client().post(
        "/api/orders/execute",
        request.body,
        content_type="application/json",
        secure=request.secure,
        **extra,  # type: ignore[arg-type]
    )
    return response.status_code, dict(response.headers), json.loads(response.content)


def compared(headers: Mapping[str, str], body: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    wire = {name: value for name, value in body.items() if name not in OWN}
    given = {name.lower(): value for name, value in headers.items()}
    given.pop("content-length", None)
    given["location"] = given["location"].rpartition("/")[0]
    return given, wire


def token_of(name: str, scope: str | None = None) -> str:
    user, _ = get_user_model().objects.get_or_create(username=name)
    let_trade(user)
    row, token = AuthToken.objects.create(user)
    if scope is not None:
        TokenScope.objects.create(token=row, scope=scope)
    return f"Bearer {token}"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"slippageBps": "auto", "minAmountOut": "0.5", "expiresAt": "2090-01-01T00:00:00Z"},
        {"venues": ["raydium"], "maxHops": 1, "maxSplits": 2},
        {"tokenIn": "sol", "amountIn": 0.01},
    ],
)
def test_an_answer_is_the_views_own(more: dict[str, Any]) -> None:
    body = {name: value for name, value in (ORDER | more).items() if value is not None}
    request = plain(body, x_request_id="the-same")
    ours, theirs = answered(request), by_view(request)
    assert ours.status == theirs[0] == 201
    assert compared(dict(ours.headers), json.loads(ours.body)) == compared(theirs[1], theirs[2])


def test_an_answer_to_a_token_is_the_views_own() -> None:
    request = plain(authorization=token_of("ann"), x_request_id="the-same")
    ours, theirs = answered(request), by_view(request)
    assert compared(dict(ours.headers), json.loads(ours.body)) == compared(theirs[1], theirs[2])
    assert set(Order.objects.values_list("user__username", flat=True)) == {"ann"}


def test_an_answer_over_tls_is_the_views_own(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 60, True
    request = plain(secure=True, x_request_id="the-same")
    ours, theirs = answered(request), by_view(request)
    assert dict(ours.headers)["Strict-Transport-Security"] == "max-age=60; includeSubDomains"
    assert compared(dict(ours.headers), json.loads(ours.body)) == compared(theirs[1], theirs[2])


def test_what_a_proxy_says_of_tls_counts_where_trusted(settings: Any) -> None:
    request = plain(authorization=token_of("ann"), x_forwarded_proto="https")
    assert dict(answered(request).headers)["Location"].startswith("http://testserver/")
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert dict(answered(request).headers)["Location"].startswith("https://testserver/")


def test_orders_of_a_batch_have_users_and_names_of_their_own() -> None:
    names = ["ann", "bob", "ann"]
    tokens = {name: token_of(name) for name in set(names)}
    requests = [plain(authorization=tokens[name], x_request_id=f"r{at}") for at, name in enumerate(names)]
    answers = accept(requests)
    placed = [Order.objects.get(pk=json.loads(answer.body)["orderId"]) for answer in answers if answer]
    assert [(order.user.username, order.request_id) for order in placed] == [
        ("ann", "r0"),
        ("bob", "r1"),
        ("ann", "r2"),
    ]


def test_a_repeated_key_replays_the_order() -> None:
    first, again = answered(plain(idempotency_key="mine")), answered(plain(idempotency_key='"mine"'))
    assert (first.status, again.status) == (201, 200)
    assert dict(again.headers)["Idempotent-Replayed"] == "true"
    assert json.loads(first.body) == json.loads(again.body)


def test_a_key_twice_in_one_batch_makes_one_order() -> None:
    answers = accept([plain(idempotency_key="mine"), plain(idempotency_key="mine")])
    assert [answer.status for answer in answers if answer] == [201, 200]
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    "request_",
    [
        plain({}),
        plain([1]),
        plain(ORDER | {"tokenOut": "SOL"}),
        plain(ORDER | {"tokenOut": "NONE"}),
        plain(ORDER | {"amountIn": "-1"}),
        plain(host="elsewhere.example"),
        plain(peer="192.0.2.1"),
        plain(via="1.1 proxy"),
        plain(authorization="Bearer nobody"),
        plain(authorization="Basic eDp5"),
        plain(idempotency_key=""),
    ],
)
def test_what_is_refused_is_left_to_the_view(request_: PlainRequest) -> None:
    assert accept([request_]) == [None]
    assert Order.objects.count() == 0


def test_a_token_that_may_only_read_is_left_to_the_view() -> None:
    assert accept([plain(authorization=token_of("ann", TokenScope.Scope.READ))]) == [None]


def test_a_user_who_may_not_trade_is_left_to_the_view() -> None:
    local_user().user_permissions.clear()
    assert accept([plain()]) == [None]


def test_plain_http_is_left_to_the_view_where_tls_is_asked_for(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert accept([plain()]) == [None]


def test_one_refusal_does_not_touch_the_others() -> None:
    answers = accept([plain(), plain({}), plain()])
    assert [answer and answer.status for answer in answers] == [201, None, 201]


def test_what_may_be_written_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # The commit does not say in time what became of it.
    monkeypatch.setattr(group_commit, "write_all", lambda orders, _seconds: [TimeoutError()] * len(orders))
    answer = answered(plain())
    assert answer.status == 503
    assert json.loads(answer.body)["code"] == DatabaseUnavailable.code


def test_what_is_written_is_not_tried_again_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(JSONRenderer, "render", fail)
    answer = answered(plain())
    assert (answer.status, json.loads(answer.body)["code"]) == (503, "OUT_OF_RESOURCES")
    assert Order.objects.count() == 1
