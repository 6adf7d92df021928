"""One Meteora DLMM pair."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.errors import AccountMissing, InsufficientLiquidity, NoQuote, PoolDisabled, PoolRefused
from dex.types import AccountData, Quote, QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.adapter import PoolAdapter, mint_fees
from dex.venues.meteora_dlmm import layout
from dex.venues.meteora_dlmm.addresses import PROGRAM, PairAddresses
from dex.venues.meteora_dlmm.after import snapshot_after
from dex.venues.meteora_dlmm.bitmap import is_default
from dex.venues.meteora_dlmm.compute import compute_units
from dex.venues.meteora_dlmm.curve import Curve, Traded
from dex.venues.meteora_dlmm.instructions import swap_instruction
from dex.venues.meteora_dlmm.walk import MAX_BIN_ARRAYS, Walk
from dex.venues.swap_request import repeated, sells_first
from dex.venues.token_mint import (
    METADATA_POINTER,
    TOKEN_METADATA,
    TRANSFER_FEE_CONFIG,
    TRANSFER_HOOK,
)
from dex.venues.wallet_side import WalletSide, trade_between_vaults

DEX: Final = "meteora"
VENUE: Final = "meteora-dlmm"
# What the program takes without a token badge. A hook that can run needs accounts that are not passed.
_MINT_EXTENSIONS: Final = frozenset((TRANSFER_FEE_CONFIG, METADATA_POINTER, TOKEN_METADATA, TRANSFER_HOOK))
# The active array and the one that follows: most swaps stay within them.
_FIRST_LOOK: Final = 2
# States kept per direction: the snapshot's own, and a few that orders of a batch leave one another.
_KEPT_CURVES: Final = 4


class DlmmPool(PoolAdapter):
    """Quotes and swaps of one pair; mints, reserves, token programs and oracle are parsed once."""

    def __init__(self, address: Pubkey, account: AccountData) -> None:
        self._keys = layout.parse_keys(account, PROGRAM)
        self._addresses = PairAddresses(address)
        # Bin arrays with liquidity: the pair account alone does not show how much is in them.
        depth = layout.parse_state(account.data).bitmap.bit_count()
        super().__init__(DEX, VENUE, address, self._keys, depth=depth, others=self._keys.mints)
        self._curves: dict[bool, tuple[Curve, ...]] = {True: (), False: ()}

    def further_accounts(self, snapshot: Snapshot, request: QuoteRequest) -> Sequence[Pubkey]:
        """Bin arrays in the direction: the first two, then as many as the amount needs and one more.

        The bitmap extension too, where the pair's own bitmap has nothing further for the amount.
        """
        curve = self._curve(snapshot, sells_first(self.mints, request))
        addresses = [self._addresses.bin_array(index) for index in curve.walk.arrays]
        try:
            traded, _ = self._trade(snapshot, curve, request)
            return addresses[: self._arrays_opened(curve, traded) + 1]
        except (InsufficientLiquidity, AccountMissing):
            known = sum(snapshot.accounts.get(address) is not None for address in addresses)
        except (NoQuote, PoolRefused):
            return addresses[:_FIRST_LOOK]
        wanted = addresses[: known + _FIRST_LOOK]
        if known == len(addresses) < MAX_BIN_ARRAYS:
            wanted.append(self._addresses.extension)
        return wanted

    def quote(self, snapshot: Snapshot, request: QuoteRequest) -> Quote:
        """What the pair would do; raises PoolRefused, NoQuote or AccountMissing."""
        curve = self._open_curve(snapshot, request)
        state, sells_x = curve.walk.state, curve.walk.sells_x
        traded, wallet = self._trade(snapshot, curve, request)
        place = curve.places[traded.bins - 1]
        return self._quote(
            snapshot,
            request,
            wallet,
            fee=traded.fee,
            fee_mint=request.token_in if state.takes_fee_from_input(sells_x) else request.token_out,
            impact_bps=curve.impact_bps(traded),
            compute_units=compute_units(self._keys, state, request.mode, traded.bins, place),
        )

    def swap_instructions(self, snapshot: Snapshot, swap: Swap) -> list[Instruction]:
        """One ``swap2`` or ``swap_exact_out2``; raises PoolRefused, NoQuote or AccountMissing.

        It carries the bin arrays that the swap opens and one more, in case the price moves until
        then; where the pair as it is cannot serve the swap, all that one swap can carry.
        """
        curve = self._curve(snapshot, sells_first(self.mints, swap))
        arrays = curve.walk.arrays[: self._arrays_to_carry(snapshot, curve, swap)]
        instruction = swap_instruction(
            self._addresses,
            self._keys,
            swap,
            [self._addresses.bin_array(index) for index in arrays],
            with_extension=not all(map(is_default, arrays)),
        )
        return [instruction]

    def after(self, snapshot: Snapshot, quote: Quote) -> Snapshot:
        """The snapshot with the pair and bin arrays as the quoted swap leaves them.

        Raises what ``quote`` raises, and UnsupportedPool where the swap fills limit orders.
        """
        request = repeated(quote)
        curve = self._open_curve(snapshot, request)
        traded, _ = self._trade(snapshot, curve, request)
        return snapshot_after(snapshot, self._addresses, curve, traded, quote.mode)

    def _open_curve(self, snapshot: Snapshot, request: QuoteRequest) -> Curve:
        curve = self._curve(snapshot, sells_first(self.mints, request))
        if not curve.walk.state.can_swap(snapshot.clock):
            raise PoolDisabled("swaps are switched off, or the pair has not been activated yet")
        return curve

    def _curve(self, snapshot: Snapshot, sells_x: bool) -> Curve:
        kept = self._curves[sells_x]
        for curve in kept:
            if curve.walk.serves(snapshot):
                return curve
        curve = Curve(Walk(self._addresses, snapshot, sells_x))
        self._curves[sells_x] = (curve, *kept[: _KEPT_CURVES - 1])
        return curve

    def _trade(self, snapshot: Snapshot, curve: Curve, request: QuoteRequest) -> tuple[Traded, WalletSide]:
        return trade_between_vaults(
            request,
            *mint_fees(snapshot, self._keys, _MINT_EXTENSIONS, sells_first=curve.walk.sells_x),
            sell=partial(curve.sell, snapshot),
            buy=partial(curve.buy, snapshot),
        )

    def _arrays_opened(self, curve: Curve, traded: Traded) -> int:
        return curve.places[traded.bins - 1].array + 1

    def _arrays_to_carry(self, snapshot: Snapshot, curve: Curve, swap: Swap) -> int:
        exact_in = swap.mode is SwapMode.EXACT_IN
        amount = swap.amount_in if exact_in else swap.amount_out
        request = QuoteRequest(swap.token_in, swap.token_out, amount, swap.mode)
        try:
            traded, _ = self._trade(snapshot, curve, request)
        except (NoQuote, AccountMissing):
            return MAX_BIN_ARRAYS
        return self._arrays_opened(curve, traded) + 1
