"""Purchases that are signed before a pool opens: sent as it opens, thrown away where something changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from solders.pubkey import Pubkey

from orders import gateway
from orders.intake.amend import amend_order
from orders.launches.snipers import Snipers
from orders.launches.watcher import LaunchWatcher
from orders.models import Attempt, Launch, LaunchRules, Order
from orders.records import kill_switch
from orders.wire.amendments import parse_amendment
from tests.orders.chain import TestChain
from tests.orders.launches.sniper_orders import launched, snipe, sniping
from tests.orders.order_runs import stored
from tests.orders.triggers.waiting_orders import fill, statuses

pytestmark = pytest.mark.django_db(transaction=True)

SELLABLE = {"require": ["sellable"]}
# Of a DAMM v2 pool.
ACTIVATION_POINT = 472


@pytest.fixture(autouse=True)
def _all_launches(settings: Any) -> None:
    settings.LAUNCHES = "all"


class Opening:
    """A pool that opens at a slot, with the clock paused: `go_to` is the only way on."""

    def __init__(self, chain: TestChain, launch: Launch) -> None:
        assert launch.opens_unit == "slot"
        assert launch.first_point is not None
        self.chain, self.launch, self.slot = chain, launch, launch.first_point

    def go_to(self, slots_before: int) -> None:
        self.chain.call("surfnet_timeTravel", {"absoluteSlot": self.slot - slots_before})


@pytest.fixture
def opening(chain: TestChain, watcher: LaunchWatcher, settings: Any) -> Iterator[Opening]:
    settings.QUOTE_LASTS_SLOTS = 10
    found = launched(chain, watcher, venue="meteora-damm-v2", fee="flat", opensInSlots=4_000)
    while found.opens_unit != "slot":
        found = launched(chain, watcher, venue="meteora-damm-v2", fee="flat", opensInSlots=4_000)
    chain.call("surfnet_pauseClock")
    yield Opening(chain, found)
    chain.call("surfnet_resumeClock")


def prepared(user: User, opening: Opening, **fields: Any) -> tuple[Order, Snipers, str]:
    """An order with a transaction that is signed for its opening, and that one's signature."""
    order = snipe(user, opening.launch.token_mint, **{"launch": SELLABLE, **fields})
    snipers = sniping([])
    opening.go_to(3)
    snipers.look()
    [one] = snipers.readying.all()
    assert not Attempt.objects.exists()
    return order, snipers, one.ready.swap.transaction.signature


def test_it_is_sent_by_the_first_look_at_the_opening(user: User, opening: Opening) -> None:
    order, snipers, signature = prepared(user, opening)
    opening.go_to(0)
    snipers.look()
    attempt = Attempt.objects.get()
    assert (stored(order).status, attempt.signature, attempt.sends) == ("submitted", signature, 1)
    opening.chain.call("surfnet_resumeClock")
    done = fill(order)
    assert (done.status, done.attempts.get().slot) == ("confirmed", opening.slot)
    assert statuses(order) == ["open", "open", "routing", "building", "submitted", "confirmed"]
    assert done.executed_amount_out == done.first_quoted_amount_out


def test_a_purchase_out_of_a_budget_is_prepared_too(user: User, opening: Opening) -> None:
    snipe(user, "any", launch=SELLABLE, maxOrders=1)
    # A budget buys what was launched after it.
    Launch.objects.update(seen_at=Order.objects.get().created_at)
    snipers = sniping([])
    opening.go_to(3)
    snipers.look()
    [one] = snipers.readying.all()
    opening.go_to(0)
    snipers.look()
    attempt = Attempt.objects.get()
    assert (attempt.order_id, attempt.signature) == (one.buyer.pk, one.ready.swap.transaction.signature)
    assert attempt.order.client_order_id.endswith(f":{opening.launch.token_mint}")


def test_an_opening_that_was_moved_is_waited_for(user: User, opening: Opening) -> None:
    order, snipers, signature = prepared(user, opening)
    pool = Pubkey.from_string(opening.launch.pool)
    account = opening.chain.network.account(pool)
    assert account is not None
    data = bytearray(account.data)
    data[ACTIVATION_POINT : ACTIVATION_POINT + 8] = (opening.slot + 400).to_bytes(8, "little")
    opening.chain.change_account(pool, bytes(data))
    opening.go_to(0)
    snipers.look()
    assert (stored(order).status, Attempt.objects.count()) == ("open", 0)
    opening.go_to(-400)
    snipers.look()
    assert (stored(order).status, Attempt.objects.get().signature != signature) == ("submitted", True)


def test_a_pool_that_was_emptied_before_it_opens_is_left_alone(user: User, opening: Opening) -> None:
    order, snipers, _ = prepared(user, opening)
    [pool] = gateway.look_up_pools([Pubkey.from_string(opening.launch.pool)])
    assert not isinstance(pool, gateway.Refused)
    opening.chain.change_account(pool.address, b"")
    opening.go_to(0)
    snipers.look()
    assert (stored(order).status, Attempt.objects.count()) == ("open", 0)


def test_a_limit_that_was_amended_holds_for_what_was_signed(user: User, opening: Opening) -> None:
    order, snipers, _ = prepared(user, opening)
    version = stored(order).version
    amend_order(user, order.pk, parse_amendment({"version": version, "limitPrice": "1000000000"}))
    opening.go_to(0)
    snipers.take_news([])
    snipers.look()
    held_by = LaunchRules.objects.get(pk=order.pk).held_by
    assert (stored(order).status, held_by, Attempt.objects.count()) == ("open", "PRICE_OUT_OF_REACH", 0)


def test_what_was_signed_by_older_terms_is_not_sent(user: User, opening: Opening) -> None:
    order, snipers, signature = prepared(user, opening)
    version = stored(order).version
    amend_order(user, order.pk, parse_amendment({"version": version, "slippageBps": 100}))
    opening.go_to(0)
    # By rows that were read before the change nothing can be written: then the next look buys.
    snipers.look()
    snipers.look()
    attempt = Attempt.objects.get()
    assert (stored(order).status, attempt.order.slippage_bps) == ("submitted", 100)
    assert attempt.signature != signature


def test_what_has_grown_old_is_signed_anew(user: User, opening: Opening) -> None:
    order, snipers, signature = prepared(user, opening)
    opening.go_to(-200)
    snipers.look()
    attempt = Attempt.objects.get()
    assert attempt.signature != signature
    opening.chain.call("surfnet_resumeClock")
    assert fill(order).status == "confirmed"


def test_nothing_leaves_while_trading_is_off(user: User, opening: Opening) -> None:
    order, snipers, _ = prepared(user, opening)
    kill_switch.switch(on=False)
    opening.go_to(0)
    # By rows that were read before, and by those of now.
    for _ in range(2):
        snipers.look()
        assert (Attempt.objects.count(), stored(order).status) == (0, "open")
    kill_switch.switch(on=True)
    snipers.take_news([])
    snipers.look()
    assert stored(order).status == "submitted"
