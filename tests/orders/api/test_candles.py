"""`GET /api/candles`: prices of spans in either direction, and own volume; and profit by sampled prices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from orders.models import Attempt, PriceSample
from orders.records import price_samples
from tests.factories import SOL, USDC
from tests.localnet_process import free_port_pair
from tests.orders.api.test_books import NOON, bought, caller, filled
from tests.orders.rest import refused

pytestmark = pytest.mark.django_db

__all__ = ["caller"]
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
RANGE = "from=2026-11-30T12:00:00Z&to=2026-11-30T12:20:00Z"


def sample(seconds: int, price: int, pair: tuple[str, str] = (SOL, USDC)) -> None:
    """A price so many seconds after noon."""
    price_samples.write({pair: price}, NOON + timedelta(seconds=seconds))


def candles(client: Client, query: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/candles?{query}&{RANGE}")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["candles"]
    return found


def prices(found: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [(each["at"][11:19], *(each[name] for name in ("open", "high", "low", "close"))) for each in found]


@pytest.mark.usefixtures("db")
def test_minutes_are_kept_ones_and_the_last_is_made_of_seconds(client: Client) -> None:
    for seconds, price in ((0, 100_000_000), (30, 101_500_000), (59, 99_000_000), (60, 98_000_000)):
        sample(seconds, price)
    price_samples.roll_up(NOON + timedelta(seconds=61))
    PriceSample.objects.filter(seconds=1, at__lt=NOON + timedelta(seconds=60)).delete()
    assert prices(candles(client, "tokenIn=SOL&tokenOut=USDC")) == [
        ("12:00:00", "100", "101.5", "99", "99"),
        ("12:01:00", "98", "98", "98", "98"),
    ]


def test_the_other_direction_is_the_inverse(client: Client) -> None:
    sample(0, 200_000_000)
    sample(1, 250_000_000)
    assert prices(candles(client, "tokenIn=USDC&tokenOut=SOL&interval=5m")) == [
        ("12:00:00", "0.005", "0.005", "0.004", "0.004")
    ]


def test_seconds_are_candles_of_their_own(client: Client) -> None:
    sample(0, 200_000_000)
    sample(1, 250_000_000)
    assert prices(candles(client, "tokenIn=SOL&tokenOut=USDC&interval=1s")) == [
        ("12:00:00", "200", "200", "200", "200"),
        ("12:00:01", "250", "250", "250", "250"),
    ]


@pytest.mark.parametrize(
    ("interval", "begins"), [("15m", "12:15:00"), ("1h", "12:00:00"), ("1d", "00:00:00")]
)
def test_longer_spans_begin_at_round_times(client: Client, interval: str, begins: str) -> None:
    sample(1_000, 5_000_000)
    assert prices(candles(client, f"tokenIn=SOL&tokenOut=USDC&interval={interval}")) == [
        (begins, "5", "5", "5", "5")
    ]


def test_own_trades_of_either_direction_are_the_volume(client: Client, caller: User, user: User) -> None:
    filled(caller, 1)
    bought(caller, 1, executed_amount_in=50_000_000, executed_amount_out=500_000_000)
    filled(user, 1)
    [candle] = candles(client, "tokenIn=SOL&tokenOut=USDC")
    assert candle == {
        "at": "2026-11-30T12:01:00.000Z",
        "open": None,
        "high": None,
        "low": None,
        "close": None,
        "trades": 2,
        "volumeIn": "1.5",
        "volumeOut": "150",
    }
    [turned] = candles(client, "tokenIn=USDC&tokenOut=SOL")
    assert (turned["volumeIn"], turned["volumeOut"]) == ("150", "1.5")


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("tokenOut=USDC", "INVALID_REQUEST", "tokenIn"),
        ("tokenIn=SOL&tokenOut=USDC&interval=2m", "INVALID_REQUEST", "interval"),
        ("tokenIn=SOL&tokenOut=USDC&from=noon", "INVALID_REQUEST", "from"),
        ("tokenIn=SOL&tokenOut=USDC&limit=5", "INVALID_REQUEST", "limit"),
        ("tokenIn=SOL&tokenOut=SOL", "SAME_TOKEN", ""),
        ("tokenIn=SOL&tokenOut=NONE", "UNKNOWN_TOKEN", ""),
    ],
)
def test_what_candles_cannot_be_asked_is_refused(client: Client, query: str, code: str, field: str) -> None:
    refused(client.get(f"/api/candles?{query}"), 400, code, *([field] if field else []))


def test_a_swap_without_usdc_is_counted_by_the_price_of_its_time(
    client: Client, caller: User, settings: Any
) -> None:
    settings.SOLANA_RPC_URL = f"http://127.0.0.1:{free_port_pair()}"
    bought(caller, 1)
    # One SOL is worth 120 USDC when a half of it buys a million BONK.
    sample(119, 120_000_000)
    filled(caller, 2, token_out=BONK, executed_amount_in=500_000_000, executed_amount_out=100_000_000_000)
    tokens = {each["token"]: each for each in client.get("/api/portfolio").json()["tokens"]}
    assert (tokens["BONK"]["costUsdc"], tokens["BONK"]["costMissing"]) == ("60", None)
    # 99.999582 for 0.99795442 SOL (two costs of its own), of which a half and 2,045,580 lamports are gone:
    # 50.102279 for the half, 0.204976 for the fees. 60 less 0.245469 of fees came in, 0.245469 for them.
    assert tokens["SOL"]["realisedUsdc"] == "9.692327"


def test_a_portfolio_over_time_is_valued_at_sampled_prices(
    client: Client, caller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without costs, 2 SOL for 200 USDC; then the half of it for 120.
    bought(caller, 1, executed_amount_in=200_000_000, executed_amount_out=2_000_000_000)
    filled(caller, 3, executed_amount_out=120_000_000)
    Attempt.objects.update(network_fee=0, priority_fee=0, tip=0, rent=0)
    for seconds, price in ((110, 110_000_000), (230, 130_000_000), (299, 150_000_000)):
        sample(seconds, price)
    price_samples.roll_up(NOON + timedelta(seconds=240))
    monkeypatch.setattr(timezone, "now", lambda: NOON + timedelta(seconds=300))
    answer = client.get("/api/portfolio/history?interval=1m&points=5").json()
    assert (answer["interval"], answer["leftOut"]) == ("1m", [])
    shown = [
        (each["at"][14:19], each["valueUsdc"], each["costUsdc"], each["realisedUsdc"], each["profitUsdc"])
        for each in answer["points"]
    ]
    assert shown == [
        ("02:00", "220", "200", "0", "20"),
        # A minute without a sample: the price of the one before.
        ("03:00", "110", "100", "20", "30"),
        ("04:00", "130", "100", "20", "50"),
        ("05:00", "150", "100", "20", "70"),
        ("05:00", "150", "100", "20", "70"),
    ]


@pytest.mark.parametrize(("query", "field"), [("interval=1s", "interval"), ("points=751", "points")])
def test_what_a_portfolio_cannot_be_asked_is_refused(client: Client, query: str, field: str) -> None:
    refused(client.get(f"/api/portfolio/history?{query}"), 400, "INVALID_REQUEST", field)
