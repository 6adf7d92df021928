"""The report of a token: what the embedded chain says of listed and of unknown mints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from dex.localnet.genesis_tokens import FEE_TOKEN
from orders.models import Mint
from tests.localnet_process import free_port_pair
from tests.orders import mints
from tests.orders.chain import TestChain, running_chain, use_chain
from tests.orders.rest import refused
from tests.orders.rows import SOL, USDC

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestChain]:
    with running_chain(tmp_path_factory.mktemp("chain")) as chain:
        yield chain


@pytest.fixture
def chain(network: TestChain, settings: Any) -> TestChain:
    use_chain(settings, network)
    return network


def report_of(client: Client, name: str) -> dict[str, Any]:
    answer = client.get(f"/api/tokens/{name}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.usefixtures("chain")
def test_a_listed_token_is_reported_by_symbol_and_by_mint(client: Client) -> None:
    report = report_of(client, "usdc")
    assert (report["mint"], report["symbol"], report["verified"], report["decimals"]) == (
        USDC,
        "USDC",
        True,
        6,
    )
    assert report_of(client, USDC)["mint"] == USDC
    assert {pool["against"] for pool in report["pools"]} == {"SOL", "USDT"}
    assert report["roundTripToken"] == "SOL"
    small, large = report["roundTrips"]
    assert (small["spent"], large["spent"]) == ("0.1", "10")
    assert 0 < small["lossBps"] < 100
    assert (report["canBeSold"], report["refused"]) == (True, [])
    assert "UNVERIFIED" not in report["warnings"]
    assert not Mint.objects.exists()


@pytest.mark.usefixtures("chain")
def test_sol_is_reported_against_stablecoins(client: Client) -> None:
    report = report_of(client, SOL)
    assert (report["symbol"], report["roundTripToken"]) == ("SOL", "USDC")
    assert [trip["spent"] for trip in report["roundTrips"]] == ["10", "1000"]


@pytest.mark.usefixtures("chain")
def test_a_transfer_fee_is_shown_and_lost_twice_in_a_round_trip(client: Client) -> None:
    report = report_of(client, str(FEE_TOKEN.mint))
    assert (report["symbol"], report["verified"]) == ("LFEE", False)
    assert report["transferFee"] == {"bps": 50, "maximum": "5000"}
    assert report["extensions"] == ["TransferFeeConfig", "MetadataPointer", "TokenMetadata"]
    # A fee of 50 bps each way, and the pool's 25 bps each way.
    assert 149 <= report["roundTrips"][0]["lossBps"] <= 151
    assert {"UNVERIFIED", "TRANSFER_FEE", "MINT_AUTHORITY"} <= set(report["warnings"])


@pytest.mark.usefixtures("chain")
def test_the_largest_holders_come_first_and_vaults_are_marked(client: Client) -> None:
    report = report_of(client, str(FEE_TOKEN.mint))
    amounts = [float(holder["amount"]) for holder in report["holders"]]
    assert amounts == sorted(amounts, reverse=True)
    assert [holder["inPool"] for holder in report["holders"]].count(True) == 2
    assert sum(amounts) == float(report["supply"])


def test_a_token_without_a_pool_has_no_round_trip(client: Client, chain: TestChain) -> None:
    token = mints.new_token(0)
    mints.put_mint(chain, token)
    mints.put_metadata(chain, token.mint, "USDC", "USD Coin")
    report = report_of(client, str(token.mint))
    assert (report["symbol"], report["verified"], report["supply"]) == ("USDC", False, "1000000000")
    assert (report["pools"], report["roundTrips"], report["canBeSold"]) == ([], [], None)
    assert report["warnings"] == ["NO_POOLS", "UNVERIFIED", "MINT_AUTHORITY"]
    assert Mint.objects.get().symbol == "USDC"


def test_a_token_that_no_pool_takes_back_is_reported_so(client: Client, chain: TestChain) -> None:
    token = mints.new_token(0)
    mints.put_mint(chain, token)
    # 10 SOL buy one token of 9.5 SOL, 0.1 SOL none; in a sale the fee, rounded up, is the one token.
    mints.put_pool(chain, token, (1, 9_500_000_000))
    report = report_of(client, str(token.mint))
    small, large = report["roundTrips"]
    assert (small["failed"], small["code"], small["lossBps"]) == ("purchase", "AMOUNT_TOO_SMALL", None)
    assert (large["failed"], large["bought"], large["code"]) == ("sale", "1", "AMOUNT_TOO_SMALL")
    assert (report["canBeSold"], report["warnings"][0]) == (False, "CANNOT_BE_SOLD")


def test_a_refused_token_has_a_report_that_says_why(client: Client, chain: TestChain, settings: Any) -> None:
    token = mints.new_token(6)
    mints.put_mint_2022(chain, token, [(26, bytes(32) + b"\x01")])
    report = report_of(client, str(token.mint))
    assert (report["refused"], report["warnings"][0]) == (["PAUSED"], "PAUSED")
    settings.ALLOWED_TOKEN_DANGERS = ["PAUSED"]
    report = report_of(client, str(token.mint))
    assert (report["refused"], report["warnings"][0]) == ([], "PAUSED")


def test_holders_are_unknown_where_no_node_lists_them(client: Client, chain: TestChain) -> None:
    chain.fault("getTokenLargestAccounts", "garbage", count=5)
    report = report_of(client, USDC)
    chain.call("localnet_resetFaults")
    assert (report["holders"], "HOLDERS_UNKNOWN" in report["warnings"]) == (None, True)


def test_what_is_no_mint_has_no_report(client: Client, chain: TestChain, settings: Any) -> None:
    refused(client.get(f"/api/tokens/{chain.wallet.pubkey()}"), 404, "NOT_FOUND")
    refused(client.get("/api/tokens/DOGE"), 404, "NOT_FOUND")
    settings.SOLANA_RPC_URL = f"http://127.0.0.1:{free_port_pair()}"
    refused(client.get(f"/api/tokens/{USDC}"), 503, "CHAIN_UNAVAILABLE")


@pytest.mark.usefixtures("chain")
def test_the_command_shows_the_same_report(client: Client) -> None:
    text, as_json = StringIO(), StringIO()
    call_command("token", "USDC", stdout=text)
    call_command("token", USDC, "--json", stdout=as_json)
    assert json.loads(as_json.getvalue())["mint"] == USDC
    assert "canBeSold         yes\n" in text.getvalue()
    assert "roundTrips:\n  spent 0.1  bought " in text.getvalue()
    with pytest.raises(CommandError, match="There is no such token"):
        call_command("token", "DOGE")
