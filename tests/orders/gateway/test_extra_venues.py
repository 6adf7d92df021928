"""Venues that are off unless the settings name them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from solders.account import Account

from dex.config import NATIVE_MINT
from dex.localnet.genesis_layouts import token_account
from dex.types import SwapMode, Token
from orders import checks, gateway
from orders.gateway.connection import connection
from orders.gateway.new_pools import pool_subscriptions
from tests.dex.recorded_swaps import PUMPSWAP, Recorded, recorded
from tests.orders.chain import TestChain


def use_node(settings: Any, name: str) -> None:
    settings.SOLANA_RPC_URL = f"http://127.0.0.1:1/{name}"


def test_pumpswap_is_off_by_default(settings: Any) -> None:
    use_node(settings, "without-extra-venues")

    assert settings.EXTRA_VENUES == []
    assert "pumpswap" not in connection().venues
    assert "pumpswap" not in gateway.venue_brands()
    assert "pumpswap" not in gateway.brands()


@pytest.mark.parametrize("network", ["localnet", "devnet", "mainnet-beta"])
def test_a_setting_switches_pumpswap_on(settings: Any, network: str) -> None:
    use_node(settings, "with-extra-venues")
    settings.SOLANA_NETWORK = network
    without = set(connection().venues)
    settings.EXTRA_VENUES = ["pumpswap"]

    assert set(connection().venues) == without | {"pumpswap"}
    assert gateway.venue_brands()["pumpswap"] == "pumpswap"
    assert "pumpswap" in gateway.brands()


def test_an_unknown_extra_venue_is_refused_at_start(settings: Any) -> None:
    settings.EXTRA_VENUES = ["pumpswap", "serum"]

    assert gateway.venue_config_errors() == ["EXTRA_VENUES: there is no serum, only pumpswap"]
    with pytest.raises(SystemCheckError, match=r"orders\.E033"):
        call_command("check", "--tag", checks.TAG)


def test_new_pools_are_watched_where_they_are_recognised(settings: Any) -> None:
    use_node(settings, "new-pools")
    usual = pool_subscriptions(None)
    settings.EXTRA_VENUES = ["pumpswap"]

    assert len(usual) == len(connection().venues) - 1
    assert pool_subscriptions(None) == usual


@pytest.mark.django_db
def test_a_pool_of_it_is_quoted_only_when_it_is_on(chain: TestChain, settings: Any) -> None:
    entry = recorded(PUMPSWAP)["pumpswap-4"]
    put_pool(chain, entry)
    base, quote = entry.pool.mints
    bought, sold = Token("SOL", "SOL", quote, 9), Token("COIN", "COIN", base, 6)

    assert gateway.quote_pair(sold, bought, entry.request.amount, 0).quotes == ()
    settings.EXTRA_VENUES = ["pumpswap"]
    [best] = gateway.quote_pair(sold, bought, entry.request.amount, 0).quotes
    assert (best.venue, best.pool) == ("pumpswap", entry.pool.address)
    # As its SDK says.
    assert best.amount_out == 15_997_076
    [cheapest] = gateway.quote_pair(bought, sold, 1_000_000, 0, SwapMode.EXACT_OUT).quotes
    assert cheapest.amount_out == 1_000_000
    nothing = gateway.quote_pair(sold, bought, 1_000_000, 0, SwapMode.EXACT_OUT)
    assert (nothing.quotes, {error.code for error in nothing.errors}) == ((), {"UNSUPPORTED_POOL"})


def put_pool(chain: TestChain, entry: Recorded) -> None:
    """The accounts of a pool that its SDK was asked for, with whole token accounts for its vaults."""
    held = dict(zip(entry.pool.vaults, entry.case["vault_balance"], strict=True))
    mint_of = dict(zip(entry.pool.vaults, entry.pool.mints, strict=True))
    for address, account in entry.snapshot.accounts.items():
        if account is None or address == NATIVE_MINT:
            continue
        if address in held:
            account = token_account(mint_of[address], entry.pool.address, int(held[address]))
        chain.network.put_account(address, Account(10**9, account.data, account.owner))
    chain.call("localnet_advance", {"slots": 2})
