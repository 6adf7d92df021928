"""One Raydium CPMM pool."""

from __future__ import annotations

from functools import partial
from typing import Final, NamedTuple

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.errors import PoolDisabled
from dex.types import AccountData, Quote, QuoteRequest, Snapshot, Swap
from dex.venues.account_layout import with_data
from dex.venues.adapter import Kept, PoolAdapter, mint_fees
from dex.venues.raydium_cpmm import curve, layout
from dex.venues.raydium_cpmm.instructions import swap_instruction
from dex.venues.swap_request import repeated, sells_first
from dex.venues.token_mint import (
    INTEREST_BEARING_CONFIG,
    METADATA_POINTER,
    SCALED_UI_AMOUNT,
    TOKEN_METADATA,
    TRANSFER_FEE_CONFIG,
    TransferFee,
)
from dex.venues.token_vault import vault_balance, with_balance
from dex.venues.wallet_side import WalletSide, trade_between_vaults

DEX: Final = "raydium"
VENUE: Final = "raydium-cpmm"
# raydium-cp-swap utils/token.rs is_supported_mint; mints that the program lists by address stay out.
_MINT_EXTENSIONS: Final = frozenset(
    (TRANSFER_FEE_CONFIG, METADATA_POINTER, TOKEN_METADATA, INTEREST_BEARING_CONFIG, SCALED_UI_AMOUNT)
)


class _Side(NamedTuple):
    """The pool seen in one direction, and what transfers of the token in and of the token out bear."""

    side: curve.Side
    fee_in: TransferFee
    fee_out: TransferFee


class CpmmPool(PoolAdapter):
    """Quotes and swaps of one pool; mints, vaults and config are parsed once."""

    def __init__(self, program_id: Pubkey, authority: Pubkey, address: Pubkey, account: AccountData) -> None:
        self._program_id = program_id
        self._authority = authority
        self._keys = keys = layout.parse_keys(account, program_id)
        # LP tokens in circulation.
        depth, others = layout.lp_supply(account.data), (keys.config, *keys.vaults, *keys.mints)
        super().__init__(DEX, VENUE, address, keys, depth=depth, others=others)
        self._sides = Kept(self.accounts, self._side)

    def quote(self, snapshot: Snapshot, request: QuoteRequest) -> Quote:
        """What the pool would do; raises PoolRefused, NoQuote or AccountMissing."""
        outcome, wallet = self._trade(snapshot, request)
        return self._quote(snapshot, request, wallet, fee=outcome.fee, impact_bps=outcome.impact_bps)

    def swap_instructions(self, snapshot: Snapshot, swap: Swap) -> list[Instruction]:
        """One ``swap_base_input`` or ``swap_base_output``; raises WrongMint or NoQuote."""
        first_in = sells_first(self.mints, swap)
        return [swap_instruction(self._program_id, self._authority, self.address, self._keys, swap, first_in)]

    def after(self, snapshot: Snapshot, quote: Quote) -> Snapshot:
        """Pool and vaults once ``quote`` has executed; same errors as ``quote``."""
        request = repeated(quote)
        first_in = sells_first(self.mints, request)
        outcome, wallet = self._trade(snapshot, request)
        source, target = (0, 1) if first_in else (1, 0)
        fee_in = self._sides.of(snapshot, first_in).fee_in
        arrived = wallet.amount_in - fee_in.on_gross(wallet.amount_in)
        rates = layout.parse_rates(snapshot.account(self._keys.config), self._program_id)
        fees = curve.input_shares(outcome.trade_fee, rates.protocol, rates.fund)
        vaults, accounts = self.vaults, snapshot.account
        data = accounts(self.address).data
        changed = {
            self.address: layout.with_fees(data, first_in, snapshot.clock.epoch, fees, outcome.creator_fee),
            vaults[source]: with_balance(accounts(vaults[source]), arrived),
            vaults[target]: with_balance(accounts(vaults[target]), -outcome.amount_out),
        }
        return with_data(snapshot, changed)

    def _trade(self, snapshot: Snapshot, request: QuoteRequest) -> tuple[curve.Outcome, WalletSide]:
        first_in = sells_first(self.mints, request)
        side, fee_in, fee_out = self._sides.of(snapshot, first_in)
        return trade_between_vaults(
            request,
            fee_in,
            fee_out,
            sell=partial(curve.swap_base_input, side),
            buy=partial(curve.swap_base_output, side),
        )

    def _side(self, snapshot: Snapshot, first_in: bool) -> _Side:
        state = layout.parse_state(layout.POOL.check(snapshot.account(self.address), self._program_id))
        if not state.can_swap(snapshot.clock.unix_timestamp):
            raise PoolDisabled("swaps are switched off, or the pool has not opened yet")
        rates = layout.parse_rates(snapshot.account(self._keys.config), self._program_id)
        owed_0, owed_1 = state.owed()
        reserve_0 = self._balance(snapshot, 0) - owed_0
        reserve_1 = self._balance(snapshot, 1) - owed_1
        side = curve.Side(
            reserve_in=reserve_0 if first_in else reserve_1,
            reserve_out=reserve_1 if first_in else reserve_0,
            trade_rate=rates.trade,
            creator_rate=rates.creator if state.enable_creator_fee else 0,
            creator_on_input=state.creator_fee_on_input(first_in),
            knows_creator_fee=state.knows_creator_fee,
        )
        return _Side(side, *mint_fees(snapshot, self._keys, _MINT_EXTENSIONS, sells_first=first_in))

    def _balance(self, snapshot: Snapshot, index: int) -> int:
        vault = snapshot.account(self.vaults[index])
        return vault_balance(vault, self._keys.token_programs[index])
