"""The DLMM pairs of localnet's genesis: where they win, and a fee that rises with the bins crossed."""

from __future__ import annotations

import pytest

from dex.config import TOKENS
from dex.localnet.genesis import build_genesis
from dex.types import Clock, Quote, QuoteRequest, Snapshot
from dex.venues.base import Pool
from dex.venues.meteora_dlmm.layout import parse_state
from dex.venues.registry import venues_for

GENESIS = build_genesis(seed=1)
SNAPSHOT = Snapshot(Clock(slot=1, unix_timestamp=1_700_000_000, epoch=0), GENESIS.accounts)
VENUES = {venue.program_id: venue for venue in venues_for("localnet")}
TOKEN = {token.symbol: token for token in TOKENS}


def pools_of(pair: tuple[str, str]) -> list[Pool]:
    return [
        VENUES[pool.program].open_pool(pool.address, GENESIS.accounts[pool.address])
        for pool in GENESIS.pools
        if {pool.base.symbol, pool.quote.symbol} == set(pair)
    ]


def dlmm_of(pair: tuple[str, str]) -> Pool:
    return next(pool for pool in pools_of(pair) if pool.venue == "meteora-dlmm")


def asked(pair: tuple[str, str], whole: int) -> QuoteRequest:
    sold, bought = (TOKEN[symbol] for symbol in pair)
    return QuoteRequest(sold.mint, bought.mint, whole * 10**sold.decimals)


def best(pair: tuple[str, str], whole: int) -> str:
    quotes = [pool.quote(SNAPSHOT, asked(pair, whole)) for pool in pools_of(pair)]
    return max(quotes, key=lambda quote: quote.amount_out).venue


@pytest.mark.parametrize(
    ("pair", "best_by_size"),
    [
        (("SOL", "USDC"), {1: "raydium-cpmm", 40: "meteora-dlmm", 1_200: "meteora-damm-v2"}),
        (("JUP", "USDC"), {1_000: "meteora-damm-v2", 40_000: "meteora-dlmm", 400_000: "raydium-cpmm"}),
    ],
)
def test_a_pair_wins_for_what_about_one_bin_holds(
    pair: tuple[str, str], best_by_size: dict[int, str]
) -> None:
    assert {size: best(pair, size) for size in best_by_size} == best_by_size


def test_prices_are_those_of_the_pairs_other_pools() -> None:
    sold = dlmm_of(("SOL", "USDC")).quote(SNAPSHOT, asked(("SOL", "USDC"), 1))
    bought = dlmm_of(("JUP", "USDC")).quote(SNAPSHOT, asked(("JUP", "USDC"), 1_000))

    # 165.117 and 0.5203 USDC, less 25 bps.
    assert (sold.amount_out, sold.fee_amount, sold.fee_mint) == (164_704_432, 2_500_000, TOKEN["SOL"].mint)
    assert (bought.amount_out, bought.fee_amount, bought.fee_mint) == (
        519_000_723,
        1_300_754,
        TOKEN["USDC"].mint,
    )


def fee_bps(quote: Quote) -> float:
    return quote.fee_amount * 10_000 / quote.amount_in


def test_the_fee_rises_with_bins_crossed_and_falls_with_time() -> None:
    pair = ("SOL", "USDC")
    pool, small, large = dlmm_of(pair), asked(pair, 1), asked(pair, 1_000)
    assert fee_bps(pool.quote(SNAPSHOT, small)) == 25.0
    crossing = pool.quote(SNAPSHOT, large)
    assert 25.0 < fee_bps(crossing) < 40.0

    left = pool.after(SNAPSHOT, crossing)
    state = parse_state(left.account(pool.address).data)
    assert (state.active_id, state.volatility_accumulator) == (-1_821, 190_000)
    assert state.last_update == SNAPSHOT.clock.unix_timestamp
    dear = [fee_bps(pool.quote(_later(left, seconds), small)) for seconds in (0, 29, 30, 599, 600)]
    assert [round(bps, 4) for bps in dear] == [39.44, 39.44, 28.61, 28.61, 25.0]


def _later(snapshot: Snapshot, seconds: int) -> Snapshot:
    clock = snapshot.clock
    return Snapshot(Clock(clock.slot, clock.unix_timestamp + seconds, clock.epoch), snapshot.accounts)


def test_a_pair_reaches_over_three_arrays_and_no_further() -> None:
    pool = dlmm_of(("SOL", "USDC"))
    with pytest.raises(Exception, match="no further bin has liquidity"):
        pool.quote(SNAPSHOT, asked(("SOL", "USDC"), 100_000))
    assert len(pool.further_accounts(SNAPSHOT, asked(("SOL", "USDC"), 3_000))) == 2
