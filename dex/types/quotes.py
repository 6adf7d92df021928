"""What a pool would do with a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.types.requests import SwapMode

ALL_BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class PoolAddress:
    """Where a pool is; the mints in either order, and what it holds of them, where that is known."""

    venue: str
    address: Pubkey
    mints: tuple[Pubkey, Pubkey]
    reserves: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a pool would do with a request, to the unit, at the slot of the snapshot.

    ``amount_in`` is what the payer is debited, ``amount_out`` what reaches the payer after
    every fee, Token-2022 transfer fees included. ``fee_amount`` is the pool's own fee in units
    of ``fee_mint``. ``price_impact_bps`` is the shortfall against the pool's price before the
    swap, pool fee left out, rounded up, 0..10000. ``compute_units`` is a limit that covers the
    swap instruction of just this quote (ticks or bins that it crosses counted), with margin; 0 where
    the venue's own limit is to be taken. ``transfer_fee_in`` and ``transfer_fee_out`` are what the tokens
    keep of the transfers, in their own base units, where `dex.routing.transfer_fees` has named it.
    """

    dex: str
    venue: str
    pool: Pubkey
    token_in: Pubkey
    token_out: Pubkey
    amount_in: int
    amount_out: int
    fee_amount: int
    fee_mint: Pubkey
    price_impact_bps: int
    slot: int
    mode: SwapMode = SwapMode.EXACT_IN
    compute_units: int = 0
    transfer_fee_in: int = 0
    transfer_fee_out: int = 0

    @property
    def fee_bps(self) -> int:
        """The pool's fee as a share of what it is taken from, in basis points rounded up, 0..10000."""
        whole = self.amount_in if self.fee_mint == self.token_in else self.amount_out + self.fee_amount
        return min(ALL_BPS, -(-self.fee_amount * ALL_BPS // whole)) if whole else 0


@dataclass(frozen=True, slots=True)
class VenueError:
    """Why a venue has no quote for a request: a stable code and a text for people."""

    venue: str
    code: str
    message: str
    pool: Pubkey | None = None
