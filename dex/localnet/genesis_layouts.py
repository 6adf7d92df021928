"""The bytes of the accounts that localnet starts with, as the real programs would have written them.

Layouts: spl-token ``state.rs``; raydium-cp-swap ``states/{pool,config,oracle}.rs``; damm-v2
``state/{pool,fee}.rs``. Offsets count the 8-byte Anchor discriminator.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, TOKEN_PROGRAM
from dex.transactions.token_accounts import (
    MINT_SIZE,
    TOKEN_ACCOUNT_RENT,
    TOKEN_ACCOUNT_SIZE,
    rent_exempt_lamports,
)
from dex.types import AccountData

_CPMM_POOL_SIZE = 637
_CPMM_CONFIG_SIZE = 236
_CPMM_OBSERVATION_SIZE = 4075
_DAMM_POOL_SIZE = 1112
_AMM_V4_POOL_SIZE = 752

_LP_DECIMALS = 9
_INITIALIZED = 1


@dataclass(frozen=True, slots=True)
class CpmmPool:
    """The state of a Raydium CPMM pool that nobody has traded with. ``mints`` in byte order."""

    config: Pubkey
    creator: Pubkey
    vaults: tuple[Pubkey, Pubkey]
    lp_mint: Pubkey
    mints: tuple[Pubkey, Pubkey]
    token_programs: tuple[Pubkey, Pubkey]
    decimals: tuple[int, int]
    observation: Pubkey
    auth_bump: int
    lp_supply: int


@dataclass(frozen=True, slots=True)
class DammPool:
    """The state of a Meteora DAMM v2 pool that nobody has traded with.

    ``fee_numerator`` in 1e-9; square-root prices are Q64.64, ``liquidity`` is Q64; ``amounts`` in base units.
    ``token_flags`` are 1 for a mint of Token-2022.
    """

    mints: tuple[Pubkey, Pubkey]
    vaults: tuple[Pubkey, Pubkey]
    creator: Pubkey
    fee_numerator: int
    collect_fee_mode: int
    liquidity: int
    sqrt_min_price: int
    sqrt_max_price: int
    sqrt_price: int
    amounts: tuple[int, int]
    token_flags: tuple[int, ...] = (0, 0)
    is_customizable: bool = True
    has_dynamic_fee: bool = False


@dataclass(frozen=True, slots=True)
class AmmV4Pool:
    """The state of a Raydium AMM v4 pool without an order book that nobody has traded with."""

    nonce: int
    decimals: tuple[int, int]
    vaults: tuple[Pubkey, Pubkey]
    mints: tuple[Pubkey, Pubkey]
    lp_mint: Pubkey
    open_orders: Pubkey
    market: Pubkey
    target_orders: Pubkey
    owner: Pubkey
    lp_amount: int


def system_account(lamports: int, system_program: Pubkey) -> AccountData:
    """A wallet's own account."""
    return AccountData(system_program, lamports, b"")


def mint_account(decimals: int, supply: int, authority: Pubkey | None) -> AccountData:
    """An SPL Token mint; ``supply`` in base units; without ``authority`` nobody can mint more."""
    option = 0 if authority is None else 1
    data = struct.pack(
        "<I32sQBBI32s", option, bytes(authority or Pubkey.default()), supply, decimals, _INITIALIZED, 0, b""
    )
    return AccountData(TOKEN_PROGRAM, rent_exempt_lamports(MINT_SIZE), data)


def token_account(mint: Pubkey, owner: Pubkey, amount: int) -> AccountData:
    """An SPL Token account; for wrapped SOL its lamports are the rent and the amount."""
    native = mint == NATIVE_MINT
    data = struct.pack(
        "<32s32sQI32sBIQQI32s",
        bytes(mint),
        bytes(owner),
        amount,
        0,
        b"",
        _INITIALIZED,
        int(native),
        TOKEN_ACCOUNT_RENT if native else 0,
        0,
        0,
        b"",
    )
    if len(data) != TOKEN_ACCOUNT_SIZE:
        raise ValueError("the token account layout is wrong")
    return AccountData(TOKEN_PROGRAM, TOKEN_ACCOUNT_RENT + (amount if native else 0), data)


def cpmm_config(
    program: Pubkey, *, bump: int, index: int, trade_rate: int, protocol_rate: int, fund_rate: int
) -> AccountData:
    """An AmmConfig; rates in millionths: of the amount (trade), of the trade fee (protocol, fund)."""
    data = anchor_account("AmmConfig", _CPMM_CONFIG_SIZE)
    struct.pack_into("<BBHQQQ", data, 8, bump, 0, index, trade_rate, protocol_rate, fund_rate)
    return owned(program, data)


def cpmm_observation(program: Pubkey, pool: Pubkey) -> AccountData:
    """An ObservationState without an observation: the first swap sets the initialized flag."""
    data = anchor_account("ObservationState", _CPMM_OBSERVATION_SIZE)
    data[11:43] = bytes(pool)
    return owned(program, data)


def cpmm_pool(program: Pubkey, pool: CpmmPool) -> AccountData:
    data = anchor_account("PoolState", _CPMM_POOL_SIZE)
    put_keys(data, 8, [pool.config, pool.creator, *pool.vaults, pool.lp_mint, *pool.mints])
    put_keys(data, 232, [*pool.token_programs, pool.observation])
    status, opened = 0, 0
    struct.pack_into(
        "<BBBBBQ", data, 328, pool.auth_bump, status, _LP_DECIMALS, *pool.decimals, pool.lp_supply
    )
    struct.pack_into("<Q", data, 373, opened)
    return owned(program, data)


def damm_pool(program: Pubkey, pool: DammPool) -> AccountData:
    """A pool with a constant base fee, active from slot 0."""
    data = anchor_account("Pool", _DAMM_POOL_SIZE)
    protocol_fee_percent, referral_fee_percent = 20, 20
    fee_version, layout_version, positions = 1, 1, 1
    struct.pack_into("<Q", data, 8, pool.fee_numerator)
    data[48], data[50] = protocol_fee_percent, referral_fee_percent
    put_u128(data, 152, pool.sqrt_price)
    put_keys(data, 168, [*pool.mints, *pool.vaults])
    put_u128(data, 360, pool.liquidity)
    put_u128(data, 424, pool.sqrt_min_price)
    put_u128(data, 440, pool.sqrt_max_price)
    put_u128(data, 456, pool.sqrt_price)
    if pool.has_dynamic_fee:
        _put_dynamic_fee(data)
    data[482:484] = bytes(pool.token_flags)
    data[484], data[485], data[486] = pool.collect_fee_mode, pool.is_customizable, fee_version
    put_u128(data, 552, pool.liquidity)
    struct.pack_into("<Q", data, 632, positions)
    put_keys(data, 648, [pool.creator])
    struct.pack_into("<QQB", data, 680, *pool.amounts, layout_version)
    return owned(program, data)


def _put_dynamic_fee(data: bytearray) -> None:
    """The parameters that the official client gives a base fee of 25 bps; nothing has moved yet."""
    max_volatility, control, step_bps = 14_460_000, 956, 1
    filter_seconds, decay_seconds, reduction_bps = 10, 120, 5_000
    data[56] = _INITIALIZED
    struct.pack_into(
        "<IIHHHH", data, 64, max_volatility, control, step_bps, filter_seconds, decay_seconds, reduction_bps
    )
    put_u128(data, 88, (1 << 64) * step_bps // 10_000)


def amm_v4_pool(program: Pubkey, pool: AmmV4Pool) -> AccountData:
    """A pool that swaps only, at a fee of 25 bps, with the fee table that the program gives every pool."""
    data = bytearray(_AMM_V4_POOL_SIZE)
    swap_only, order_number, depth = 6, 7, 3
    struct.pack_into("<QQQQQQ", data, 0, swap_only, pool.nonce, order_number, depth, *pool.decimals)
    smallest_step, trade_fee, profit_share, swap_fee = (5, 10_000), (25, 10_000), (12, 100), (25, 10_000)
    struct.pack_into("<8Q", data, 128, *smallest_step, *trade_fee, *profit_share, *swap_fee)
    put_keys(data, 336, [*pool.vaults, *pool.mints, pool.lp_mint, pool.open_orders, pool.market])
    put_keys(data, 592, [pool.target_orders])
    put_keys(data, 688, [pool.owner])
    struct.pack_into("<Q", data, 720, pool.lp_amount)
    return owned(program, data)


def anchor_account(name: str, size: int) -> bytearray:
    """An account of zeros that begins as Anchor's account ``name`` does."""
    data = bytearray(size)
    data[:8] = hashlib.sha256(f"account:{name}".encode()).digest()[:8]
    return data


def owned(program: Pubkey, data: bytearray) -> AccountData:
    """An account of ``program``, exempt from rent."""
    return AccountData(program, rent_exempt_lamports(len(data)), bytes(data))


def put_keys(data: bytearray, offset: int, keys: Sequence[Pubkey]) -> None:
    """Addresses one behind the other from ``offset`` on."""
    for position, key in enumerate(keys):
        start = offset + 32 * position
        data[start : start + 32] = bytes(key)


def put_u128(data: bytearray, offset: int, value: int) -> None:
    """16 bytes, little-endian."""
    data[offset : offset + 16] = value.to_bytes(16, "little")
