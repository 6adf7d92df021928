"""Raydium CPMM pools of the genesis."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Final

from solders.pubkey import Pubkey

from dex.localnet.genesis_layouts import CpmmPool, cpmm_config, cpmm_observation, cpmm_pool, mint_account
from dex.localnet.genesis_pools.market import GenesisPool, Market, Pair, PoolAccounts
from dex.localnet.genesis_tokens import holding, program_of
from dex.localnet.programs import RAYDIUM_CPMM

_PROTOCOL_RATE: Final = 120_000
_FUND_RATE: Final = 40_000
_LP_DECIMALS: Final = 9
# raydium-cp-swap finds a config by an index; one config for each trade fee used here.
_CONFIG_INDEXES: Final = {25: 0, 30: 10, 5: 11}


@dataclass(frozen=True, slots=True)
class CpmmSpec:
    """A pool: ``price`` is quote base units a base base unit, ``reserve`` whole base tokens."""

    pair: Pair
    price: tuple[int, int]
    reserve: int
    fee_bps: int


def build_cpmm(market: Market, spec: CpmmSpec) -> PoolAccounts:
    """The pool with config, observation, LP mint and vaults."""
    program = market.address_of(RAYDIUM_CPMM)
    base, quote = spec.pair
    base_amount = spec.reserve * 10**base.decimals
    amounts = {base.mint: base_amount, quote.mint: base_amount * spec.price[0] // spec.price[1]}
    first, second = sorted((base, quote), key=lambda token: bytes(token.mint))
    index = _CONFIG_INDEXES[spec.fee_bps]
    config, config_bump = _address(program, b"amm_config", index.to_bytes(2, "big"))
    authority, auth_bump = _address(program, b"vault_and_lp_mint_auth_seed")
    address, _ = _address(program, b"pool", bytes(config), bytes(first.mint), bytes(second.mint))
    vaults = tuple(
        _address(program, b"pool_vault", bytes(address), bytes(token.mint))[0] for token in (first, second)
    )
    lp_mint, _ = _address(program, b"pool_lp_mint", bytes(address))
    observation, _ = _address(program, b"observation", bytes(address))
    lp_supply = isqrt(amounts[first.mint] * amounts[second.mint])
    state = CpmmPool(
        config=config,
        creator=market.creator,
        vaults=(vaults[0], vaults[1]),
        lp_mint=lp_mint,
        mints=(first.mint, second.mint),
        token_programs=(program_of(first), program_of(second)),
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
        vaults[0]: holding(first, authority, amounts[first.mint]),
        vaults[1]: holding(second, authority, amounts[second.mint]),
    }
    return PoolAccounts(GenesisPool(program, address, base, quote), accounts, amounts)


def _address(program: Pubkey, *seeds: bytes) -> tuple[Pubkey, int]:
    return Pubkey.find_program_address(list(seeds), program)
