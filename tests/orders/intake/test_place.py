"""Accepting an order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from orders import errors
from orders.intake.cancel import cancel_order
from orders.intake.place import place_order
from orders.lifecycle import Status
from orders.models import Order, OrderEvent
from orders.wire.requests import OrderIntent
from tests.orders.rows import SOL, USDC, order_row

pytestmark = pytest.mark.django_db


def intent(**fields: Any) -> OrderIntent:
    values: dict[str, Any] = {"token_in": "SOL", "token_out": "USDC", "amount": Decimal("1.5")}
    return OrderIntent(**(values | fields))


def test_an_accepted_order_is_pending_with_its_first_event(user: User) -> None:
    placed = place_order(user, intent())
    order = Order.objects.get(pk=placed.order.pk)
    assert (order.status, order.version, order.type) == ("pending", 1, "market")
    assert (order.token_in, order.token_out, order.amount_in) == (SOL, USDC, 1_500_000_000)
    assert order.slippage_bps == 50
    assert list(OrderEvent.objects.filter(order=order).values_list("sequence", "status")) == [(1, "pending")]


@pytest.mark.parametrize(("token_in", "token_out"), [("sol", "Usdc"), (SOL, USDC), ("SOL", USDC)])
def test_tokens_go_by_symbol_or_mint(user: User, token_in: str, token_out: str) -> None:
    order = place_order(user, intent(token_in=token_in, token_out=token_out)).order
    assert (order.token_in, order.token_out) == (SOL, USDC)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"token_in": "DOGE"}, errors.UnknownToken),
        ({"token_in": USDC.lower()}, errors.UnknownToken),
        ({"token_out": "SOL"}, errors.SameToken),
        ({"token_out": SOL}, errors.SameToken),
        ({"type": "limit"}, errors.InvalidRequest),
        ({"type": "dca"}, errors.InvalidRequest),
        ({"type": "sniper", "trail_bps": 100}, errors.InvalidRequest),
        ({"type": "stop"}, errors.InvalidRequest),
        ({"amount": Decimal("0.0000000001")}, errors.InvalidAmount),
        ({"amount": None}, errors.InvalidRequest),
        ({"slippage_bps": -1}, errors.InvalidRequest),
        ({"slippage_bps": 5_001}, errors.InvalidRequest),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, errors.InvalidRequest),
    ],
)
def test_what_cannot_be_an_order_is_refused_and_nothing_is_written(
    user: User, fields: dict[str, Any], refusal: type[errors.OrderError]
) -> None:
    with pytest.raises(refusal):
        place_order(user, intent(**fields))
    assert Order.objects.count() == 0


def test_the_same_key_and_body_give_the_same_order(user: User) -> None:
    first = place_order(user, intent(client_order_id="a"))
    again = place_order(user, intent(client_order_id="a", amount=Decimal("1.50")))
    assert (first.replayed, again.replayed) == (False, True)
    assert first.order.pk == again.order.pk
    assert Order.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(user: User) -> None:
    place_order(user, intent(client_order_id="a"))
    with pytest.raises(errors.IdempotencyMismatch):
        place_order(user, intent(client_order_id="a", amount=Decimal("2")))


def test_a_key_finds_its_order_after_the_expiry_too(user: User) -> None:
    moment = timezone.now() + timedelta(seconds=60)
    first = place_order(user, intent(client_order_id="a", expires_at=moment))
    with time_machine.travel(moment + timedelta(seconds=1), tick=False):
        again = place_order(user, intent(client_order_id="a", expires_at=moment))
        with pytest.raises(errors.IdempotencyMismatch):
            place_order(user, intent(client_order_id="a", amount=Decimal("2"), expires_at=moment))
        with pytest.raises(errors.InvalidRequest):
            place_order(user, intent(client_order_id="b", expires_at=moment))
    assert (again.replayed, again.order.pk) == (True, first.order.pk)


def test_keys_belong_to_their_user(user: User) -> None:
    other = User.objects.create(username="other")
    first = place_order(user, intent(client_order_id="a")).order
    second = place_order(other, intent(client_order_id="a")).order
    assert first.pk != second.pk


def test_a_pending_order_can_be_cancelled_once(user: User) -> None:
    order = order_row(user)
    assert cancel_order(user, order.pk).status == "cancelled"
    with pytest.raises(errors.NotCancellable) as refused:
        cancel_order(user, order.pk)
    assert refused.value.details == {"status": "cancelled"}


@pytest.mark.parametrize("status", [Status.ROUTING, Status.BUILDING, Status.SUBMITTED, Status.CONFIRMED])
def test_an_order_under_work_cannot_be_cancelled(user: User, status: Status) -> None:
    order = order_row(user, status=status)
    with pytest.raises(errors.NotCancellable):
        cancel_order(user, order.pk)


def test_another_users_order_is_not_found(user: User) -> None:
    order = order_row(User.objects.create(username="other"))
    with pytest.raises(errors.NotFound):
        cancel_order(user, order.pk)


@pytest.mark.parametrize(
    ("fields", "floor"),
    [
        ({}, None),
        ({"min_amount_out": Decimal("240.5")}, 240_500_000),
        ({"min_amount_out_raw": 240_500_000}, 240_500_000),
        ({"limit_price": Decimal("160.3333333")}, 240_500_000),
        ({"limit_price": Decimal("160"), "min_amount_out": Decimal("241")}, 241_000_000),
        ({"limit_price": Decimal("161"), "min_amount_out": Decimal("241")}, 241_500_000),
    ],
)
def test_the_floor_is_the_higher_of_what_was_asked(
    user: User, fields: dict[str, Any], floor: int | None
) -> None:
    assert place_order(user, intent(**fields)).order.floor_amount_out == floor


def test_a_key_stands_for_its_floor_too(user: User) -> None:
    first = place_order(user, intent(client_order_id="one", min_amount_out=Decimal("240"))).order
    same = intent(client_order_id="one", min_amount_out_raw=240_000_000)
    assert place_order(user, same).order.pk == first.pk
    with pytest.raises(errors.IdempotencyMismatch):
        place_order(user, intent(client_order_id="one", min_amount_out=Decimal("239")))
