"""Meteora DAMM v2 pools of the genesis."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Final

from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM
from dex.localnet.genesis_layouts import DammPool, damm_pool
from dex.localnet.genesis_pools.market import GenesisPool, Market, Pair, PoolAccounts
from dex.localnet.genesis_tokens import holding, program_of
from dex.localnet.programs import METEORA_DAMM_V2
from dex.transactions.token_accounts import MINT_SIZE, rent_exempt_lamports
from dex.types import AccountData

BOTH_TOKENS, ONLY_QUOTE = 0, 1

# damm-v2 constants.rs: the price range of a full-range pool.
MIN_SQRT_PRICE: Final = 4_295_048_016
MAX_SQRT_PRICE: Final = 79_226_673_521_066_979_257_578_248_091


@dataclass(frozen=True, slots=True)
class DammSpec:
    """A pool: ``price`` is quote base units a base base unit.

    ``reserve`` is whole base tokens that a full-range pool of the same depth would hold. ``range_factor`` is
    how far the price can go up and down, None for the full range. ``config_index`` None: a customizable
    pool, of which a pair has one; else a pool of that config.
    """

    pair: Pair
    price: tuple[int, int]
    reserve: int
    fee_bps: int
    range_factor: int | None
    collect_fee_mode: int
    config_index: int | None = None
    has_dynamic_fee: bool = False


def build_damm(market: Market, spec: DammSpec) -> PoolAccounts:
    """The pool with its vaults and the account that holds the authority's rent."""
    base, quote = spec.pair
    sqrt_price = isqrt((spec.price[0] << 128) // spec.price[1])
    low, high = _price_range(sqrt_price, spec.range_factor)
    liquidity = spec.reserve * 10**base.decimals * sqrt_price
    # damm-v2 curve.rs get_delta_amount_{a,b}_unsigned, rounded up as for a deposit.
    amount_base = -(-liquidity * (high - sqrt_price) // (sqrt_price * high))
    amount_quote = -(-liquidity * (sqrt_price - low) >> 128)
    address = _pool_address(spec)
    authority = _address(b"pool_authority")
    vault_base = _address(b"token_vault", bytes(base.mint), bytes(address))
    vault_quote = _address(b"token_vault", bytes(quote.mint), bytes(address))
    state = DammPool(
        mints=(base.mint, quote.mint),
        vaults=(vault_base, vault_quote),
        creator=market.creator,
        fee_numerator=spec.fee_bps * 100_000,
        collect_fee_mode=spec.collect_fee_mode,
        liquidity=liquidity,
        sqrt_min_price=low,
        sqrt_max_price=high,
        sqrt_price=sqrt_price,
        amounts=(amount_base, amount_quote),
        token_flags=tuple(int(program_of(token) == TOKEN_2022_PROGRAM) for token in spec.pair),
        is_customizable=spec.config_index is None,
        has_dynamic_fee=spec.has_dynamic_fee,
    )
    accounts = {
        address: damm_pool(METEORA_DAMM_V2, state),
        # The authority only holds rent, as on mainnet, where it exists as a plain account.
        authority: AccountData(Pubkey.default(), rent_exempt_lamports(MINT_SIZE), b""),
        vault_base: holding(base, authority, amount_base),
        vault_quote: holding(quote, authority, amount_quote),
    }
    supplies = {base.mint: amount_base, quote.mint: amount_quote}
    return PoolAccounts(GenesisPool(METEORA_DAMM_V2, address, base, quote), accounts, supplies)


def _pool_address(spec: DammSpec) -> Pubkey:
    mints = sorted((bytes(token.mint) for token in spec.pair), reverse=True)
    if spec.config_index is None:
        return _address(b"cpool", *mints)
    config = _address(b"config", spec.config_index.to_bytes(8, "little"))
    return _address(b"pool", bytes(config), *mints)


def _price_range(sqrt_price: int, factor: int | None) -> tuple[int, int]:
    if factor is None:
        return MIN_SQRT_PRICE, MAX_SQRT_PRICE
    return isqrt(sqrt_price**2 // factor), isqrt(sqrt_price**2 * factor)


def _address(*seeds: bytes) -> Pubkey:
    return Pubkey.find_program_address(list(seeds), METEORA_DAMM_V2)[0]
