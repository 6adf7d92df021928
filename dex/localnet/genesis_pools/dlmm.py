"""Meteora DLMM pairs beside the pools of `pairs`: one price a bin, the same amount in every bin around it.

Both charge what their neighbours do, and more the more bins a swap crosses. A bin keeps its price whatever
the size, so each pair is second at small sizes and the best for about what one bin holds; beyond that a
deeper pool is. Nothing is gained by going round between any two pools.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.localnet.genesis_dlmm_layouts import (
    BINS_IN_ARRAY,
    DlmmPair,
    dlmm_bin_array,
    dlmm_oracle,
    dlmm_pair,
)
from dex.localnet.genesis_layouts import token_account
from dex.localnet.genesis_pools.market import GenesisPool, Market, Pair, PoolAccounts
from dex.localnet.programs import METEORA_DLMM
from dex.venues.meteora_dlmm.prices import price_of

_INPUT_ONLY, _ONLY_Y = 0, 1


@dataclass(frozen=True, slots=True)
class DlmmSpec:
    """A pair of base (x) and quote (y), with ``reserve`` whole base tokens or their worth in every bin.

    The active bin's price is (1 + ``bin_step`` bps) to the power of ``active_id``, in base units; the bins
    fill its array and one on either side. The base fee in bps is ``base_factor`` * ``bin_step`` / 10,000.
    """

    base: str
    quote: str
    bin_step: int
    base_factor: int
    active_id: int
    reserve: int
    collect_fee_mode: int


DLMM_SPECS: Final = (
    # 7 bps above 165 USDC, 25 bps of fee.
    DlmmSpec("SOL", "USDC", 10, 25_000, -1_802, 50, _INPUT_ONLY),
    # 6 bps above 0.52 USDC, 25 bps of fee, always in USDC.
    DlmmSpec("JUP", "USDC", 20, 12_500, -327, 60_000, _ONLY_Y),
)


def build(market: Market) -> Iterator[PoolAccounts]:
    """The pairs whose tokens there are, in the order of `DLMM_SPECS`."""
    for spec in DLMM_SPECS:
        pair = market.pair(spec.base, spec.quote)
        if pair is not None:
            yield build_dlmm(market, spec, pair)


def build_dlmm(market: Market, spec: DlmmSpec, pair: Pair) -> PoolAccounts:
    """The pair with oracle, reserves and bin arrays; with a reserve of 0 there are no arrays yet."""
    base, quote = pair
    program = market.address_of(METEORA_DLMM)
    mints = sorted(bytes(token.mint) for token in (base, quote))
    step, factor = (value.to_bytes(2, "little") for value in (spec.bin_step, spec.base_factor))
    address, bump = _address(program, *mints, step, factor)
    reserves = [_address(program, bytes(address), bytes(token.mint))[0] for token in (base, quote)]
    oracle, _ = _address(program, b"oracle", bytes(address))
    state = DlmmPair(
        bump=bump,
        mints=(base.mint, quote.mint),
        reserves=(reserves[0], reserves[1]),
        oracle=oracle,
        creator=market.creator,
        bin_step=spec.bin_step,
        base_factor=spec.base_factor,
        collect_fee_mode=spec.collect_fee_mode,
        active_id=spec.active_id,
        bins=_bins(spec, spec.reserve * 10**base.decimals),
    )
    accounts = {address: dlmm_pair(program, state), oracle: dlmm_oracle(program)}
    for mint, reserve, amount in zip(state.mints, reserves, state.amounts, strict=True):
        accounts[reserve] = token_account(mint, address, amount)
    for index in state.arrays:
        at, _ = _address(program, b"bin_array", bytes(address), index.to_bytes(8, "little", signed=True))
        accounts[at] = dlmm_bin_array(program, address, state, index)
    supplies = dict(zip(state.mints, state.amounts, strict=True))
    return PoolAccounts(GenesisPool(program, address, base, quote), accounts, supplies)


def _bins(spec: DlmmSpec, amount: int) -> dict[int, tuple[int, int]]:
    """Base tokens in the bins above the active one, quote tokens below, both in it."""
    if not amount:
        return {}
    first = (spec.active_id // BINS_IN_ARRAY - 1) * BINS_IN_ARRAY
    return {
        bin_id: (
            amount if bin_id >= spec.active_id else 0,
            amount * price_of(bin_id, spec.bin_step) >> 64 if bin_id <= spec.active_id else 0,
        )
        for bin_id in range(first, first + 3 * BINS_IN_ARRAY)
    }


def _address(program: Pubkey, *seeds: bytes) -> tuple[Pubkey, int]:
    return Pubkey.find_program_address(list(seeds), program)
