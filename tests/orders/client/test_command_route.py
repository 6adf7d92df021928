"""`manage.py route` and `manage.py bench_routing`: what the search finds, printed."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dex.localnet.genesis_tokens import FEE_TOKEN
from tests.orders.chain import TestChain

pytestmark = pytest.mark.django_db


def said(*words: str, **options: object) -> str:
    out = StringIO()
    call_command(*words, stdout=out, **options)
    return out.getvalue()


def test_routes_are_printed_best_first_with_their_size(chain: TestChain) -> None:
    told = said("route", "SOL", "USDC", "20000")

    prices = [float(price) for price in re.findall(r"price ([\d.]+)", told)]
    assert prices == sorted(prices, reverse=True)
    assert "0.0 bps behind the best" in told.splitlines()[0]
    units = [int(found) for found in re.findall(r"\d+ bytes.*, (\d+) compute units", told)]
    assert len(units) == len(prices)
    # Also where a quote names no limit of its own, and with what the transaction does beside its swaps.
    assert all(80_000 < one < 1_400_000 for one in units)
    assert re.search(r"^ +\d+\.\d %  \S+ \w+$", told, re.MULTILINE)


def test_a_pair_without_a_pool_of_its_own_goes_over_another_token(chain: TestChain) -> None:
    told = said("route", "BONK", "USDC", "1000000")

    assert ", then " in told.splitlines()[1]


def test_any_mint_of_the_network_can_be_named(chain: TestChain) -> None:
    # By its address: the symbol that a mint gives itself is nobody's word.
    assert f" {FEE_TOKEN.mint}  price " in said("route", "USDC", str(FEE_TOKEN.mint), "10").splitlines()[0]


def test_a_token_that_is_not_known_is_refused(chain: TestChain) -> None:
    with pytest.raises(CommandError, match="UNKNOWN_TOKEN"):
        said("route", "SOL", "NOSUCH", "1")


def test_the_benchmark_tells_candidates_milliseconds_and_quotes(chain: TestChain) -> None:
    told = said("bench_routing", "--amounts", "10", "--candidates", "12")

    assert re.search(r"10 SOL to USDC: search over \d+ candidates [\d.]+ ms, slowest [\d.]+ ms", told)
    assert re.search(r"quotes per second: .*raydium-cpmm [\d,]+", told)
    assert "  the best route pays 0 bps more than the best pool; 0 bps if its size did not matter" in told


def test_the_benchmark_tells_what_splits_gain(chain: TestChain) -> None:
    told = said("bench_routing", "--amounts", "20000", "--candidates", "12")

    gains = re.search(r"the best route pays ([\d.]+) bps more than the best pool; ([\d.]+) bps if", told)
    assert gains is not None
    # Two pools fit into a transaction without a lookup table, three do not.
    assert 50 < float(gains[1]) < float(gains[2]) < 200
