"""Venues that are off unless the settings name them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from orders import checks, gateway
from orders.gateway.connection import connection
from orders.gateway.new_pools import pool_subscriptions


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
