"""The pools of launches, by venue: what their creation writes and, if that leaves them empty, their funding.

Offsets are those of `dex.localnet.genesis_layouts` and `dex.localnet.genesis_clmm_layouts`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.config import TOKEN_PROGRAM
from dex.launches.openings import Opening, Unit
from dex.localnet.genesis_layouts import token_account
from dex.localnet.genesis_pools.amm_v4 import AmmV4Spec, build_amm_v4
from dex.localnet.genesis_pools.clmm import ClmmSpec, build_clmm
from dex.localnet.genesis_pools.cpmm import CpmmSpec, build_cpmm
from dex.localnet.genesis_pools.damm_v2 import ONLY_QUOTE, DammSpec, build_damm
from dex.localnet.genesis_pools.dlmm import DlmmSpec, build_dlmm
from dex.localnet.genesis_pools.market import Market, PoolAccounts
from dex.localnet.genesis_pools.whirlpool import WhirlpoolSpec, build_whirlpool
from dex.localnet.launches.fee_schedules import FEE_BPS, fee_fields
from dex.localnet.launches.plan import LaunchPlan, LaunchVenue
from dex.localnet.launches.tokens import of_its_program
from dex.localnet.programs import ORCA_WHIRLPOOL
from dex.transactions.token_accounts import associated_token_address
from dex.venues.account_layout import patched, pubkey_at
from dex.venues.meteora_dlmm.prices import price_of

_U64: Final = struct.Struct("<Q")
_SUPPLY_OFFSET: Final = 36
_BY_SLOT, _BY_TIMESTAMP = 0, 1
_CPMM_OPEN_TIME, _CPMM_LP_MINT, _CPMM_TOKEN_PROGRAMS = 373, 136, 232
_AMM_V4_STATUS, _AMM_V4_OPEN_TIME, _AMM_V4_LP_MINT, _AMM_V4_WAITING = 0, 224, 464, 7
_DAMM_ACTIVATION, _DAMM_LOCKED_LIQUIDITY, _DAMM_TOKEN_FLAGS = 472, 552, 482
_CLMM_OPEN_TIME: Final = 1_080
# Raydium's config 1, and how many ticks up and down from its first price a pool has liquidity.
_CLMM_INDEX, _CLMM_SPACING, _CLMM_REACH = 1, 60, 60_000
_DLMM_BIN_STEP, _DLMM_BASE_FACTOR, _DLMM_LOWEST_BIN, _DLMM_BINS = 100, 10_000, -4_000, 140
_WHIRLPOOL_SPACING, _WHIRLPOOL_REACH, _WHIRLPOOL_FEE_RATE = 64, 700, 3_000


class PoolSides(NamedTuple):
    """The vaults of a pool and their mints, in the pool's order."""

    vaults: tuple[Pubkey, Pubkey]
    mints: tuple[Pubkey, Pubkey]


def created_pool(plan: LaunchPlan, opening: Opening | None, market: Market) -> PoolAccounts:
    """What the creation of the pool writes. ``market`` knows where the programs are."""
    return _with_token_program(_CREATIONS[plan.venue](plan, opening, market), plan)


def sides_of(built: PoolAccounts, venue: LaunchVenue) -> PoolSides:
    """The vaults and mints that a pool's account names."""
    data = built.accounts[built.pool.address].data
    vaults, mints = _SIDES[venue]
    return PoolSides(
        (pubkey_at(data, vaults[0]), pubkey_at(data, vaults[1])),
        (pubkey_at(data, mints[0]), pubkey_at(data, mints[1])),
    )


def funded_pool(plan: LaunchPlan, opening: Opening | None, market: Market) -> PoolAccounts:
    """What the first position of a pool that was created empty leaves."""
    return _FUNDED[plan.venue](plan, opening, market, plan.pooled)


def _cpmm(plan: LaunchPlan, opening: Opening | None, market: Market) -> PoolAccounts:
    spec = CpmmSpec((plan.token, plan.quote), plan.price, plan.pooled, FEE_BPS)
    built = _with_fields(build_cpmm(market, spec), {_CPMM_OPEN_TIME: _U64.pack(_point(opening))})
    return _with_lp(built, plan, _CPMM_LP_MINT)


def _amm_v4(plan: LaunchPlan, opening: Opening | None, market: Market) -> PoolAccounts:
    pair, price = (plan.token, plan.quote), (plan.liquidity, plan.pooled)
    spec = AmmV4Spec(str(plan.token.mint), plan.quote.symbol, price, plan.pooled)
    fields = {
        _AMM_V4_STATUS: _U64.pack(_AMM_V4_WAITING),
        _AMM_V4_OPEN_TIME: _U64.pack(_point(opening)),
    }
    return _with_lp(_with_fields(build_amm_v4(market, spec, pair), fields), plan, _AMM_V4_LP_MINT)


def _damm_v2(plan: LaunchPlan, opening: Opening | None, market: Market) -> PoolAccounts:
    pair = (plan.token, plan.quote)
    built = build_damm(market, DammSpec(pair, plan.price, plan.pooled, FEE_BPS, None, ONLY_QUOTE))
    activation_type = _BY_SLOT if opening is not None and opening.unit is Unit.SLOT else _BY_TIMESTAMP
    fields = {
        **fee_fields(plan),
        _DAMM_ACTIVATION: _U64.pack(_point(opening)) + bytes([activation_type]),
    }
    if not plan.burns_lp:
        fields[_DAMM_LOCKED_LIQUIDITY] = bytes(16)
    return _with_fields(built, fields)


def _clmm(plan: LaunchPlan, opening: Opening | None, market: Market, pooled: int) -> PoolAccounts:
    spec = ClmmSpec(
        base=plan.token.symbol,
        quote=plan.quote.symbol,
        price=(plan.liquidity, plan.pooled),
        skew_bps=0,
        fee_bps=FEE_BPS,
        index=_CLMM_INDEX,
        tick_spacing=_CLMM_SPACING,
        bands=((_CLMM_REACH, pooled),) if pooled else (),
    )
    built = build_clmm(market, spec, (plan.token, plan.quote))
    return _with_fields(built, {_CLMM_OPEN_TIME: _U64.pack(_point(opening))})


def _dlmm(plan: LaunchPlan, _opening: Opening | None, market: Market, pooled: int) -> PoolAccounts:
    spec = DlmmSpec(
        base=plan.token.symbol,
        quote=plan.quote.symbol,
        bin_step=_DLMM_BIN_STEP,
        base_factor=_DLMM_BASE_FACTOR,
        active_id=_bin_of(plan.price),
        reserve=pooled // _DLMM_BINS,
        collect_fee_mode=0,
    )
    return build_dlmm(market, spec, (plan.token, plan.quote))


def _whirlpool(plan: LaunchPlan, _opening: Opening | None, market: Market, pooled: int) -> PoolAccounts:
    spec = WhirlpoolSpec(
        program=ORCA_WHIRLPOOL,
        base=plan.token.symbol,
        quote=plan.quote.symbol,
        price=(plan.liquidity, plan.pooled),
        tick_spacing=_WHIRLPOOL_SPACING,
        fee_rate=_WHIRLPOOL_FEE_RATE,
        bands=((_WHIRLPOOL_REACH, pooled),) if pooled else (),
        fee_tier_index=_WHIRLPOOL_SPACING,
    )
    return build_whirlpool(market, spec, (plan.token, plan.quote))


# Where a pool's account names its vaults, and where their mints.
_SIDES: Final[Mapping[LaunchVenue, tuple[tuple[int, int], tuple[int, int]]]] = {
    LaunchVenue.CPMM: ((72, 104), (168, 200)),
    LaunchVenue.AMM_V4: ((336, 368), (400, 432)),
    LaunchVenue.DAMM_V2: ((232, 264), (168, 200)),
    LaunchVenue.CLMM: ((137, 169), (73, 105)),
    LaunchVenue.DLMM: ((152, 184), (88, 120)),
    LaunchVenue.WHIRLPOOL: ((133, 213), (101, 181)),
}
_Builder = Callable[[LaunchPlan, Opening | None, Market], PoolAccounts]
_FUNDED: Final[Mapping[LaunchVenue, Callable[[LaunchPlan, Opening | None, Market, int], PoolAccounts]]] = {
    LaunchVenue.CLMM: _clmm,
    LaunchVenue.DLMM: _dlmm,
    LaunchVenue.WHIRLPOOL: _whirlpool,
}
_CREATIONS: Final[Mapping[LaunchVenue, _Builder]] = {
    LaunchVenue.CPMM: _cpmm,
    LaunchVenue.AMM_V4: _amm_v4,
    LaunchVenue.DAMM_V2: _damm_v2,
    LaunchVenue.CLMM: lambda plan, opening, market: _clmm(plan, opening, market, 0),
    LaunchVenue.DLMM: lambda plan, opening, market: _dlmm(plan, opening, market, 0),
    LaunchVenue.WHIRLPOOL: lambda plan, opening, market: _whirlpool(plan, opening, market, 0),
}


def _with_token_program(built: PoolAccounts, plan: LaunchPlan) -> PoolAccounts:
    """The same where the token is one of Token-2022, as its accounts and the pool's own say."""
    if plan.token_program == TOKEN_PROGRAM:
        return built
    side = sides_of(built, plan.venue).mints.index(plan.token.mint)
    if plan.venue is LaunchVenue.DAMM_V2:
        fields = {_DAMM_TOKEN_FLAGS + side: b"\x01"}
    else:
        fields = {_CPMM_TOKEN_PROGRAMS + 32 * side: bytes(plan.token_program)}
    accounts = {
        address: of_its_program(plan, account)
        if account.owner == TOKEN_PROGRAM and account.data.startswith(bytes(plan.token.mint))
        else account
        for address, account in built.accounts.items()
    }
    return _with_fields(replace(built, accounts=accounts), fields)


def _point(opening: Opening | None) -> int:
    return 0 if opening is None else opening.point


def _bin_of(price: tuple[int, int]) -> int:
    """The highest bin whose price is not above ``price`` in base units."""
    low, high = _DLMM_LOWEST_BIN, -_DLMM_LOWEST_BIN
    while high - low > 1:
        middle = (low + high) // 2
        if price_of(middle, _DLMM_BIN_STEP) * price[1] <= price[0] << 64:
            low = middle
        else:
            high = middle
    return low


def _with_fields(built: PoolAccounts, fields: Mapping[int, bytes]) -> PoolAccounts:
    """The same with other bytes in the pool's own account."""
    pool = built.accounts[built.pool.address]
    changed = replace(pool, data=patched(pool.data, fields))
    return replace(built, accounts={**built.accounts, built.pool.address: changed})


def _with_lp(built: PoolAccounts, plan: LaunchPlan, lp_mint_offset: int) -> PoolAccounts:
    """LP tokens are burnt, as with most launches that want to be trusted, or the creator has them."""
    mint = pubkey_at(built.accounts[built.pool.address].data, lp_mint_offset)
    account = built.accounts[mint]
    if plan.burns_lp:
        burnt = replace(account, data=patched(account.data, {_SUPPLY_OFFSET: bytes(8)}))
        return replace(built, accounts={**built.accounts, mint: burnt})
    creator = plan.creator.pubkey()
    (supply,) = _U64.unpack_from(account.data, _SUPPLY_OFFSET)
    held = {associated_token_address(creator, mint): token_account(mint, creator, supply)}
    return replace(built, accounts={**built.accounts, **held})
