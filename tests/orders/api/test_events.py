"""GET /api/events: pages by cursor, and a long poll that holds no thread."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from knox.models import AuthToken

from orders.lifecycle import Status
from orders.wire.feed import FEED_PAGE
from tests.factories import OrderFactory, UserFactory, advance
from tests.orders.http_line import HttpLine, http_line
from tests.orders.rest import refused
from tests.orders.wire.schemas import validator

WAITERS = 24


@pytest.mark.django_db
def test_events_come_in_pages_by_cursor(client: Client) -> None:
    user = UserFactory(username="local")
    order = advance(OrderFactory(user=user), Status.ROUTING)
    OrderFactory()
    first = client.get("/api/events?limit=1").json()
    second = client.get(f"/api/events?after={first['cursor']}&limit=1").json()
    third = client.get(f"/api/events?after={second['cursor']}&wait=0").json()

    assert [each["events"][0]["status"] for each in (first, second)] == ["pending", "routing"]
    assert {each["orderId"] for each in (*first["events"], *second["events"])} == {str(order.pk)}
    assert (third["events"], third["more"]) == ([], False)
    for page in (first, second, third):
        validator(FEED_PAGE).validate(page)


@pytest.mark.django_db
def test_latest_is_a_place_to_begin(client: Client) -> None:
    user = UserFactory(username="local")
    OrderFactory(user=user)
    latest = client.get("/api/events?after=latest").json()
    order = OrderFactory(user=user)
    page = client.get("/api/events", {"after": latest["cursor"]}).json()
    assert latest["events"] == []
    assert [event["orderId"] for event in page["events"]] == [str(order.pk)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "name"),
    [
        *(("after=", "after"), ("after=-1", "after"), ("after=x", "after"), ("after=" + "9" * 19, "after")),
        *(("limit=0", "limit"), ("limit=501", "limit"), ("wait=31", "wait"), ("wait=x", "wait")),
        ("since=1", "since"),
    ],
)
def test_a_query_of_the_feed_that_makes_no_sense(client: Client, query: str, name: str) -> None:
    refused(client.get(f"/api/events?{query}"), 400, "INVALID_REQUEST", name)


def poll(line: HttpLine, token: str, query: str, answers: list[Any]) -> threading.Thread:
    def ask() -> None:
        answer = line.call("GET", f"/api/events?{query}", {"Authorization": f"Bearer {token}"})
        answers.append((time.monotonic(), json.loads(answer.body)))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_a_long_poll_answers_at_the_event_and_holds_no_thread(tmp_path: Path) -> None:
    user = UserFactory()
    order = OrderFactory(user=user)
    _row, token = AuthToken.objects.create(user)
    answers: list[Any] = []
    with http_line(tmp_path) as line:
        polls = [poll(line, token, "after=latest&wait=9", answers) for _ in range(WAITERS)]
        # More of them than the server has threads, and it answers others.
        for _ in range(5):
            began = time.monotonic()
            assert line.call("GET", "/health/live").status == 200
            assert time.monotonic() - began < 2
        deadline = time.monotonic() + 5
        while answers or time.monotonic() < deadline - 3:
            assert not answers
            time.sleep(0.05)
        advance(order, Status.ROUTING)
        moved = time.monotonic()
        for each in polls:
            each.join(60)

    assert len(answers) == WAITERS
    for came, page in answers:
        assert came - moved < 5
        assert [(event["orderId"], event["status"]) for event in page["events"]] == [
            (str(order.pk), "routing")
        ]


@pytest.mark.django_db(transaction=True)
def test_a_long_poll_without_news_ends_in_time(tmp_path: Path) -> None:
    user = UserFactory()
    _row, token = AuthToken.objects.create(user)
    answers: list[Any] = []
    with http_line(tmp_path) as line:
        began = time.monotonic()
        poll(line, token, "wait=1", answers).join(60)
    [(came, page)] = answers
    assert page["events"] == []
    assert 1 <= came - began < 6
