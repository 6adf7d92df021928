"""Which rates a PumpSwap pool charges: by who created it, its quote token and its market capitalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.venues.pumpswap.layout import FeeConfig, GlobalConfig, PoolKeys, PoolState, Rates, Tier

_NATIVE_MINT_2022: Final = Pubkey.from_string("9pan9bMn5HatX4EJdBwg9VgCa7Uz5HL8N1m5D3NdXej9")
_SOL_LIKE: Final = frozenset((NATIVE_MINT, _NATIVE_MINT_2022, Pubkey.default()))
_STABLE: Final = Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")


def rates_of(
    keys: PoolKeys, state: PoolState, settings: GlobalConfig, fees: FeeConfig | None, capitalisation: int
) -> Rates:
    """The rates of a swap. ``capitalisation`` is of the base token, in base units of the quote token.

    ``fees`` None: the chain has no FeeConfig, and the rates are the program's own.
    """
    rates = settings.rates if fees is None else _scheduled(keys, fees, capitalisation)
    if settings.creator_fee_configurable and state.creator_fee_bps > 0:
        rates = rates._replace(creator=state.creator_fee_bps)
    return rates if state.has_creator else rates._replace(creator=0)


def _scheduled(keys: PoolKeys, fees: FeeConfig, capitalisation: int) -> Rates:
    quote = keys.mints[1]
    if not keys.is_canonical:
        return fees.flat
    if quote in _SOL_LIKE:
        return _of_tier(fees.tiers, capitalisation, fees.flat)
    if quote == _STABLE:
        return _of_tier(fees.stable_tiers or fees.tiers, capitalisation, fees.flat)
    return fees.exotic if fees.exotic is not None and any(fees.exotic) else fees.flat


def _of_tier(tiers: Sequence[Tier], capitalisation: int, flat: Rates) -> Rates:
    """The last tier that the capitalisation has reached, the first where it has reached none."""
    if not tiers:
        return flat
    reached = [tier for tier in tiers if tier.threshold <= capitalisation]
    return (reached[-1] if reached else tiers[0]).rates
