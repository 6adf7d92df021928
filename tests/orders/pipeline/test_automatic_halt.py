"""The automatic halt: what went wrong within some minutes switches trading off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.lifecycle import AttemptState
from orders.models import Attempt
from orders.pipeline.automatic_halt import halt_if_due
from orders.records import kill_switch
from orders.records.audit import Actor
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db


def in_vain(
    user: User, count: int, state: AttemptState = AttemptState.FAILED_ONCHAIN, **columns: Any
) -> None:
    for _ in range(count):
        attempt_row(order_row(user, status="failed"), state=state, **columns)


def test_failed_and_expired_transactions_switch_trading_off(user: User, settings: Any) -> None:
    settings.HALT_AFTER_FAILED_ATTEMPTS = 3
    in_vain(user, 2)
    in_vain(user, 5, AttemptState.LANDED)
    assert not halt_if_due()
    in_vain(user, 1, AttemptState.EXPIRED)
    assert halt_if_due()
    switch = kill_switch.state()
    assert (switch.is_on, switch.changed_by) == (False, "automatic halt")
    assert switch.reason == "3 transactions failed or expired within 10 minutes"
    assert not halt_if_due()


def test_what_is_older_than_the_window_does_not_count(user: User, settings: Any) -> None:
    settings.HALT_AFTER_FAILED_ATTEMPTS = 2
    in_vain(user, 2, created_at=timezone.now() - timedelta(minutes=11))
    assert not halt_if_due()
    settings.HALT_WINDOW_MINUTES = 12
    assert halt_if_due()


def test_who_switches_trading_on_again_starts_anew(user: User, settings: Any) -> None:
    settings.HALT_AFTER_FAILED_ATTEMPTS = 2
    in_vain(user, 2)
    assert halt_if_due()
    kill_switch.switch(on=True, by=Actor("operator", "10.0.0.1"))
    assert not halt_if_due()
    in_vain(user, 2)
    assert halt_if_due()


def test_what_orders_received_less_than_quoted_is_a_loss(user: User, settings: Any) -> None:
    settings.HALT_AFTER_LOSS = {"USDC": "50"}
    done = {"status": "confirmed", "confirmed_at": timezone.now(), "first_quoted_amount_out": 1_000_000_000}
    order_row(user, executed_amount_out=975_000_000, **done)
    order_row(user, executed_amount_out=1_900_000_000, **done)
    assert not halt_if_due()
    order_row(user, executed_amount_out=975_000_000, **done)
    assert halt_if_due()
    assert kill_switch.state().reason == "50 USDC were lost within 10 minutes"


def test_fees_of_failed_transactions_are_a_loss_of_sol(user: User, settings: Any) -> None:
    settings.HALT_AFTER_LOSS = {"SOL": "0.001"}
    in_vain(user, 2, network_fee=5_000, priority_fee=494_999)
    assert not halt_if_due()
    Attempt.objects.update(priority_fee=495_000)
    assert halt_if_due()


def test_without_limits_nothing_halts(user: User) -> None:
    in_vain(user, 50)
    assert not halt_if_due()
