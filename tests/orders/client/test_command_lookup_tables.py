"""`manage.py lookup_tables` on a running chain: the wallet's own tables, from their creation to their end."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from solders.pubkey import Pubkey

from dex.transactions.lookup_tables import LookupTable
from orders import gateway
from orders.client import real_money
from orders.lifecycle import Status
from orders.models import AuditEntry
from orders.records import kill_switch, routes
from tests.orders.chain import TestChain
from tests.orders.order_runs import carry_out, stored
from tests.orders.rows import SOL, USDC, order_row

pytestmark = pytest.mark.django_db(transaction=True)


def call(*arguments: str) -> str:
    out = StringIO()
    call_command("lookup_tables", *arguments, stdout=out)
    return out.getvalue()


def created(*arguments: str) -> Pubkey:
    named = call("create", *arguments).rpartition("LOOKUP_TABLES=")[2].split()[0]
    return Pubkey.from_string(named.split(",")[-1])


def table_at(address: Pubkey) -> LookupTable:
    tables, _ = gateway.read_tables([address])
    found = tables[address]
    assert isinstance(found, LookupTable)
    return found


def test_a_table_of_the_pools_in_use_is_made(chain: TestChain) -> None:
    address = created()
    table = table_at(address)

    assert table.authority == chain.wallet.pubkey()
    assert 100 < len(table.addresses) <= 256
    assert len(set(table.addresses)) == len(table.addresses)
    assert chain.wallet.pubkey() not in table.addresses
    assert f"{address}  {len(table.addresses)} of 256 addresses, in use" in call("list")
    # It is in the audit log before its bytes are sent.
    noted = AuditEntry.objects.filter(subject=str(address)).order_by("at")
    assert {entry.action for entry in noted} == {"lookup table created", "lookup table extended"}
    signatures = [entry.detail.split()[-1] for entry in noted]
    assert chain.swaps_of_wallet() == signatures


def test_with_it_three_paths_fit_and_are_executed(user: User, chain: TestChain, settings: Any) -> None:
    settings.LOOKUP_TABLES = [str(created("--pair", "SOL", "USDC"))]
    chain.call("localnet_advance", {"slots": 2})
    chain.hold(USDC, 2_000_000 * 10**6)
    order = order_row(user, token_in=USDC, token_out=SOL, amount_in=1_000_000 * 10**6)
    carry_out([order.pk])
    done = stored(order)

    assert (done.status, done.executed_amount_out) == (Status.CONFIRMED, done.quoted_amount_out)
    assert len(routes.of(done).paths) == 3


def test_a_second_table_has_what_the_first_lacks(chain: TestChain, settings: Any) -> None:
    first = created("--pair", "SOL", "USDC")
    settings.LOOKUP_TABLES = [str(first)]
    second = created("--pair", "USDC", "USDT")
    one, other = table_at(first).addresses, table_at(second).addresses

    assert other
    assert not set(one) & set(other)
    with pytest.raises(CommandError, match="have the accounts of all pools already"):
        call("create", "--pair", "SOL", "USDC")


def test_a_table_is_extended_by_what_it_lacks(chain: TestChain) -> None:
    address = created("--pair", "SOL", "USDC")
    before = table_at(address).addresses
    call("extend", str(address), "--pair", "USDC", "USDT")
    after = table_at(address).addresses

    assert after[: len(before)] == before
    assert len(after) > len(before)
    assert len(set(after)) == len(after)
    with pytest.raises(CommandError, match="no account is missing"):
        call("extend", str(address), "--pair", "USDC", "USDT")


def test_a_table_is_ended_and_closed_and_its_rent_returned(chain: TestChain, settings: Any) -> None:
    address = created("--pair", "USDC", "USDT")
    held = lamports(chain, chain.wallet.pubkey())
    rent = lamports(chain, address)
    settings.LOOKUP_TABLES = [str(address)]
    with pytest.raises(CommandError, match="take it out of LOOKUP_TABLES"):
        call("close", str(address))
    settings.LOOKUP_TABLES = []
    call("close", str(address))
    with pytest.raises(CommandError, match="call this again in"):
        call("close", str(address))
    with pytest.raises(CommandError, match="is being closed"):
        call("extend", str(address))
    chain.call("localnet_advance", {"slots": 513})
    assert "ended, can be closed" in call("list")
    call("close", str(address))

    assert chain.network.account(address) is None
    assert lamports(chain, chain.wallet.pubkey()) == held + rent - 2 * 5_000
    assert f"{address}  ACCOUNT_MISSING" in call("list")


def lamports(chain: TestChain, address: Pubkey) -> int:
    account = chain.network.account(address)
    assert account is not None
    return account.lamports


def test_nothing_is_signed_while_trading_is_off(chain: TestChain) -> None:
    kill_switch.switch(on=False, reason="a look at the books")
    with pytest.raises(CommandError, match="TRADING_HALTED"):
        call("create", "--pair", "USDC", "USDT")

    assert chain.swaps_of_wallet() == []


def test_another_wallets_table_is_not_touched(chain: TestChain, settings: Any) -> None:
    address = created("--pair", "USDC", "USDT")
    other = "9n4nbM75f5Ui33ZbPYXn59EwSgE8CGsHtAeTH5YFeJ9E"
    settings.WALLET_ADDRESS = other
    with pytest.raises(CommandError, match="not to this engine's wallet"):
        call("close", str(address))


def test_real_money_asks_first(chain: TestChain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_money, "REAL_MONEY", "localnet")
    with pytest.raises(CommandError, match=r"real money: give --yes to make the lookup table .* SOL of rent"):
        call("create", "--pair", "SOL", "USDC")

    assert chain.swaps_of_wallet() == []


@pytest.mark.parametrize("step", ["create", "extend", "close"])
def test_what_would_not_be_signed_is_refused_beforehand(
    chain: TestChain, settings: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    address = str(created("--pair", "USDC", "USDT"))
    landed = chain.swaps_of_wallet()
    monkeypatch.setattr(real_money, "REAL_MONEY", "localnet")
    arguments = {
        "create": ("create", "--pair", "SOL", "USDC"),
        "extend": ("extend", address, "--pair", "SOL", "USDC"),
        "close": ("close", address),
    }[step]
    settings.PRIORITY_FEE, settings.MAX_PRIORITY_FEE_LAMPORTS = "1000000", 79_999
    with pytest.raises(CommandError, match="a priority fee of 80000 lamports is above the ceiling"):
        call(*arguments)
    settings.MAX_PRIORITY_FEE_LAMPORTS = 80_000
    with pytest.raises(CommandError, match="give --yes"):
        call(*arguments)
    kill_switch.switch(on=False, reason="a look at the books")
    with pytest.raises(CommandError, match="TRADING_HALTED"):
        call(*arguments)

    assert chain.swaps_of_wallet() == landed


@pytest.mark.parametrize("kind", ["drop", "land_drop", "swallow"])
def test_a_lost_answer_makes_no_second_table(chain: TestChain, kind: str) -> None:
    chain.fault("sendTransaction", kind, 2)
    address = created("--pair", "USDC", "USDT")

    assert table_at(address).addresses
    noted = AuditEntry.objects.filter(subject=str(address)).count()
    assert len(chain.swaps_of_wallet()) == noted
