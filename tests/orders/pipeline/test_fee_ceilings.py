"""What an attempt and an order may pay for their place in a block, in lamports."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from solders.transaction import VersionedTransaction

from orders.lifecycle import AttemptState, FailureReason, Status
from orders.pipeline import stages
from tests.orders.chain import TestChain
from tests.orders.order_runs import carry_out, stored
from tests.orders.rows import attempt_row, order_row

AMOUNT = 10_000_000


@pytest.fixture(autouse=True)
def dear(settings: Any) -> None:
    """A fixed price that comes to more than any ceiling of these tests."""
    settings.PRIORITY_FEE = "5000000"
    settings.MAX_PRIORITY_FEE_LAMPORTS = 100_000


@pytest.mark.django_db(transaction=True)
def test_a_bid_stays_below_what_an_attempt_may_pay(user: User, chain: TestChain) -> None:
    order = order_row(user, amount_in=AMOUNT)
    carry_out([order.pk])
    paid = stored(order).priority_fee
    # A price is whole micro-lamports a unit: what is paid is within a lamport for each 10**6 units of it.
    assert paid is not None
    assert 99_000 < paid <= 100_000


@pytest.mark.django_db(transaction=True)
def test_what_earlier_attempts_paid_is_taken_off_the_orders_own(
    user: User, chain: TestChain, settings: Any
) -> None:
    settings.MAX_ORDER_FEE_LAMPORTS = 150_000
    order = order_row(user, amount_in=AMOUNT, attempt=2)
    attempt_row(order, 1, state=AttemptState.FAILED_ONCHAIN, priority_fee=70_000, tip=0)
    attempt_row(order, 2, state=AttemptState.FAILED_ONCHAIN, priority_fee=40_000, tip=10_000)
    for stage in (stages.route, stages.build, stages.submit):
        assert stage([order.pk]).onward == [order.pk]
    last = order.attempts.get(number=3)
    assert stored(order).status == Status.SUBMITTED
    paid = _priority_fee(bytes(last.signed_transaction))
    assert 29_000 < paid <= 30_000


@pytest.mark.django_db(transaction=True)
def test_a_tip_beyond_what_the_order_has_left_is_not_signed(
    user: User, chain: TestChain, settings: Any
) -> None:
    settings.MAX_ORDER_FEE_LAMPORTS = 150_000
    settings.JITO_URL, settings.JITO_TIP_LAMPORTS = "http://127.0.0.1:9", 20_000
    order = order_row(user, amount_in=AMOUNT, attempt=1)
    attempt_row(order, state=AttemptState.FAILED_ONCHAIN, priority_fee=140_000, tip=0)
    assert stages.route([order.pk]).onward == [order.pk]
    assert stages.build([order.pk]).onward == []
    ended = stored(order)
    assert (ended.status, ended.error_code) == (Status.FAILED, FailureReason.POLICY_VIOLATION.value)


def _priority_fee(raw: bytes) -> int:
    """Lamports that the compute-unit price of a signed transaction comes to."""
    message = VersionedTransaction.from_bytes(raw).message
    limit, price = (bytes(message.instructions[index].data) for index in (0, 1))
    units, micro = int.from_bytes(limit[1:], "little"), int.from_bytes(price[1:], "little")
    return -(-units * micro // 1_000_000)
