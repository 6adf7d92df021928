"""The orders that a soak lets wait are ones that the engine takes, with their levels around the price."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from orders.intake.waiting import require_fitting
from orders.lifecycle import OrderType
from orders.proving.soak.waiting_orders import KINDS, terms_of
from orders.wire.request_parsing import parse_order

PRICE = Decimal("164.5")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_that_a_soak_places_is_an_order(kind: str) -> None:
    for seed in range(20):
        intent = parse_order(terms_of(kind, Random(seed), PRICE))
        require_fitting(OrderType(intent.type), intent)
        for price in (intent.limit_price, intent.trigger_price):
            assert price is None or PRICE * 98 / 100 < price < PRICE * 102 / 100
