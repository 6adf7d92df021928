"""A node that does not take what it is sent: on the attempt, in the log, in /health, in the metrics."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders import gateway
from orders.lifecycle import AttemptState, SendAnswer
from orders.models import Attempt, Order
from orders.pipeline import settle, stages
from tests.orders.chain import TestChain
from tests.orders.order_runs import stored
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db


def look_and_send_again(order: Order) -> None:
    attempt = order.attempts.get()
    check = gateway.dead_check(attempt.last_valid_block_height)
    settle.settle([settle.Watched(attempt, check, resend_at=0, check_at=time.monotonic() + 60)])


def sent_to_a_node_that_is_behind(user: User, chain: TestChain) -> Order:
    order = order_row(user)
    stages.route([order.pk])
    stages.build([order.pk])
    chain.call("localnet_setFault", {"method": "sendTransaction", "kind": "behind", "percent": 100})
    stages.submit([order.pk])
    return order


def test_the_nodes_reason_is_on_the_attempt_and_in_the_log(
    user: User, chain: TestChain, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "orders.gateway.sends")
    order = sent_to_a_node_that_is_behind(user, chain)
    attempt = order.attempts.get()
    assert (stored(order).status, attempt.send_answer) == ("submitted", "unknown")
    assert attempt.send_reason.startswith("error -32005: ")
    assert "1 transactions not taken by the node (unknown): error -32005: " in caplog.text
    client.force_login(user)
    [told] = client.get(f"/api/orders/{order.pk}").json()["attempts"]
    assert (told["sends"], told["sendAnswer"], told["sendReason"]) == (1, "unknown", attempt.send_reason)


def test_health_is_degraded_while_sends_are_refused(user: User, chain: TestChain, client: Client) -> None:
    order = sent_to_a_node_that_is_behind(user, chain)
    look_and_send_again(order)
    body = client.get("/health").json()
    assert (body["status"], body["checks"]["transactionsNotTaken"]) == ("degraded", 1)
    assert "orders_attempts_not_taken 1.0" in client.get("/metrics").content.decode().splitlines()
    chain.call("localnet_resetFaults")
    look_and_send_again(order)
    assert client.get("/health").json()["checks"]["transactionsNotTaken"] == 0


def test_one_send_without_an_answer_is_no_alarm(user: User, client: Client) -> None:
    order = order_row(user, status="submitted")
    attempt_row(order, sends=1, send_answer=SendAnswer.UNKNOWN)
    assert client.get("/health").json()["checks"]["transactionsNotTaken"] == 0
    Attempt.objects.update(sends=2)
    assert client.get("/health").json()["checks"]["transactionsNotTaken"] == 1


@pytest.mark.parametrize("damage", ["signature", "size"])
def test_a_definite_refusal_is_told_apart_and_ends_nothing(user: User, chain: TestChain, damage: str) -> None:
    order = order_row(user)
    stages.route([order.pk])
    stages.build([order.pk])
    attempt = order.attempts.get()
    raw = bytearray(attempt.signed_transaction)
    if damage == "size":
        raw.extend(bytes(1_000))
    else:
        raw[1] ^= 1
    Attempt.objects.filter(pk=attempt.pk).update(signed_transaction=bytes(raw))
    stages.submit([order.pk])
    attempt = order.attempts.get()
    assert (stored(order).status, attempt.state) == ("submitted", AttemptState.OPEN)
    assert (attempt.send_answer, bool(attempt.send_reason)) == ("refused", True)


def test_what_the_node_took_says_so(user: User, chain: TestChain, settings: Any) -> None:
    order = order_row(user)
    for stage in (stages.route, stages.build, stages.submit):
        stage([order.pk])
    attempt = order.attempts.get()
    assert (attempt.send_answer, attempt.send_reason, attempt.sends) == ("accepted", "", 1)
