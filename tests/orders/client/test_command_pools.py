"""`manage.py pools`, and POOLS_FILE: pools by hand, for nodes that list no program's accounts."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from solders.pubkey import Pubkey

from orders import gateway
from orders.models import AuditEntry, KnownPool, PoolState
from orders.pipeline import stages
from orders.records import routes
from tests.orders.chain import TestChain
from tests.orders.order_runs import execute, stored
from tests.orders.rows import SOL, USDC, order_row

pytestmark = pytest.mark.django_db(transaction=True)


def call(*arguments: str) -> str:
    out = StringIO()
    call_command("pools", *arguments, stdout=out)
    return out.getvalue()


def refuse_to_list(chain: TestChain, settings: Any) -> None:
    """From now on the node lists nothing, and this process remembers no pool."""
    chain.call("localnet_setFault", {"method": "getProgramAccounts", "kind": "busy", "percent": 100})
    settings.SOLANA_RPC_URL = chain.url + "/"


def pool_of(venue: str) -> str:
    found, _ = gateway.list_pools()
    pair = {Pubkey.from_string(SOL), Pubkey.from_string(USDC)}
    return next(str(one.address) for one in found if one.venue == venue and set(one.mints) == pair)


def test_a_pool_is_added_by_its_address_and_used(user: User, chain: TestChain, settings: Any) -> None:
    address = pool_of("raydium-clmm")
    refuse_to_list(chain, settings)
    shown = call("add", address)
    order = order_row(user, amount_in=10_000_000)

    assert shown.startswith(f"added {address}  raydium-clmm  ")
    assert shown.rstrip().endswith(" on")
    assert "SOL / " in shown or "USDC / " in shown
    assert stages.route([order.pk]).onward == [order.pk]
    assert stored(order).pool == address
    assert KnownPool.objects.get().reserves.keys() == {SOL, USDC}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.detail) == ("pool added", address, "raydium-clmm on localnet")
    assert f"{address}  raydium-clmm" in call("list")


def test_the_pools_of_a_transaction_are_added(user: User, chain: TestChain, settings: Any) -> None:
    [order] = execute(user)
    used = {str(leg.pool) for leg in routes.of(stored(order)).legs}
    refuse_to_list(chain, settings)
    call("add", "--transaction", stored(order).signature)

    assert set(KnownPool.objects.values_list("address", flat=True)) == used
    other = order_row(user, amount_in=10_000_000)
    assert stages.route([other.pk]).onward == [other.pk]
    assert stored(other).pool in used


def test_a_pool_that_is_off_stays_off(chain: TestChain) -> None:
    address = pool_of("raydium-cpmm")
    call("add", address)
    KnownPool.objects.update(state=PoolState.OFF)

    assert call("add", address).rstrip().endswith("off")
    assert KnownPool.objects.get().state == PoolState.OFF


def test_what_is_no_pool_is_refused_by_name_and_the_rest_is_added(chain: TestChain) -> None:
    pool, nobody = pool_of("raydium-cpmm"), "9n4nbM75f5Ui33ZbPYXn59EwSgE8CGsHtAeTH5YFeJ9E"
    account = chain.network.account(Pubkey.from_string(pool))
    assert account is not None
    config = str(Pubkey.from_bytes(bytes(account.data)[8:40]))
    with pytest.raises(CommandError) as refused:
        call("add", nobody, USDC, config, pool)

    lines = str(refused.value).splitlines()
    assert lines[0] == f"not added {nobody}: there is no such account"
    assert lines[1].startswith(f"not added {USDC}: its owner Tokenkeg")
    assert lines[1].endswith("is the program of no venue of this network")
    assert lines[2].startswith(
        f"not added {config}: raydium-cpmm has no pool there that can be used: UNKNOWN_LAYOUT"
    )
    assert list(KnownPool.objects.values_list("address", flat=True)) == [pool]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("add",), "name addresses of pools, or a transaction"),
        (("add", SOL, "--transaction", "5" * 88), "name addresses of pools, or a transaction"),
        (("add", "nonsense"), "nonsense is no address"),
        (("add", "--transaction", "nonsense"), "INVALID_REQUEST: nonsense is no signature"),
        (("add", "--transaction", "1" * 64), "NOT_FOUND: No node has this transaction"),
    ],
)
def test_what_cannot_be_looked_up_is_a_clear_error(
    chain: TestChain, arguments: tuple[str, ...], why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        call(*arguments)


def test_a_transaction_without_a_pool_is_a_clear_error(chain: TestChain) -> None:
    signature = chain.call("requestAirdrop", str(chain.wallet.pubkey()), 1_000_000)
    chain.call("localnet_advance", {"slots": 2})
    with pytest.raises(CommandError, match="NOT_FOUND: No account of this transaction is a pool"):
        call("add", "--transaction", signature)


def test_a_node_that_does_not_answer_is_a_clear_error(chain: TestChain) -> None:
    chain.fault("getMultipleAccounts", "unavailable", 50)
    with pytest.raises(CommandError, match="CHAIN_UNREACHABLE"):
        call("add", SOL)


def test_pools_of_a_file_need_no_listing(user: User, chain: TestChain, settings: Any, tmp_path: Path) -> None:
    address = pool_of("meteora-damm-v2")
    listed = tmp_path / "pools.txt"
    listed.write_text(f"# the pools that we trade\n\n{address}  # SOL/USDC\n")
    settings.POOLS_FILE = str(listed)
    refuse_to_list(chain, settings)
    order = order_row(user, amount_in=10_000_000)

    assert gateway.pool_config_errors() == []
    assert stages.route([order.pk]).onward == [order.pk]
    assert stored(order).pool == address


def test_a_file_that_cannot_be_used_says_why(settings: Any, tmp_path: Path) -> None:
    settings.POOLS_FILE = str(tmp_path / "missing.txt")
    assert gateway.pool_config_errors() == [
        f"POOLS_FILE: {tmp_path}/missing.txt cannot be read: FileNotFoundError"
    ]
    listed = tmp_path / "pools.txt"
    listed.write_text(f"{SOL}\nnonsense\n")
    settings.POOLS_FILE, settings.POOLS = str(listed), ["nobody"]
    assert gateway.pool_config_errors() == ["POOLS_FILE: line 2 is no address", "POOLS: nobody is no address"]
    listed.write_text(f"{SOL}\n" * 1_000)
    settings.POOLS = [SOL]
    assert gateway.pool_config_errors() == ["POOLS and POOLS_FILE name more than 1000 pools"]
