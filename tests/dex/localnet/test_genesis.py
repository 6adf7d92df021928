"""The genesis of localnet: deterministic, complete, with a best venue that depends on the order."""

from collections import Counter
from dataclasses import replace
from itertools import permutations
from struct import unpack_from

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.token.state import Mint, TokenAccount

from dex.config import NATIVE_MINT, PAIRS, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, TOKENS
from dex.localnet.genesis import LAMPORTS_PER_SOL, build_genesis
from dex.localnet.genesis_pools.market import GenesisPool
from dex.localnet.genesis_tokens import FEE_TOKEN, LARGEST_TRANSFER_FEE, TRANSFER_FEE_BPS
from dex.localnet.programs import (
    METEORA_DAMM_V2,
    METEORA_DLMM,
    ORCA_WHIRLPOOL,
    ORCA_WHIRLPOOL_IMMUTABLE,
    RAYDIUM_AMM_V4,
    RAYDIUM_CLMM,
    RAYDIUM_CPMM,
)
from dex.transactions.token_accounts import associated_token_address, rent_exempt_lamports
from dex.types import Clock, QuoteRequest, Snapshot
from dex.venues.base import Pool, Venue
from dex.venues.registry import venues_for
from dex.venues.token_mint import (
    METADATA_POINTER,
    TOKEN_METADATA,
    TRANSFER_FEE_CONFIG,
    TransferFee,
    transfer_fee,
)

GENESIS = build_genesis(seed=1)
SNAPSHOT = Snapshot(Clock(slot=1, unix_timestamp=1_700_000_000, epoch=0), GENESIS.accounts)
VENUES = {venue.program_id: venue for venue in venues_for("localnet")}
MINTS = {token.symbol: token.mint for token in TOKENS}

# About 10 and 200,000 US dollars, in base units.
SMALL = {"SOL": 60_000_000, "USDC": 10_000_000, "USDT": 10_000_000, "JUP": 20_000_000, "BONK": 47_000_000_000}
LARGE = {symbol: amount * 20_000 for symbol, amount in SMALL.items()}


def opened(pool: GenesisPool) -> tuple[Venue, Pool]:
    venue = VENUES[pool.program]
    return venue, venue.open_pool(pool.address, GENESIS.accounts[pool.address])


def pools_of(token_in: str, token_out: str) -> list[GenesisPool]:
    return [pool for pool in GENESIS.pools if {pool.base.symbol, pool.quote.symbol} == {token_in, token_out}]


def best_dex(token_in: str, token_out: str, amount: int) -> str:
    request = QuoteRequest(MINTS[token_in], MINTS[token_out], amount)
    quotes = [opened(pool)[1].quote(SNAPSHOT, request) for pool in pools_of(token_in, token_out)]
    assert len({quote.amount_out for quote in quotes}) == len(quotes) >= 2
    return max(quotes, key=lambda quote: quote.amount_out).venue


def test_a_seed_decides_everything():
    again, other = build_genesis(seed=1), build_genesis(seed=2)
    assert again.accounts == GENESIS.accounts
    assert again.wallet == GENESIS.wallet
    assert other.wallet != GENESIS.wallet
    assert [pool.address for pool in other.pools] == [pool.address for pool in GENESIS.pools]


def test_each_pair_has_a_pool_of_two_venues_and_some_have_more():
    found = Counter((pool.base.symbol, pool.quote.symbol, pool.program) for pool in GENESIS.pools)
    pairs = Counter({(*pair, program): 1 for pair in PAIRS for program in (RAYDIUM_CPMM, METEORA_DAMM_V2)})
    amm_v4 = Counter(
        {(*pair, RAYDIUM_AMM_V4): 1 for pair in (("SOL", "USDC"), ("SOL", "USDT"), ("BONK", "SOL"))}
    )
    special = Counter(
        {
            ("LFEE", "USDC", RAYDIUM_CPMM): 1,
            ("LFEE", "SOL", METEORA_DAMM_V2): 1,
            ("SOL", "USDC", METEORA_DAMM_V2): 1,
        }
    )
    dlmm = Counter({(*pair, METEORA_DLMM): 1 for pair in (("SOL", "USDC"), ("JUP", "USDC"))})
    whirlpools = Counter(
        {
            ("SOL", "USDC", ORCA_WHIRLPOOL): 1,
            ("SOL", "USDT", ORCA_WHIRLPOOL): 1,
            ("JUP", "USDC", ORCA_WHIRLPOOL_IMMUTABLE): 1,
        }
    )
    clmm = Counter({(*pair, RAYDIUM_CLMM): 1 for pair in (("SOL", "USDC"), ("SOL", "USDT"))})
    assert found == pairs + amm_v4 + clmm + dlmm + special + whirlpools


def test_each_pool_is_found_by_its_venues_filters():
    for pool in GENESIS.pools:
        venue = VENUES[pool.program]
        data = GENESIS.accounts[pool.address].data
        filters = venue.pool_filters(pool.base.mint, pool.quote.mint)
        fitting = [
            query
            for query in filters
            if len(data) == query.data_size
            and all(data[offset : offset + len(wanted)] == wanted for offset, wanted in query.memcmp)
        ]
        assert len(fitting) == 1


def test_the_known_addresses_of_the_real_programs_are_used():
    assert authority_of(RAYDIUM_CPMM) == "GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL"
    assert authority_of(RAYDIUM_AMM_V4) == "5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1"
    assert authority_of(METEORA_DAMM_V2) == "HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC"
    assert Pubkey.from_string("D4FPEruKEHrG5TenZ2mpDGEfu1iUvTiqBxvpU8HLBvC2") in GENESIS.accounts


def authority_of(program: Pubkey) -> str:
    vaults = [vault for pool in GENESIS.pools if pool.program == program for vault in opened(pool)[1].vaults]
    owners = {str(Pubkey.from_bytes(GENESIS.accounts[vault].data[32:64])) for vault in vaults}
    [authority] = owners
    return authority


def test_every_account_is_exempt_from_rent():
    for account in GENESIS.accounts.values():
        assert account.lamports >= rent_exempt_lamports(len(account.data))


def test_wrapped_sol_is_backed_by_lamports():
    native = 0
    for account in GENESIS.accounts.values():
        if account.owner != TOKEN_PROGRAM or len(account.data) != 165:
            continue
        token = TokenAccount.from_bytes(account.data)
        backing = account.lamports - 2_039_280
        assert backing == (token.amount if token.mint == NATIVE_MINT else 0)
        assert token.is_native == (2_039_280 if token.mint == NATIVE_MINT else None)
        native += token.mint == NATIVE_MINT
    # A vault of each pool with SOL.
    assert native == sum(NATIVE_MINT in (pool.base.mint, pool.quote.mint) for pool in GENESIS.pools)


def test_the_supply_of_a_mint_is_the_sum_of_its_accounts():
    held: Counter[Pubkey] = Counter()
    for account in GENESIS.accounts.values():
        if account.owner == TOKEN_PROGRAM and len(account.data) == 165:
            token = TokenAccount.from_bytes(account.data)
            held[token.mint] += token.amount
    for token in TOKENS:
        mint = Mint.from_bytes(GENESIS.accounts[token.mint].data)
        assert mint.decimals == token.decimals
        assert mint.is_initialized
        assert mint.supply == (0 if token.mint == NATIVE_MINT else held[token.mint])


def test_wallet_and_funded_keys_are_rich():
    stranger = Keypair.from_seed(b"f" * 32).pubkey()
    genesis = build_genesis(seed=1, fund=[stranger])
    for owner in (genesis.wallet.pubkey(), stranger):
        assert genesis.accounts[owner].lamports == 100_000 * LAMPORTS_PER_SOL
        usdc = genesis.accounts[associated_token_address(owner, MINTS["USDC"])]
        assert TokenAccount.from_bytes(usdc.data).amount == 20_000_000_000_000
    assert stranger not in GENESIS.accounts


@pytest.mark.parametrize("pair", PAIRS, ids="/".join)
def test_the_best_venue_depends_on_the_direction(pair):
    base, quote = pair
    assert best_dex(base, quote, SMALL[base]) != best_dex(quote, base, SMALL[quote])


@pytest.mark.parametrize("pair", PAIRS, ids="/".join)
def test_the_best_venue_depends_on_the_size(pair):
    base, quote = pair
    assert best_dex(base, quote, SMALL[base]) != best_dex(base, quote, LARGE[base])


@pytest.mark.parametrize("pair", PAIRS, ids="/".join)
def test_going_round_between_two_pools_gains_nothing(pair):
    base, quote = pair
    pools = [opened(pool)[1] for pool in pools_of(base, quote)]
    for first, second in permutations(pools, 2):
        there = first.quote(SNAPSHOT, QuoteRequest(MINTS[base], MINTS[quote], SMALL[base])).amount_out
        back = second.quote(SNAPSHOT, QuoteRequest(MINTS[quote], MINTS[base], there)).amount_out
        assert back < SMALL[base]


def test_clmm_lies_between_the_shallow_and_the_deep_pool():
    three = [pool for pool in pools_of("SOL", "USDC") if pool.program in (RAYDIUM_CPMM, RAYDIUM_CLMM)]
    three += [pool for pool in pools_of("SOL", "USDC") if pool.program == METEORA_DAMM_V2][:1]
    best = []
    for amount in (100, 400, 1_200):
        request = QuoteRequest(MINTS["SOL"], MINTS["USDC"], amount * LAMPORTS_PER_SOL)
        quotes = [opened(pool)[1].quote(SNAPSHOT, request) for pool in three]
        best.append(max(quotes, key=lambda quote: quote.amount_out).venue)
    assert best == ["raydium-cpmm", "raydium-clmm", "meteora-damm-v2"]


def test_one_token_keeps_a_fee_of_each_transfer_back():
    mint = GENESIS.accounts[FEE_TOKEN.mint]
    assert mint.owner == TOKEN_2022_PROGRAM
    fee = transfer_fee(mint, 0, frozenset((TRANSFER_FEE_CONFIG, METADATA_POINTER, TOKEN_METADATA)))
    assert fee == TransferFee(TRANSFER_FEE_BPS, LARGEST_TRANSFER_FEE)
    assert b"LFEE" in mint.data
    holders = [
        account
        for account in GENESIS.accounts.values()
        if account.owner == TOKEN_2022_PROGRAM and account.data[:32] == bytes(FEE_TOKEN.mint)
    ]
    # Two vaults and the wallet.
    assert len(holders) == 3
    (supply,) = unpack_from("<Q", mint.data, 36)
    assert supply == sum(unpack_from("<Q", account.data, 64)[0] for account in holders)


@pytest.mark.parametrize("other", ["USDC", "SOL"])
def test_the_fee_of_a_transfer_is_in_the_quotes(other):
    [pool] = pools_of("LFEE", other)
    request = QuoteRequest(FEE_TOKEN.mint, MINTS[other], 1_000_000_000)
    _, with_fee = opened(pool)
    sold = with_fee.quote(SNAPSHOT, request)
    free = with_fee.quote(SNAPSHOT, replace(request, amount=995_000_000))
    # 0.5 % of the 1,000 tokens never reach the pool: selling 995 without them would pay the same.
    untaxed = {**GENESIS.accounts, FEE_TOKEN.mint: without_fee()}
    assert sold.amount_out > free.amount_out
    assert (
        sold.amount_out
        == with_fee.quote(
            replace(SNAPSHOT, accounts=untaxed), replace(request, amount=995_000_000)
        ).amount_out
    )


def without_fee():
    mint = GENESIS.accounts[FEE_TOKEN.mint]
    config = 170
    no_rate = mint.data[: config + 88] + bytes(2) + mint.data[config + 90 :]
    return replace(mint, data=no_rate[: config + 106] + bytes(2) + no_rate[config + 108 :])


def test_the_fee_of_one_pool_follows_volatility():
    [pool] = [
        found
        for found in pools_of("SOL", "USDC")
        if found.program == METEORA_DAMM_V2 and GENESIS.accounts[found.address].data[56]
    ]
    _, dynamic = opened(pool)
    request = QuoteRequest(MINTS["SOL"], MINTS["USDC"], 500 * LAMPORTS_PER_SOL)
    first = dynamic.quote(SNAPSHOT, request)
    second = dynamic.quote(dynamic.after(SNAPSHOT, first), request)
    # 25 bps before anything has moved. 1 % of square-root price are twice 99.5 steps of 1 bp, and
    # (199 * 10,000)^2 * 956 / 1e11 billionths are 38 millionths.
    assert first.fee_amount == -(-(first.amount_out + first.fee_amount) * 25 // 10_000)
    rate = second.fee_amount * 1_000_000 // (second.amount_out + second.fee_amount)
    assert rate == 2_500 + 38
