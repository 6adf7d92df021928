"""For each pair of tokens one Raydium CPMM and one Meteora DAMM v2 pool.

Both charge the same fee, but their prices lie a little apart, within the band that the two fees leave free
of arbitrage, and one is deeper. So at small sizes the direction decides which is best, and at large sizes
the deeper one is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from typing import Final

from solders.pubkey import Pubkey

from dex.localnet.genesis_layouts import (
    CpmmPool,
    DammPool,
    cpmm_config,
    cpmm_observation,
    cpmm_pool,
    damm_pool,
    mint_account,
    token_account,
)
from dex.localnet.genesis_pools.market import GenesisPool, Market, PoolAccounts
from dex.localnet.programs import METEORA_DAMM_V2, RAYDIUM_CPMM
from dex.transactions.token_accounts import MINT_SIZE, rent_exempt_lamports
from dex.types import AccountData, Token

# damm-v2 constants.rs: the price range of a full-range pool.
MIN_SQRT_PRICE: Final = 4_295_048_016
MAX_SQRT_PRICE: Final = 79_226_673_521_066_979_257_578_248_091

_PROTOCOL_RATE: Final = 120_000
_FUND_RATE: Final = 40_000
_LP_DECIMALS: Final = 9
_BPS: Final = 10_000
_BOTH_TOKENS, _ONLY_QUOTE = 0, 1


@dataclass(frozen=True, slots=True)
class PairSpec:
    """Two pools of a pair.

    ``price`` is quote units a base unit, both in whole tokens, as a fraction. CPMM trades ``skew_bps`` above
    it, DAMM v2 as much below (a negative skew: the other way round). Reserves are whole base tokens; for
    the DAMM v2 pool they are what a full-range pool of the same depth would hold. ``range_factor`` is how
    far its price can go up and down, None for the full range.
    """

    base: str
    quote: str
    price: tuple[int, int]
    fee_bps: int
    skew_bps: int
    cpmm_reserve: int
    damm_reserve: int
    range_factor: int | None
    collect_fee_mode: int


PAIR_SPECS: Final = (
    PairSpec("SOL", "USDC", (16_500, 100), 25, 8, 200_000, 1_500_000, 4, _ONLY_QUOTE),
    PairSpec("SOL", "USDT", (16_503, 100), 25, -8, 1_200_000, 150_000, None, _BOTH_TOKENS),
    PairSpec("USDC", "USDT", (10_002, 10_000), 5, 2, 40_000_000, 600_000_000, 2, _BOTH_TOKENS),
    PairSpec("JUP", "USDC", (52, 100), 25, -10, 300_000_000, 40_000_000, 10, _ONLY_QUOTE),
    PairSpec("JUP", "SOL", (52, 16_500), 30, 10, 30_000_000, 250_000_000, None, _ONLY_QUOTE),
    PairSpec(
        "BONK", "SOL", (212, 1_650_000_000), 30, -10, 1_500_000_000_000, 200_000_000_000, 8, _BOTH_TOKENS
    ),
)

# raydium-cp-swap finds a config by an index; one config for each trade fee used here.
_CPMM_CONFIG_INDEXES: Final = {25: 0, 30: 10, 5: 11}


def build(market: Market) -> Iterator[PoolAccounts]:
    """Both pools of each pair whose tokens there are, in the order of `PAIR_SPECS`."""
    for spec in PAIR_SPECS:
        pair = market.pair(spec.base, spec.quote)
        if pair is not None:
            yield _build_cpmm(spec, *pair, market)
            yield _build_damm(spec, *pair, market.creator)


def _price(spec: PairSpec, base: Token, quote: Token, skew_bps: int) -> tuple[int, int]:
    """Quote base units a base base unit, as a fraction."""
    numerator, denominator = spec.price
    return (
        numerator * (_BPS + skew_bps) * 10**quote.decimals,
        denominator * _BPS * 10**base.decimals,
    )


def _build_cpmm(spec: PairSpec, base: Token, quote: Token, market: Market) -> PoolAccounts:
    program = market.address_of(RAYDIUM_CPMM)
    numerator, denominator = _price(spec, base, quote, spec.skew_bps)
    base_amount = spec.cpmm_reserve * 10**base.decimals
    amounts = {base.mint: base_amount, quote.mint: base_amount * numerator // denominator}
    first, second = sorted((base, quote), key=lambda token: bytes(token.mint))
    index = _CPMM_CONFIG_INDEXES[spec.fee_bps]
    config, config_bump = _cpmm_address(program, b"amm_config", index.to_bytes(2, "big"))
    authority, auth_bump = _cpmm_address(program, b"vault_and_lp_mint_auth_seed")
    address, _ = _cpmm_address(program, b"pool", bytes(config), bytes(first.mint), bytes(second.mint))
    vaults = tuple(
        _cpmm_address(program, b"pool_vault", bytes(address), bytes(t.mint))[0] for t in (first, second)
    )
    lp_mint, _ = _cpmm_address(program, b"pool_lp_mint", bytes(address))
    observation, _ = _cpmm_address(program, b"observation", bytes(address))
    lp_supply = isqrt(amounts[first.mint] * amounts[second.mint])
    state = CpmmPool(
        config=config,
        creator=market.creator,
        vaults=(vaults[0], vaults[1]),
        lp_mint=lp_mint,
        mints=(first.mint, second.mint),
        decimals=(first.decimals, second.decimals),
        observation=observation,
        auth_bump=auth_bump,
        lp_supply=lp_supply,
    )
    rates = {"protocol_rate": _PROTOCOL_RATE, "fund_rate": _FUND_RATE}
    accounts = {
        address: cpmm_pool(program, state),
        config: cpmm_config(program, bump=config_bump, index=index, trade_rate=spec.fee_bps * 100, **rates),
        observation: cpmm_observation(program, address),
        lp_mint: mint_account(_LP_DECIMALS, lp_supply, authority),
        vaults[0]: token_account(first.mint, authority, amounts[first.mint]),
        vaults[1]: token_account(second.mint, authority, amounts[second.mint]),
    }
    return PoolAccounts(GenesisPool(program, address, base, quote), accounts, amounts)


def _build_damm(spec: PairSpec, base: Token, quote: Token, creator: Pubkey) -> PoolAccounts:
    numerator, denominator = _price(spec, base, quote, -spec.skew_bps)
    sqrt_price = isqrt((numerator << 128) // denominator)
    low, high = _price_range(sqrt_price, spec.range_factor)
    liquidity = spec.damm_reserve * 10**base.decimals * sqrt_price
    # damm-v2 curve.rs get_delta_amount_{a,b}_unsigned, rounded up as for a deposit.
    amount_base = -(-liquidity * (high - sqrt_price) // (sqrt_price * high))
    amount_quote = -(-liquidity * (sqrt_price - low) >> 128)
    addresses = sorted((bytes(base.mint), bytes(quote.mint)), reverse=True)
    address, _ = _damm_address(b"cpool", *addresses)
    authority, _ = _damm_address(b"pool_authority")
    vault_base, _ = _damm_address(b"token_vault", bytes(base.mint), bytes(address))
    vault_quote, _ = _damm_address(b"token_vault", bytes(quote.mint), bytes(address))
    state = DammPool(
        mints=(base.mint, quote.mint),
        vaults=(vault_base, vault_quote),
        creator=creator,
        fee_numerator=spec.fee_bps * 100_000,
        collect_fee_mode=spec.collect_fee_mode,
        liquidity=liquidity,
        sqrt_min_price=low,
        sqrt_max_price=high,
        sqrt_price=sqrt_price,
        amounts=(amount_base, amount_quote),
    )
    accounts = {
        address: damm_pool(METEORA_DAMM_V2, state),
        # The authority only holds rent, as on mainnet, where it exists as a plain account.
        authority: AccountData(Pubkey.default(), rent_exempt_lamports(MINT_SIZE), b""),
        vault_base: token_account(base.mint, authority, amount_base),
        vault_quote: token_account(quote.mint, authority, amount_quote),
    }
    supplies = {base.mint: amount_base, quote.mint: amount_quote}
    return PoolAccounts(GenesisPool(METEORA_DAMM_V2, address, base, quote), accounts, supplies)


def _price_range(sqrt_price: int, factor: int | None) -> tuple[int, int]:
    if factor is None:
        return MIN_SQRT_PRICE, MAX_SQRT_PRICE
    return isqrt(sqrt_price**2 // factor), isqrt(sqrt_price**2 * factor)


def _cpmm_address(program: Pubkey, *seeds: bytes) -> tuple[Pubkey, int]:
    return Pubkey.find_program_address(list(seeds), program)


def _damm_address(*seeds: bytes) -> tuple[Pubkey, int]:
    return Pubkey.find_program_address(list(seeds), METEORA_DAMM_V2)
