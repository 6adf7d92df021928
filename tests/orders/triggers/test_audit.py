"""Every open order is looked at now and then, and how far it is from its trigger is written down."""

from __future__ import annotations

import struct

import pytest
from django.contrib.auth.models import User

from dex.localnet.genesis_tokens import FEE_TOKEN, LARGEST_TRANSFER_FEE, TRANSFER_FEE_BPS
from orders import gateway
from orders.models import Order, Trigger
from orders.records import open_orders
from orders.triggers import watcher as watching
from orders.triggers.watcher import Watcher
from tests.orders.chain import TestChain
from tests.orders.order_runs import stored
from tests.orders.triggers.waiting_orders import fill, looks, move_price, place, price_now, times

_SOLD = 16_000_000


def cap_the_fee(chain: TestChain, bps: int, most: int) -> None:
    """Let LFEE's issuer keep so much of each transfer, and no more than ``most`` base units."""
    account = chain.network.account(FEE_TOKEN.mint)
    assert account is not None
    before = struct.pack("<QH", LARGEST_TRANSFER_FEE, TRANSFER_FEE_BPS)
    data = bytes(account.data)
    assert data.count(before) == 2
    chain.change_account(FEE_TOKEN.mint, data.replace(before, struct.pack("<QH", most, bps)))


def test_a_fee_with_a_cap_hides_no_order_from_its_price(user: User, chain: TestChain) -> None:
    # A tenth of one token, but of sixteen no more: what sixteen bring is more than sixteen times one.
    cap_the_fee(chain, 1_000, 100_000)
    sold, sol = FEE_TOKEN, gateway.find_token("SOL")
    quotes = gateway.quote_pair(sold, sol, _SOLD, 50).quotes
    of_one = gateway.quote_pair(sold, sol, _SOLD // 16, 50).quotes
    level = quotes[0].amount_out * 97 // 100
    assert of_one[0].amount_out * 16 < level
    order = place(
        user,
        tokenIn=str(FEE_TOKEN.mint),
        amountIn="16",
        tokenOut="SOL",
        type="limit",
        minAmountOut=f"{level / 10**9:.9f}",
        venues=None,
    )
    assert [each.pk for each in looks(Watcher(), chain)] == [order.pk]


def test_distances_are_written_and_gone_with_the_order(
    user: User, chain: TestChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_DISTANCES_EVERY_SECONDS", 0)
    order = place(user, type="limit", limitPrice=times(price_now(), 110))
    looks(Watcher(), chain)
    far = Trigger.objects.get(pk=order.pk).distance_bps
    assert far is not None
    assert 995 <= far <= 1_005
    assert (stored(order).version, order.events.count()) == (1, 1)
    move_price(chain, 105)
    # One that begins looks at each order first.
    watcher = Watcher()
    looks(watcher, chain)
    near = Trigger.objects.get(pk=order.pk).distance_bps
    assert near is not None
    assert 470 <= near <= 482
    move_price(chain, 110)
    assert [each.pk for each in looks(watcher, chain)] == [order.pk]
    assert Trigger.objects.get(pk=order.pk).distance_bps is None
    # A watcher that has not seen it go writes nothing either.
    open_orders.write_distances({order.pk: (1, 5)})
    assert Trigger.objects.get(pk=order.pk).distance_bps is None
    assert fill(order).status == "confirmed"


def test_a_distance_of_another_version_is_not_written(user: User, chain: TestChain) -> None:
    order = place(user, type="limit", limitPrice=times(price_now(), 110))
    Order.objects.filter(pk=order.pk).update(version=2)
    open_orders.write_distances({order.pk: (1, 5)})
    assert Trigger.objects.get(pk=order.pk).distance_bps is None
    open_orders.write_distances({order.pk: (2, 5)})
    assert Trigger.objects.get(pk=order.pk).distance_bps == 5
