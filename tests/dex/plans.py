"""A swap plan over the genesis pools, for tests."""

from dataclasses import replace

from solders.hash import Hash

from dex.config import TOKENS
from dex.localnet.genesis import Genesis, build_genesis
from dex.transactions.instructions import temporary_account_seed
from dex.transactions.swap_transaction import SwapPlan
from dex.types import Clock, Snapshot
from dex.venues.base import Pool, Venue
from dex.venues.registry import venues_for

MINTS = {token.symbol: token.mint for token in TOKENS}
GENESIS = build_genesis(seed=1)
VENUES = {venue.program_id: venue for venue in venues_for("localnet")}
BLOCKHASH = Hash.hash(b"a block")
LAST_VALID_BLOCK_HEIGHT = 150


def genesis_snapshot(genesis: Genesis = GENESIS) -> Snapshot:
    return Snapshot(Clock(slot=1, unix_timestamp=1_700_000_000, epoch=0), genesis.accounts)


def genesis_pool(dex: str, base: str, quote: str) -> tuple[Venue, Pool]:
    for pool in GENESIS.pools:
        venue = VENUES[pool.program]
        if (venue.dex, pool.base.symbol, pool.quote.symbol) == (dex, base, quote):
            return venue, venue.open_pool(pool.address, GENESIS.accounts[pool.address])
    raise LookupError(f"{dex} {base}/{quote}")


def swap_plan(token_in: str, token_out: str, dex: str = "raydium", memo: str = "order-1/1") -> SwapPlan:
    """5 million base units in, for at least 1,000 base units out."""
    names = {("SOL", "USDC"), ("USDC", "USDT")}
    base, quote = (token_in, token_out) if (token_in, token_out) in names else (token_out, token_in)
    venue, pool = genesis_pool(dex, base, quote)
    return SwapPlan(
        payer=GENESIS.wallet.pubkey(),
        pool=pool,
        venue=venue,
        snapshot=genesis_snapshot(),
        token_in=MINTS[token_in],
        token_out=MINTS[token_out],
        amount_in=5_000_000,
        min_amount_out=1_000,
        memo=memo,
        account_seed=temporary_account_seed(memo),
        blockhash=BLOCKHASH,
        last_valid_block_height=LAST_VALID_BLOCK_HEIGHT,
    )


def altered(plan: SwapPlan, **changes: object) -> SwapPlan:
    return replace(plan, **changes)  # type: ignore[arg-type]
