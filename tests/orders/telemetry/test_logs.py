"""What stands in the log: one line a batch of a stage, with orders and requests; no more than is allowed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from orderengine.logs import logging_config
from orders import gateway
from orders.lifecycle import AttemptState, Status
from orders.models import Order
from orders.pipeline import settle as settlement
from orders.pipeline import stages
from orders.pipeline.settle import Watched
from orders.telemetry.request_ids import HEADER
from tests.orders.chain import TestChain, eventually
from tests.orders.log_lines import Log
from tests.orders.rows import order_row
from tests.orders.sockets import opened


@pytest.fixture
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    """JSON lines unless the test is parametrised otherwise."""
    log = Log(getattr(request, "param", "json"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(log.handler)
    root.setLevel(logging.INFO)
    yield log
    root.removeHandler(log.handler)
    root.setLevel(level)


def settle(orders: list[Order]) -> None:
    attempts = [order.attempts.get(state=AttemptState.OPEN) for order in orders]
    watched = [Watched(each, gateway.dead_check(each.last_valid_block_height), 0, 0) for each in attempts]
    done: set[str] = set()

    def all_done() -> bool:
        done.update(settlement.settle(watched))
        return len(done) == len(watched)

    eventually(all_done)


@pytest.mark.django_db
def test_a_batch_is_one_line_a_stage_with_its_orders_and_requests(
    user: User, chain: TestChain, log: Log
) -> None:
    orders = [order_row(user, request_id=f"request-{number}") for number in (1, 2)]
    ids = [order.pk for order in orders]
    for stage in (stages.route, stages.build, stages.submit):
        assert set(stage(ids).onward) == set(ids)
    settle(orders)

    lines = [line for line in log.lines() if line["logger"] == "orders.telemetry.stage_log"]
    told = [line for line in lines if line["message"] == "done"]
    assert [line["stage"] for line in told] == ["route", "build", "submit"]
    for line in told:
        assert sorted(line["orders"]) == sorted(map(str, ids))
        assert sorted(line["requests"]) == ["request-1", "request-2"]
        assert (line["onward"], line["level"]) == (2, "info")
        assert isinstance(line["ms"], int)
        assert not {"waiting", "ended"} & set(line)
    settled = [line for line in lines if line["message"] == "settled"]
    assert {line["stage"] for line in settled} == {"settle"}
    assert {line["outcome"] for line in settled} == {"landed"}
    assert sorted(each for line in settled for each in line["orders"]) == sorted(map(str, ids))


@pytest.mark.django_db
def test_a_line_says_which_order_ended_and_why(user: User, chain: TestChain, log: Log) -> None:
    poor = order_row(user, amount_in=10**18)
    stages.route([poor.pk])

    [line] = log.lines("done")
    assert line["ended"] == {str(poor.pk): Order.objects.get(pk=poor.pk).error_code}
    assert (line["onward"], line["orders"]) == (0, [str(poor.pk)])
    assert "requests" not in line


@pytest.mark.django_db
def test_what_is_logged_during_a_stage_names_its_orders(
    user: User, chain: TestChain, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = order_row(user)
    real = gateway.quote_swaps

    def talking(requests: Any, without: Any) -> Any:
        logging.getLogger("somebody").warning("hm")
        return real(requests, without)

    monkeypatch.setattr("orders.gateway.quote_swaps", talking)
    stages.route([order.pk])

    [line] = log.lines("hm")
    assert (line["stage"], line["orders"]) == ("route", [str(order.pk)])


@pytest.mark.django_db
def test_a_stage_that_finds_nothing_to_do_says_nothing(user: User, log: Log) -> None:
    stages.build([order_row(user).pk])
    assert log.text() == ""


@pytest.mark.django_db(transaction=True)
def test_the_request_id_goes_from_the_header_to_the_row_the_log_and_the_answer(
    client: Client, log: Log
) -> None:
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"}
    answer = client.post(
        "/api/orders/execute", body, content_type="application/json", headers={HEADER: "checkout-7.a_b"}
    )
    assert (answer.status_code, answer[HEADER]) == (201, "checkout-7.a_b")
    assert Order.objects.get().request_id == "checkout-7.a_b"
    [line] = log.lines("accepted")
    assert (line["orders"], line["requests"]) == ([answer.json()["orderId"]], ["checkout-7.a_b"])


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "é", "a\tb", "<script>", None])
def test_a_malformed_request_id_is_replaced(client: Client, given: str | None) -> None:
    headers = {} if given is None else {HEADER: given}
    made = client.get("/health/live", headers=headers)[HEADER]
    assert len(made) == 32
    assert set(made) <= set("0123456789abcdef")


@pytest.mark.django_db
def test_a_fault_is_answered_and_logged_under_the_request_id(
    client: Client, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("inner text")

    monkeypatch.setattr("orders.api.order_views.place_order", broken)
    client.raise_request_exception = False
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"}
    answer = client.post(
        "/api/orders/execute", body, content_type="application/json", headers={HEADER: "mine"}
    )
    assert answer.json()["details"] == {"requestId": "mine"}
    assert answer[HEADER] == "mine"
    [line] = log.lines("request mine failed")
    assert line["request_id"] == "mine"
    assert "RuntimeError: inner text" in line["exception"]


@pytest.mark.django_db(transaction=True)
async def test_an_order_of_a_websocket_carries_the_id_of_its_connection() -> None:
    async with opened("/api/orders/connect", headers={"x-request-id": "socket-1"}) as socket:
        await socket.send_json_to(
            {"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"}
        )
        assert (await socket.next())["status"] == Status.PENDING
    assert [order.request_id async for order in Order.objects.all()] == ["socket-1"]


@pytest.mark.parametrize("log", ["readable", "json"], indirect=True)
def test_what_is_put_beside_a_message_is_left_out_unless_it_is_known(log: Log) -> None:
    extra = {"request": "GET /?token=secret", "wallet_key": "secret", "orders": ["one"]}
    logging.getLogger("library").warning("refused", extra=extra)
    assert "secret" not in log.text()
    assert "refused" in log.text()
    assert "one" in log.text()


@pytest.mark.parametrize("log", ["readable", "json"], indirect=True)
def test_a_traceback_shows_no_values(log: Log) -> None:
    key = "4" + "9" * 60
    try:
        raise RuntimeError(f"{len(key)} characters")
    except RuntimeError:
        logging.getLogger("library").exception("broke")
    assert "RuntimeError: 61 characters" in log.text()
    assert key not in log.text()


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="LOG_FORMAT is none of readable, json"):
        logging_config("yaml", "INFO")
