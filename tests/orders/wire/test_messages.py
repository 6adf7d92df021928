"""Answers and events hold to their tables: the ones that a real run makes, whatever its end."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders.lifecycle import Status
from orders.models import Order
from orders.pipeline import stages
from orders.wire.events import EVENT, event_as_wire, withdrawn_data
from orders.wire.message import Message, example_of, ref
from orders.wire.offers import OFFER
from orders.wire.orders import ORDER, ORDER_DETAIL, order_as_wire
from tests.factories import AttemptFactory, OrderFactory, advance
from tests.orders.chain import TestChain
from tests.orders.order_runs import execute, stored
from tests.orders.rest import place
from tests.orders.rows import order_row
from tests.orders.wire.schemas import validator

pytestmark = pytest.mark.django_db


def detail(order: Order) -> dict[str, Any]:
    return order_as_wire(stored(order), attempts=order.attempts.all(), events=order.events.all())


def test_an_executed_order_and_its_events_fit_their_tables(chain: TestChain, user: User) -> None:
    [order] = execute(user)
    shown = detail(order)

    validator(ORDER_DETAIL).validate(shown)
    assert [event["status"] for event in shown["events"]] == [
        *("pending", "routing", "building", "submitted", "confirmed"),
    ]
    assert len(shown["events"][2]["quotes"]) >= 1


def test_a_failed_order_fits_its_table(chain: TestChain, user: User) -> None:
    order = order_row(user, amount_in=2**62)
    stages.route([order.pk])
    assert stored(order).status == Status.FAILED
    validator(ORDER_DETAIL).validate(detail(order))


def test_an_order_that_waits_for_a_retry_fits_its_table(user: User, settings: Any) -> None:
    settings.SOLANA_RPC_URL = "http://127.0.0.1:1"
    order = order_row(user)
    stages.route([order.pk])
    assert (stored(order).status, order.events.count()) == (Status.ROUTING, 3)
    validator(ORDER_DETAIL).validate(detail(order))


def test_an_event_of_a_dropped_fork_fits_its_table() -> None:
    order = advance(OrderFactory(), Status.ROUTING, Status.BUILDING)
    advance(order, Status.SUBMITTED, **withdrawn_data("5VERv", "FORK_DROPPED", "The block was dropped"))
    validator(EVENT).validate(event_as_wire(order.events.last()))


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.EXPIRED, Status.OPEN])
def test_events_without_data_fit_their_tables(status: Status) -> None:
    order = advance(OrderFactory(), status)
    for event in order.events.all():
        validator(EVENT).validate(event_as_wire(event))


def test_an_event_of_the_first_version_fits_its_table() -> None:
    first = [
        "dex",
        "venue",
        "pool",
        "amountOut",
        "minAmountOut",
        "price",
        "priceImpactBps",
        "fee",
        "feeToken",
    ]
    offer = {name: value for name, value in OFFER.example().items() if name in first}
    order = advance(OrderFactory(), Status.ROUTING)
    advance(order, Status.BUILDING, **offer, quotes=[offer])
    validator(EVENT).validate(event_as_wire(order.events.last()))


def test_an_event_of_one_status_does_not_pass_for_another() -> None:
    event = EVENT.messages["failed"].example() | {"status": "confirmed"}
    assert not validator(EVENT).is_valid(event)


def test_an_accepted_order_has_the_fields_of_its_table(client: Client) -> None:
    assert place(client).json().keys() == {field.name for field in ORDER.fields}
    assert detail(AttemptFactory().order).keys() == {field.name for field in ORDER_DETAIL.fields}


@pytest.mark.parametrize("message", [ORDER_DETAIL, *EVENT.messages.values()], ids=lambda one: one.name)
def test_every_example_fits_its_table(message: Message) -> None:
    validator(message).validate(example_of(ref(message)))
