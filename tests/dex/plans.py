"""A swap plan over the genesis pools, for tests."""

from dataclasses import replace

from solders.hash import Hash
from solders.message import MessageV0

from dex.config import PAIRS, TOKENS
from dex.localnet.genesis import Genesis, build_genesis
from dex.signing.policy import Ceilings, ChainFacts, SwapTerms, check_policy
from dex.transactions.swap_plan import SwapPlan
from dex.types import Clock, Quote, Route, Snapshot, SwapMode
from dex.venues.base import Pool, Venue
from dex.venues.registry import venues_for

MINTS = {token.symbol: token.mint for token in TOKENS}
GENESIS = build_genesis(seed=1)
VENUES = {venue.program_id: venue for venue in venues_for("localnet")}
BLOCKHASH = Hash.hash(b"a block")
LAST_VALID_BLOCK_HEIGHT = 150
CEILINGS = Ceilings(priority_fee=1_000_000, tip=50_000)
POOLS = {
    pool.address: VENUES[pool.program].open_pool(pool.address, GENESIS.accounts[pool.address])
    for pool in GENESIS.pools
}


def genesis_snapshot(genesis: Genesis = GENESIS) -> Snapshot:
    return Snapshot(Clock(slot=1, unix_timestamp=1_700_000_000, epoch=0), genesis.accounts)


def genesis_pool(dex: str, base: str, quote: str) -> tuple[Venue, Pool]:
    for pool in GENESIS.pools:
        venue = VENUES[pool.program]
        if (venue.dex, pool.base.symbol, pool.quote.symbol) == (dex, base, quote):
            return venue, venue.open_pool(pool.address, GENESIS.accounts[pool.address])
    raise LookupError(f"{dex} {base}/{quote}")


def leg(
    dex: str,
    token_in: str,
    token_out: str,
    amount_in: int,
    amount_out: int,
    mode: SwapMode = SwapMode.EXACT_IN,
) -> Quote:
    """A quote of a genesis pool, of amounts that need not be what it would give."""
    base, quote = (token_in, token_out) if (token_in, token_out) in PAIRS else (token_out, token_in)
    venue, pool = genesis_pool(dex, base, quote)
    return Quote(
        dex=venue.dex,
        venue=venue.name,
        pool=pool.address,
        token_in=MINTS[token_in],
        token_out=MINTS[token_out],
        amount_in=amount_in,
        amount_out=amount_out,
        fee_amount=1,
        fee_mint=MINTS[token_in],
        price_impact_bps=0,
        slot=1,
        mode=mode,
    )


def route_plan(route: Route, memo: str = "order-1/1") -> SwapPlan:
    """The plan of a route over genesis pools."""
    return SwapPlan(
        payer=GENESIS.wallet.pubkey(),
        route=route,
        pools=POOLS,
        venues={venue.name: venue for venue in VENUES.values()},
        snapshot=genesis_snapshot(),
        memo=memo,
        account_seed="temporary-1",
        blockhash=BLOCKHASH,
        last_valid_block_height=LAST_VALID_BLOCK_HEIGHT,
    )


def swap_plan(token_in: str, token_out: str, dex: str = "raydium", memo: str = "order-1/1") -> SwapPlan:
    """5 million base units in, for at least 1,000 base units out."""
    only = Route.of(leg(dex, token_in, token_out, 5_000_000, 1_000))
    return route_plan(replace(only, min_amount_out=1_000), memo)


def altered(plan: SwapPlan, **changes: object) -> SwapPlan:
    return replace(plan, **changes)  # type: ignore[arg-type]


def at_least(plan: SwapPlan, min_amount_out: int) -> SwapPlan:
    """The plan with another minimum."""
    return replace(plan, route=replace(plan.route, min_amount_out=min_amount_out))


def terms_of(plan: SwapPlan, **changes: object) -> SwapTerms:
    """What the owner of an order allows whose plan it is, to the unit."""
    amounts = plan.route.path_amounts()
    terms = SwapTerms(
        wallet=plan.payer,
        token_in=plan.token_in,
        token_out=plan.token_out,
        max_amount_in=plan.max_amount_in,
        min_amount_out=plan.guarded_amount or sum(each.min_amount_out for each in amounts),
        memo=plan.memo,
        mode=plan.route.mode,
    )
    return replace(terms, **changes)  # type: ignore[arg-type]


def facts_of(plan: SwapPlan) -> ChainFacts:
    """What the chain says of the plan's pools."""
    mints = {mint for leg in plan.route.legs for mint in (leg.token_in, leg.token_out)}
    return ChainFacts(
        venues={venue.program_id: venue for venue in plan.venues.values()},
        pools=plan.pools,
        token_programs={mint: plan.token_program(mint) for mint in mints},
        blockhash=plan.blockhash,
        tables={table.key: table.addresses for table in plan.lookup_tables},
    )


def check_message(message: MessageV0, plan: SwapPlan, ceilings: Ceilings = CEILINGS) -> None:
    """The signer's policy over a message, for the order that the plan is of."""
    check_policy(message, terms_of(plan), facts_of(plan), ceilings)
