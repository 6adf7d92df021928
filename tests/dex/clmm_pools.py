"""Raydium CLMM pools made for a test: positions and a price, as the accounts that a quote reads."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from dex.localnet.genesis_clmm_layouts import (
    ClmmPool,
    Position,
    clmm_config,
    clmm_extension,
    clmm_observation,
    clmm_pool,
    clmm_tick_array,
)
from dex.localnet.genesis_layouts import mint_account
from dex.types import AccountData, Clock, QuoteRequest, Snapshot, SwapMode
from dex.venues.raydium_clmm.instructions import extension_address, tick_array_address
from dex.venues.raydium_clmm.pool import ClmmPool as Adapter
from dex.venues.raydium_clmm.venue import MAINNET_PROGRAM, RaydiumClmm

NOW = Clock(slot=400_000_000, unix_timestamp=1_760_000_000, epoch=900)
VENUE = RaydiumClmm(MAINNET_PROGRAM)
Q64 = 1 << 64


@dataclass(frozen=True)
class MadePool:
    """A pool, its accounts, and the adapter that opened it."""

    state: ClmmPool
    pool: Adapter
    snapshot: Snapshot

    @property
    def address(self) -> Pubkey:
        return self.pool.address

    def request(self, amount: int, *, falling: bool, mode: SwapMode = SwapMode.EXACT_IN) -> QuoteRequest:
        mints = self.pool.mints if falling else self.pool.mints[::-1]
        return QuoteRequest(*mints, amount, mode)


def made_pool(
    sqrt_price: int,
    positions: Sequence[tuple[int, int, int]],
    *,
    spacing: int = 10,
    trade_rate: int = 2_500,
    tick: int | None = None,
) -> MadePool:
    """A pool of classic mints with (lower, upper, liquidity) positions; ``tick`` if not the price's own."""
    mints = sorted((Pubkey.new_unique(), Pubkey.new_unique()), key=bytes)
    config = _address(b"amm_config", (7).to_bytes(2, "big"))[0]
    address, bump = _address(b"pool", bytes(config), *map(bytes, mints))
    vaults = [_address(b"pool_vault", bytes(address), bytes(mint))[0] for mint in mints]
    observation = _address(b"observation", bytes(address))[0]
    state = ClmmPool(
        bump=bump,
        config=config,
        creator=Pubkey.new_unique(),
        mints=(mints[0], mints[1]),
        vaults=(vaults[0], vaults[1]),
        observation=observation,
        decimals=(9, 6),
        tick_spacing=spacing,
        sqrt_price=sqrt_price,
        positions=[Position(*position) for position in positions],
    )
    account = clmm_pool(MAINNET_PROGRAM, state)
    if tick is not None:
        account = _at_tick(account, state, tick)
    rates = {"trade_rate": trade_rate, "protocol_rate": 120_000, "fund_rate": 40_000}
    accounts: dict[Pubkey, AccountData | None] = {
        address: account,
        config: clmm_config(MAINNET_PROGRAM, bump=255, index=7, tick_spacing=spacing, **rates),
        observation: clmm_observation(MAINNET_PROGRAM, address),
        extension_address(MAINNET_PROGRAM, address): clmm_extension(MAINNET_PROGRAM, address, state),
        **{mint: mint_account(decimals, 0, None) for mint, decimals in zip(mints, (9, 6), strict=True)},
        **{
            tick_array_address(MAINNET_PROGRAM, address, start): clmm_tick_array(
                MAINNET_PROGRAM, address, state, start
            )
            for start in state.starts()
        },
    }
    return MadePool(state, VENUE.open_pool(address, account), Snapshot(NOW, accounts))


def _at_tick(account: AccountData, state: ClmmPool, tick: int) -> AccountData:
    """The pool with another tick, and the liquidity that is in range there."""
    data = bytearray(account.data)
    liquidity = sum(p.liquidity for p in state.positions if p.lower <= tick < p.upper)
    data[237:253] = liquidity.to_bytes(16, "little")
    struct.pack_into("<i", data, 269, tick)
    return AccountData(account.owner, account.lamports, bytes(data))


def _address(*seeds: bytes) -> tuple[Pubkey, int]:
    return Pubkey.find_program_address(list(seeds), MAINNET_PROGRAM)
