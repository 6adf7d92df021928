"""Sampling of prices: which pairs, in which direction, by which worker, and for how long rows are kept."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.lifecycle import Status
from orders.models import Order, PriceSample, PriceWatch
from orders.records import price_samples, price_watch
from orders.records.price_samples import Prices, Span
from orders.triggers import price_history
from orders.triggers.price_history import PriceHistory, close_pairs, followed_pairs
from tests.factories import SOL, USDC, OrderFactory
from tests.orders.chain import TestChain, eventually
from tests.orders.triggers.waiting_orders import move_price

pytestmark = pytest.mark.django_db

BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
PAIR = (SOL, USDC)


def second(number: int, price: int, pair: tuple[str, str] = PAIR) -> None:
    """A sample so many seconds after noon."""
    price_samples.write({pair: price}, NOON + timedelta(seconds=number, milliseconds=300))


def test_seconds_become_minutes_when_these_have_ended() -> None:
    for number, price in ((0, 100), (20, 140), (40, 90), (59, 120), (60, 130), (119, 125), (120, 7)):
        second(number, price)
    price_samples.roll_up(NOON + timedelta(seconds=125))
    price_samples.roll_up(NOON + timedelta(seconds=130))
    found = price_samples.read(PAIR, 60, NOON, NOON + timedelta(hours=1))
    assert found == [
        Span(NOON, Prices(100, 140, 90, 120)),
        Span(NOON + timedelta(minutes=1), Prices(130, 130, 125, 125)),
    ]


def test_a_second_of_a_pair_has_one_row() -> None:
    second(0, 100)
    second(0, 200)
    assert price_samples.read(PAIR, 1, NOON, NOON + timedelta(hours=1)) == [
        Span(NOON, Prices(100, 100, 100, 100))
    ]


def test_seconds_are_kept_for_an_hour_and_minutes_for_a_month() -> None:
    now = NOON + timedelta(days=30)
    ages = {1: (3_599, 3_601), 60: (30 * 86_400 - 60, 30 * 86_400 + 60)}
    for seconds, each in ages.items():
        for age in each:
            at = now - timedelta(seconds=age)
            prices = dict.fromkeys(("opening", "highest", "lowest", "closing"), age)
            PriceSample.objects.create(
                network="localnet", token_in=SOL, token_out=USDC, seconds=seconds, at=at, **prices
            )
    price_samples.prune(now)
    kept = PriceSample.objects.order_by("seconds").values_list("seconds", "closing")
    assert list(kept) == [(1, 3_599), (60, 30 * 86_400 - 60)]


def test_the_price_of_a_moment_is_the_last_before_it() -> None:
    second(0, 100)
    second(10, 200)
    assert price_samples.near(PAIR, NOON + timedelta(seconds=9)) == 100
    assert price_samples.near(PAIR, NOON + timedelta(seconds=10)) == 200
    assert price_samples.near(PAIR, NOON + timedelta(seconds=129)) == 200
    assert price_samples.near(PAIR, NOON + timedelta(seconds=131)) is None
    assert price_samples.near(PAIR, NOON - timedelta(seconds=1)) is None


def test_a_minute_gives_its_price_when_it_has_ended() -> None:
    second(0, 100)
    price_samples.roll_up(NOON + timedelta(seconds=61))
    PriceSample.objects.filter(seconds=1).delete()
    assert price_samples.near(PAIR, NOON + timedelta(seconds=59)) is None
    assert price_samples.near(PAIR, NOON + timedelta(seconds=60)) == 100


def sampled() -> dict[tuple[str, str], int]:
    """The newest price of each pair that has one."""
    rows = PriceSample.objects.filter(seconds=1).order_by("at")
    return {(row.token_in, row.token_out): row.closing for row in rows}


def test_listed_tokens_are_sampled_in_the_finer_direction(chain: TestChain, settings: Any) -> None:
    settings.PRICE_SAMPLES = "listed"
    PriceHistory().look()
    found = sampled()
    # A BONK is worth some twenty units of USDC: one USDC, or one SOL, in BONK has more digits.
    assert (USDC, BONK) in found
    assert (SOL, BONK) in found
    assert {pair for pair in found if BONK in pair} == {(USDC, BONK), (SOL, BONK)}
    assert len({frozenset(pair) for pair in found}) == len(found)


def test_a_sample_is_what_the_pools_would_pay(chain: TestChain, settings: Any, client: Any) -> None:
    settings.PRICE_SAMPLES = "listed"
    PriceHistory().look()
    [(pair, price)] = [each for each in sampled().items() if set(each[0]) == {SOL, USDC}]
    names = {SOL: "SOL", USDC: "USDC"}
    answer = client.get(
        f"/api/quotes?tokenIn={names[pair[0]]}&tokenOut={names[pair[1]]}&amount=1&maxSplits=1"
    )
    assert answer.json()["best"]["amountOutRaw"] == str(price)


def test_traded_pairs_are_followed_with_what_they_are_counted_by(user: User, settings: Any) -> None:
    settings.PRICE_SAMPLES = "traded"
    now = timezone.now()
    assert followed_pairs(now) == [(SOL, USDC)]
    swapped = OrderFactory.create(user=user, token_in=BONK, token_out=JUP)
    Order.objects.filter(pk=swapped.pk).update(status=Status.CONFIRMED)
    old = OrderFactory.create(user=user, token_in="other", created_at=now - timedelta(days=31))
    Order.objects.filter(pk=old.pk).update(status=Status.CONFIRMED)
    assert followed_pairs(now) == [
        *((BONK, JUP), (SOL, USDC), (BONK, USDC), (BONK, SOL), (JUP, USDC), (JUP, SOL)),
    ]


def test_only_the_worker_that_holds_the_lease_samples(chain: TestChain, settings: Any) -> None:
    settings.PRICE_SAMPLES = "listed"
    until = timezone.now() + timedelta(seconds=3)
    PriceWatch.objects.create(network="localnet", lease_token=uuid.uuid4(), lease_until=until)
    PriceHistory().look()
    assert not PriceSample.objects.exists()
    PriceWatch.objects.update(lease_until=timezone.now() - timedelta(milliseconds=1))
    PriceHistory().look()
    assert PriceSample.objects.exists()
    price_watch.give_up()
    assert PriceWatch.objects.get().lease_token is None


def test_a_node_that_does_not_answer_leaves_a_gap(settings: Any) -> None:
    settings.SOLANA_RPC_URL = "http://127.0.0.1:9"
    settings.PRICE_SAMPLES = "listed"
    PriceHistory().look()
    assert not PriceSample.objects.exists()


def test_sampling_ends_when_it_is_stopped(settings: Any) -> None:
    settings.PRICE_SAMPLES = "off"
    history = PriceHistory()
    history.start()
    history.stop()
    assert not PriceWatch.objects.exists()


def await_another_row() -> None:
    rows = PriceSample.objects.count()
    eventually(lambda: PriceSample.objects.count() > rows, 20)


@pytest.mark.django_db(transaction=True)
def test_pools_that_did_not_change_are_not_read_again(
    chain: TestChain, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRICE_SAMPLES = "traded"
    monkeypatch.setattr(price_history, "_ALL_EVERY_SECONDS", 600)
    history = PriceHistory()
    history.start()
    try:
        eventually(lambda: history._feed.is_live and not history._changed.is_set(), 30)
        await_another_row()
        before = set(sampled().values())
        chain.fault("getMultipleAccounts", "unavailable", 1_000)
        # What stands is put down again after some seconds, though the node could not be asked.
        await_another_row()
        assert set(sampled().values()) == before
        chain.call("localnet_resetFaults")
        move_price(chain, 130)
        eventually(lambda: set(sampled().values()) != before, 20)
    finally:
        history.stop()


def test_pairs_whose_prices_are_looked_at_are_sampled_closely(client: Any) -> None:
    assert (JUP, BONK) not in close_pairs()
    client.get("/api/candles?tokenIn=JUP&tokenOut=BONK")
    assert (JUP, BONK) in close_pairs()
