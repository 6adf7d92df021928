"""Plans that an order allows, and their instructions to be altered."""

from dataclasses import replace

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey

from dex.signing.policy import Ceilings
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import build_message
from dex.types import Path, Route, SwapMode
from tests.dex.plans import (
    GENESIS,
    altered,
    check_message,
    leg,
    route_plan,
    swap_plan,
)

WALLET = GENESIS.wallet.pubkey()
STRANGER = Keypair.from_seed(b"s" * 32).pubkey()
CEILINGS = Ceilings(priority_fee=1_000_000, tip=50_000)


def instructions_of(plan: SwapPlan) -> list[Instruction]:
    message = build_message(altered(plan, lookup_tables=()))
    keys = message.account_keys
    return [
        Instruction(
            keys[i.program_id_index],
            bytes(i.data),
            [AccountMeta(keys[a], keys[a] == plan.payer, message.is_maybe_writable(a)) for a in i.accounts],
        )
        for i in message.instructions
    ]


def first_swap(plan: SwapPlan) -> Instruction:
    programs = {venue.program_id for venue in plan.venues.values()}
    return next(one for one in instructions_of(plan) if one.program_id in programs)


def check(plan: SwapPlan, instructions: list[Instruction], payer: Pubkey = WALLET) -> None:
    check_message(MessageV0.try_compile(payer, instructions, [], plan.blockhash), plan)


def two_hops(token_in: str = "JUP", middle: str = "USDC", token_out: str = "USDT") -> SwapPlan:
    legs = (
        leg("meteora", token_in, middle, 5_000_000, 2_000_000, SwapMode.EXACT_OUT),
        leg("raydium", middle, token_out, 2_000_000, 1_990_000),
    )
    return route_plan(Route((Path(legs, 5_010_000, 1_990_000),), min_amount_out=1_980_000))


def split(token_in: str = "USDC", token_out: str = "USDT") -> SwapPlan:
    first = leg("raydium", token_in, token_out, 3_000_000, 2_990_000)
    second = leg("meteora", token_in, token_out, 2_000_000, 1_995_001)
    paths = (Path((first,), 3_000_000, 2_990_000), Path((second,), 2_000_000, 1_995_001))
    return route_plan(Route(paths, min_amount_out=4_980_000))


def bought_exactly() -> SwapPlan:
    quote = leg("raydium", "SOL", "USDC", 4_990_000, 1_000, SwapMode.EXACT_OUT)
    return route_plan(replace(Route.of(quote), max_amount_in=5_000_000))


PLANS = {
    "sol for token": lambda: swap_plan("SOL", "USDC"),
    "token for sol": lambda: swap_plan("USDC", "SOL", "meteora"),
    "token for token": lambda: swap_plan("USDT", "USDC"),
    "two hops over usdc": two_hops,
    "two hops over sol": lambda: two_hops("BONK", "SOL", "USDC"),
    "two hops from sol": lambda: two_hops("SOL", "USDC", "USDT"),
    "split": split,
    "split into sol with a guard": lambda: split("USDC", "SOL"),
    "exact output": bought_exactly,
}
