"""One Meteora DAMM v2 pool."""

from __future__ import annotations

from functools import partial
from typing import Final, NamedTuple

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.errors import PoolDisabled
from dex.types import AccountData, Clock, Quote, QuoteRequest, Snapshot, Swap
from dex.venues.account_layout import with_data
from dex.venues.adapter import Kept, PoolAdapter, mint_fees
from dex.venues.meteora_damm_v2 import curve, layout, rate_limiter
from dex.venues.meteora_damm_v2.after import Outcome, pool_after
from dex.venues.meteora_damm_v2.fees import fee_numerator, with_fee, without_fee
from dex.venues.meteora_damm_v2.instructions import PROGRAM, swap_instruction
from dex.venues.swap_request import repeated, sells_first
from dex.venues.token_mint import (
    METADATA_POINTER,
    TOKEN_METADATA,
    TRANSFER_FEE_CONFIG,
    TRANSFER_HOOK,
    TransferFee,
)
from dex.venues.wallet_side import WalletSide, trade_between_vaults

DEX: Final = "meteora"
VENUE: Final = "meteora-damm-v2"
# damm-v2 utils/token.rs is_supported_mint; other extensions need a token badge and stay out.
_MINT_EXTENSIONS: Final = frozenset((TRANSFER_FEE_CONFIG, METADATA_POINTER, TOKEN_METADATA, TRANSFER_HOOK))


def _sell(state: layout.PoolState, clock: Clock, sells_a: bool, amount: int) -> Outcome:
    point = state.point(clock)
    if state.takes_fee_from_input(sells_a):
        numerator = fee_numerator(state, point, sells_a, amount, excluded=False)
        traded = without_fee(amount, numerator)
        received, price = curve.output_for(state, sells_a, traded)
        return Outcome(amount, received, traded, received, price)
    traded_out, price = curve.output_for(state, sells_a, amount)
    numerator = fee_numerator(state, point, sells_a, traded_out, excluded=False)
    return Outcome(amount, without_fee(traded_out, numerator), amount, traded_out, price)


def _buy(state: layout.PoolState, clock: Clock, sells_a: bool, amount: int) -> Outcome:
    point = state.point(clock)
    if state.takes_fee_from_input(sells_a):
        traded, price = curve.input_for(state, sells_a, amount)
        numerator = fee_numerator(state, point, sells_a, traded, excluded=True)
        return Outcome(with_fee(traded, numerator), amount, traded, amount, price)
    numerator = fee_numerator(state, point, sells_a, amount, excluded=True)
    traded_out = with_fee(amount, numerator)
    paid, price = curve.input_for(state, sells_a, traded_out)
    return Outcome(paid, amount, paid, traded_out, price)


class _Side(NamedTuple):
    """The pool's state, and what transfers of the token in and of the token out bear."""

    state: layout.PoolState
    fee_in: TransferFee
    fee_out: TransferFee


class DammV2Pool(PoolAdapter):
    """Quotes and swaps of one pool; mints, vaults and token programs are parsed once."""

    def __init__(self, address: Pubkey, account: AccountData) -> None:
        self._keys = layout.parse_keys(account, PROGRAM)
        # Liquidity in the pool's range, Q64.
        depth = layout.parse_state(account.data).liquidity
        super().__init__(DEX, VENUE, address, self._keys, depth=depth, others=self._keys.mints)
        self._sides = Kept(self.accounts, self._side)

    def quote(self, snapshot: Snapshot, request: QuoteRequest) -> Quote:
        """What the pool would do; raises PoolRefused, NoQuote or AccountMissing."""
        sells_a = sells_first(self.mints, request)
        state = self._sides.of(snapshot, sells_a).state
        outcome, wallet = self._trade(snapshot, request)
        return self._quote(
            snapshot,
            request,
            wallet,
            fee=outcome.fee,
            fee_mint=request.token_in if state.takes_fee_from_input(sells_a) else request.token_out,
            impact_bps=curve.impact_bps(state, sells_a, outcome.traded_in, outcome.traded_out),
        )

    def swap_instructions(self, snapshot: Snapshot, swap: Swap) -> list[Instruction]:
        """One ``swap2``; raises PoolRefused, NoQuote or AccountMissing."""
        sells_a = sells_first(self.mints, swap)
        state = self._sides.of(snapshot, sells_a).state
        limited = rate_limiter.applies(state, state.point(snapshot.clock), sells_a)
        return [swap_instruction(self.address, self._keys, swap, is_rate_limited=limited)]

    def after(self, snapshot: Snapshot, quote: Quote) -> Snapshot:
        """The pool once ``quote`` has executed without a referral; same errors as ``quote``."""
        request = repeated(quote)
        sells_a = sells_first(self.mints, request)
        outcome, _ = self._trade(snapshot, request)
        data = snapshot.account(self.address).data
        executed = pool_after(data, outcome, sells_a, snapshot.clock.unix_timestamp)
        return with_data(snapshot, {self.address: executed})

    def _trade(self, snapshot: Snapshot, request: QuoteRequest) -> tuple[Outcome, WalletSide]:
        sells_a = sells_first(self.mints, request)
        state, fee_in, fee_out = self._sides.of(snapshot, sells_a)
        if not state.can_swap(snapshot.clock):
            raise PoolDisabled("swaps are switched off, or the pool has not been activated yet")
        return trade_between_vaults(
            request,
            fee_in,
            fee_out,
            sell=partial(_sell, state, snapshot.clock, sells_a),
            buy=partial(_buy, state, snapshot.clock, sells_a),
        )

    def _side(self, snapshot: Snapshot, sells_a: bool) -> _Side:
        state = layout.parse_state(layout.POOL.check(snapshot.account(self.address), PROGRAM))
        return _Side(state, *mint_fees(snapshot, self._keys, _MINT_EXTENSIONS, sells_first=sells_a))
