"""Raydium AMM v4 pools of the genesis.

Their price lies in the middle of the pair's two other pools and they are less deep than both, so they are
never the best, but never far off: with them a large order gains from being split.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from math import isqrt
from typing import Final

from solders.pubkey import Pubkey

from dex.localnet.genesis_layouts import AmmV4Pool, amm_v4_pool, mint_account
from dex.localnet.genesis_pools.market import GenesisPool, Market, Pair, PoolAccounts, price_in_units
from dex.localnet.genesis_tokens import holding
from dex.localnet.programs import RAYDIUM_AMM_V4


@dataclass(frozen=True, slots=True)
class AmmV4Spec:
    """A pool: ``price`` is quote units a base unit, both in whole tokens; ``reserve`` whole base tokens."""

    base: str
    quote: str
    price: tuple[int, int]
    reserve: int


SPECS: Final = (
    AmmV4Spec("SOL", "USDC", (16_500, 100), 100_000),
    AmmV4Spec("SOL", "USDT", (16_503, 100), 80_000),
    AmmV4Spec("BONK", "SOL", (212, 1_650_000_000), 100_000_000_000),
)


def build(market: Market) -> Iterator[PoolAccounts]:
    """The pools whose tokens there are, in the order of `SPECS`."""
    for spec in SPECS:
        pair = market.pair(spec.base, spec.quote)
        if pair is not None:
            yield build_amm_v4(market, spec, pair)


def build_amm_v4(market: Market, spec: AmmV4Spec, pair: Pair) -> PoolAccounts:
    """The pool with LP mint and vaults."""
    program = market.address_of(RAYDIUM_AMM_V4)
    coin, pc = pair
    price = price_in_units(spec.price, pair)
    coin_amount = spec.reserve * 10**coin.decimals
    amounts = {coin.mint: coin_amount, pc.mint: coin_amount * price[0] // price[1]}
    # The market that a pool was made for; it has no account here, for no order book is left.
    market_key = Pubkey.from_bytes(sha256(f"localnet market {spec.base}/{spec.quote}".encode()).digest())
    authority, nonce = Pubkey.find_program_address([b"amm authority"], program)
    address, coin_vault, pc_vault, lp_mint, open_orders, target_orders = (
        Pubkey.find_program_address([bytes(program), bytes(market_key), seed], program)[0] for seed in _SEEDS
    )
    lp_amount = isqrt(amounts[coin.mint] * amounts[pc.mint])
    state = AmmV4Pool(
        nonce=nonce,
        decimals=(coin.decimals, pc.decimals),
        vaults=(coin_vault, pc_vault),
        mints=(coin.mint, pc.mint),
        lp_mint=lp_mint,
        open_orders=open_orders,
        market=market_key,
        target_orders=target_orders,
        owner=market.creator,
        lp_amount=lp_amount,
    )
    accounts = {
        address: amm_v4_pool(program, state),
        lp_mint: mint_account(coin.decimals, lp_amount, authority),
        coin_vault: holding(coin, authority, amounts[coin.mint]),
        pc_vault: holding(pc, authority, amounts[pc.mint]),
    }
    return PoolAccounts(GenesisPool(program, address, coin, pc), accounts, amounts)


# raydium-amm processor.rs: the seeds of a pool's addresses, beside program and market.
_SEEDS: Final = (
    b"amm_associated_seed",
    b"coin_vault_associated_seed",
    b"pc_vault_associated_seed",
    b"lp_mint_associated_seed",
    b"open_order_associated_seed",
    b"target_associated_seed",
)
