"""Users and orders for tests. Orders come in with their first event, as intake writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import factory
from django.contrib.auth import get_user_model
from django.utils import timezone

from orders.access.permissions import let_trade
from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.records import journal
from orders.records.transition import Transition

SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
WALLET = "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM"
POOL = "7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5"
SIGNATURE = "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW"
CREATED_AT = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)


class UserFactory(factory.django.DjangoModelFactory[Any]):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"trader{number}")

    @factory.post_generation
    def trades(self: Any, create: bool, extracted: bool | None, **_kwargs: Any) -> None:
        """With the permission to trade, but for ``trades=False``."""
        if create and extracted is not False:
            let_trade(self)


class OrderFactory(factory.django.DjangoModelFactory[Order]):
    """A market order of 5 SOL for USDC, just accepted; other columns as given."""

    class Meta:
        model = Order

    user = factory.SubFactory(UserFactory)
    request_hash = "0" * 64
    network = "localnet"
    wallet = WALLET
    token_in = SOL
    token_out = USDC
    amount_in = 5_000_000_000
    slippage_bps = 50
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.SelfAttribute("created_at")
    due_at = factory.SelfAttribute("created_at")

    @classmethod
    def _create(cls, model_class: type[Order], *args: Any, **kwargs: Any) -> Order:
        order = model_class(*args, **kwargs)
        journal.insert([order])
        return order


class AttemptFactory(factory.django.DjangoModelFactory[Attempt]):
    class Meta:
        model = Attempt

    order = factory.SubFactory(OrderFactory)
    number = 1
    signature = SIGNATURE
    signed_transaction = b"\x01signed"
    blockhash = SOL
    last_valid_block_height = 1_000
    venue = "raydium-cpmm"
    created_at = CREATED_AT


def advance(order: Order, *statuses: Status, **last_data: Any) -> Order:
    """Move an order through statuses, each with its event; ``last_data`` goes to the last one."""
    for status in statuses:
        data = last_data if status is statuses[-1] else {}
        moved = journal.record([Transition(order, status, data=data)])
        assert moved == [order], f"{order.status} -> {status} was stale"
    return order
