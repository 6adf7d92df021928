"""One Raydium AMM v4 pool."""

from __future__ import annotations

from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.config import TOKEN_PROGRAM
from dex.types import AccountData, Quote, QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.account_layout import with_data
from dex.venues.adapter import Kept, PoolAdapter
from dex.venues.raydium_amm_v4 import curve, layout
from dex.venues.raydium_amm_v4.instructions import swap_instruction
from dex.venues.swap_request import repeated, require_amount, sells_first
from dex.venues.token_vault import vault_balance, with_balance

DEX: Final = "raydium"
VENUE: Final = "raydium-amm-v4"


class AmmV4Pool(PoolAdapter):
    """Quotes and swaps of one pool; mints and vaults are parsed once. The program knows SPL Token only."""

    def __init__(
        self, program_id: Pubkey, authority: tuple[Pubkey, int], address: Pubkey, account: AccountData
    ) -> None:
        self._program_id = program_id
        self._authority, nonce = authority
        self._keys = keys = layout.parse_keys(account, program_id, nonce)
        # LP tokens in circulation. No quote reads the mints, but a transaction names their program.
        depth, others = layout.lp_amount(account.data), (*keys.vaults, *keys.mints)
        super().__init__(DEX, VENUE, address, keys, depth=depth, others=others)
        self._sides = Kept(self.accounts, self._side)

    def quote(self, snapshot: Snapshot, request: QuoteRequest) -> Quote:
        """What the pool would do; raises PoolRefused, NoQuote or AccountMissing."""
        outcome = self._trade(snapshot, request)
        return self._quote(snapshot, request, outcome, fee=outcome.fee, impact_bps=outcome.impact_bps)

    def swap_instructions(self, snapshot: Snapshot, swap: Swap) -> list[Instruction]:
        """One ``SwapBaseIn`` or ``SwapBaseOut``; raises WrongMint or NoQuote."""
        sells_first(self.mints, swap)
        return [swap_instruction(self._program_id, self._authority, self.address, self._keys, swap)]

    def after(self, snapshot: Snapshot, quote: Quote) -> Snapshot:
        """Pool and vaults once ``quote`` has executed; same errors as ``quote``."""
        outcome = self._trade(snapshot, repeated(quote))
        coin_in = sells_first(self.mints, quote)
        source, target = self.vaults if coin_in else self.vaults[::-1]
        amounts = outcome.amount_in, outcome.amount_out, outcome.fee
        data = snapshot.account(self.address).data
        changed = {
            self.address: layout.after_swap(data, coin_in, amounts, snapshot.clock.epoch),
            source: with_balance(snapshot.account(source), outcome.amount_in),
            target: with_balance(snapshot.account(target), -outcome.amount_out),
        }
        return with_data(snapshot, changed)

    def _trade(self, snapshot: Snapshot, request: QuoteRequest) -> curve.Outcome:
        side = self._sides.of(snapshot, sells_first(self.mints, request))
        amount = require_amount(request)
        if request.mode is SwapMode.EXACT_IN:
            return curve.swap_base_in(side, amount)
        return curve.swap_base_out(side, amount)

    def _side(self, snapshot: Snapshot, coin_in: bool) -> curve.Side:
        state = layout.parse_state(layout.POOL.check(snapshot.account(self.address), self._program_id))
        state.require_swap(snapshot.clock.unix_timestamp)
        coin = self._balance(snapshot, 0) - state.need_take_pnl_coin
        pc = self._balance(snapshot, 1) - state.need_take_pnl_pc
        return curve.Side(
            reserve_in=coin if coin_in else pc,
            reserve_out=pc if coin_in else coin,
            fee_numerator=state.fee_numerator,
            fee_denominator=state.fee_denominator,
        )

    def _balance(self, snapshot: Snapshot, index: int) -> int:
        return vault_balance(snapshot.account(self.vaults[index]), TOKEN_PROGRAM)
