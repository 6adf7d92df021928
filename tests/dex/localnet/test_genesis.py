"""The genesis of localnet: deterministic, complete, with a best venue that depends on the order."""

from collections import Counter

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.token.state import Mint, TokenAccount

from dex.config import NATIVE_MINT, PAIRS, TOKEN_PROGRAM, TOKENS
from dex.localnet.genesis import LAMPORTS_PER_SOL, build_genesis
from dex.localnet.genesis_pools.market import GenesisPool
from dex.transactions.token_accounts import associated_token_address, rent_exempt_lamports
from dex.types import Clock, QuoteRequest, Snapshot
from dex.venues.base import Pool, Venue
from dex.venues.registry import venues_for

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


def best_dex(token_in: str, token_out: str, amount: int) -> str:
    request = QuoteRequest(MINTS[token_in], MINTS[token_out], amount)
    quotes = [
        opened(pool)[1].quote(SNAPSHOT, request)
        for pool in GENESIS.pools
        if {pool.base.symbol, pool.quote.symbol} == {token_in, token_out}
    ]
    assert len(quotes) == 2
    assert quotes[0].amount_out != quotes[1].amount_out
    return max(quotes, key=lambda quote: quote.amount_out).dex


def test_a_seed_decides_everything():
    again, other = build_genesis(seed=1), build_genesis(seed=2)
    assert again.accounts == GENESIS.accounts
    assert again.wallet == GENESIS.wallet
    assert other.wallet != GENESIS.wallet
    assert [pool.address for pool in other.pools] == [pool.address for pool in GENESIS.pools]


def test_each_pair_has_a_pool_of_each_venue():
    found = Counter((pool.base.symbol, pool.quote.symbol, VENUES[pool.program].dex) for pool in GENESIS.pools)
    assert found == Counter({(*pair, dex): 1 for pair in PAIRS for dex in ("raydium", "meteora")})


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
    assert Pubkey.from_string("GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL") == authority_of("raydium")
    assert Pubkey.from_string("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC") == authority_of("meteora")
    assert Pubkey.from_string("D4FPEruKEHrG5TenZ2mpDGEfu1iUvTiqBxvpU8HLBvC2") in GENESIS.accounts


def authority_of(dex: str) -> Pubkey:
    owners = {
        TokenAccount.from_bytes(account.data).owner
        for pool in GENESIS.pools
        if VENUES[pool.program].dex == dex
        for account in (GENESIS.accounts.get(key) for key in vaults_of(pool))
        if account is not None
    }
    [authority] = owners
    return authority


def vaults_of(pool: GenesisPool) -> list[Pubkey]:
    data = GENESIS.accounts[pool.address].data
    start = 72 if VENUES[pool.program].dex == "raydium" else 232
    return [Pubkey.from_bytes(data[at : at + 32]) for at in (start, start + 32)]


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
    assert native == 8


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
def test_going_round_between_the_two_pools_gains_nothing(pair):
    base, quote = pair
    pools = [opened(pool)[1] for pool in GENESIS.pools if (pool.base.symbol, pool.quote.symbol) == pair]
    for first, second in (pools, pools[::-1]):
        there = first.quote(SNAPSHOT, QuoteRequest(MINTS[base], MINTS[quote], SMALL[base])).amount_out
        back = second.quote(SNAPSHOT, QuoteRequest(MINTS[quote], MINTS[base], there)).amount_out
        assert back < SMALL[base]
