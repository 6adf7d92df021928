"""Between routing and signing: pools that are switched off, mints that become unsafe, routes that grow."""

from __future__ import annotations

import struct
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from solders.pubkey import Pubkey

from dex.types import Token
from orders import gateway
from orders.gateway import kept_mints, named_token
from orders.lifecycle import Status
from orders.models import Attempt, KnownPool, Mint, Order, PoolState
from orders.pipeline import stages
from orders.records import audit, pools
from tests.orders.chain import TestChain
from tests.orders.mints import new_token, put_mint_2022, put_pool
from tests.orders.order_runs import stored
from tests.orders.rows import SOL, order_row

pytestmark = pytest.mark.django_db

_PERMANENT_DELEGATE, _TRANSFER_HOOK, _PAUSABLE = 12, 14, 26
_SOMEBODY = bytes(Pubkey.from_string("9n4nbM75f5Ui33ZbPYXn59EwSgE8CGsHtAeTH5YFeJ9E"))


def known(address: str, order: Order) -> KnownPool:
    columns = {"venue": order.venue, "mint_a": order.token_in, "mint_b": order.token_out}
    return KnownPool.objects.create(network="localnet", address=address, seen_at=timezone.now(), **columns)


def routed(user: User) -> Order:
    order = order_row(user)
    stages.route([order.pk])
    return stored(order)


def switch_off(address: str, order: Order) -> None:
    known(address, order)
    pools.switch_off(KnownPool.objects.filter(address=address), audit.on_the_command_line())


def test_a_pool_switched_off_after_routing_is_not_signed(user: User, chain: TestChain) -> None:
    order = routed(user)
    switch_off(order.pool, order)
    assert stages.build([order.pk]).onward == [order.pk]
    built = stored(order)

    assert built.pool != order.pool
    assert built.status == Status.BUILDING
    attempt = Attempt.objects.get(order=order)
    assert bytes(Pubkey.from_string(order.pool)) not in bytes(attempt.signed_transaction)
    assert built.min_amount_out == order.min_amount_out
    assert list(order.events.values_list("status", flat=True)) == [
        *("pending", "routing", "building", "building"),
    ]


def test_a_pool_left_out_meanwhile_is_not_signed_either(user: User, chain: TestChain) -> None:
    order = routed(user)
    row = known(order.pool, order)
    row.left_out_until = timezone.now() + timedelta(minutes=5)
    row.save()
    stages.build([order.pk])

    assert stored(order).pool != order.pool


def test_without_another_pool_the_order_waits_for_a_retry(user: User, chain: TestChain) -> None:
    order = routed(user)
    found, _ = gateway.list_pools()
    for pool in found:
        known(str(pool.address), order)
    KnownPool.objects.update(state=PoolState.OFF)
    assert stages.build([order.pk]).onward == []

    assert not Attempt.objects.filter(order=order).exists()
    last = order.events.order_by("sequence").last()
    assert (stored(order).status, last.status) == (Status.ROUTING, "routing")
    assert last.data["code"] == "POOL_DISABLED"


def bought(chain: TestChain, user: User, token: Token) -> Order:
    """A routed order for a mint that was safe when it was named."""
    put_mint_2022(chain, token)
    put_pool(chain, token, (1, 1_000))
    chain.call("localnet_advance", {"slots": 2})
    assert named_token(str(token.mint)).mint == token.mint
    order = order_row(user, token_in=SOL, token_out=str(token.mint), amount_in=10_000_000)
    assert stages.route([order.pk]).onward == [order.pk], stored(order).error_message
    return stored(order)


@pytest.mark.parametrize(
    ("extension", "danger"),
    [
        ((_PERMANENT_DELEGATE, _SOMEBODY), "PERMANENT_DELEGATE"),
        ((_TRANSFER_HOOK, _SOMEBODY + _SOMEBODY), "TRANSFER_HOOK"),
        ((_PAUSABLE, _SOMEBODY + b"\x01"), "PAUSED"),
        ((6, struct.pack("<B", 2)), "DEFAULT_FROZEN"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mint_that_became_unsafe_is_not_signed(
    user: User, chain: TestChain, extension: tuple[int, bytes], danger: str
) -> None:
    token = new_token(6)
    order = bought(chain, user, token)
    put_mint_2022(chain, token, [extension])
    chain.call("localnet_advance", {"slots": 2})
    stages.build([order.pk])
    ended = stored(order)

    assert (ended.status, ended.error_code) == (Status.FAILED, "TOKEN_REFUSED")
    assert ended.error_details == {"token": str(token.mint), "reasons": danger}
    assert Attempt.objects.filter(order=order).count() == 0
    assert Mint.objects.get(address=str(token.mint)).dangers == [danger]
    kept = kept_mints.kept_mint(str(token.mint))
    assert kept is not None
    assert kept.dangers == (danger,)


def test_a_danger_that_a_setting_allows_is_signed(user: User, chain: TestChain, settings: Any) -> None:
    settings.ALLOWED_TOKEN_DANGERS = ["PERMANENT_DELEGATE"]
    token = new_token(6)
    order = bought(chain, user, token)
    put_mint_2022(chain, token, [(_PERMANENT_DELEGATE, _SOMEBODY)])
    chain.call("localnet_advance", {"slots": 2})

    assert stages.build([order.pk]).onward == [order.pk]
    assert Mint.objects.get(address=str(token.mint)).dangers == ["PERMANENT_DELEGATE"]
