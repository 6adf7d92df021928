"""One Raydium CPMM pool."""

from __future__ import annotations

from functools import partial
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.errors import PoolDisabled
from dex.types import AccountData, Quote, QuoteRequest, Snapshot, Swap
from dex.venues.account_layout import with_data
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
    mint_fee,
)
from dex.venues.token_vault import vault_balance, with_balance
from dex.venues.wallet_side import WalletSide, trade_between_vaults

DEX: Final = "raydium"
VENUE: Final = "raydium-cpmm"
# raydium-cp-swap utils/token.rs is_supported_mint; mints that the program lists by address stay out.
_MINT_EXTENSIONS: Final = frozenset(
    (TRANSFER_FEE_CONFIG, METADATA_POINTER, TOKEN_METADATA, INTEREST_BEARING_CONFIG, SCALED_UI_AMOUNT)
)


class CpmmPool:
    """Quotes and swaps of one pool; mints, vaults and config are parsed once."""

    def __init__(self, program_id: Pubkey, authority: Pubkey, address: Pubkey, account: AccountData) -> None:
        self._program_id = program_id
        self._authority = authority
        self._address = address
        self._keys = layout.parse_keys(account, program_id)
        self._depth = layout.lp_supply(account.data)
        self._accounts = (address, self._keys.config, *self._keys.vaults, *self._keys.mints)

    @property
    def address(self) -> Pubkey:
        return self._address

    @property
    def venue(self) -> str:
        return VENUE

    @property
    def depth(self) -> int:
        """LP tokens in circulation."""
        return self._depth

    @property
    def mints(self) -> tuple[Pubkey, Pubkey]:
        return self._keys.mints

    @property
    def vaults(self) -> tuple[Pubkey, Pubkey]:
        return self._keys.vaults

    @property
    def accounts(self) -> tuple[Pubkey, ...]:
        """Pool, config, both vaults, both mints."""
        return self._accounts

    def further_accounts(self, snapshot: Snapshot, request: QuoteRequest) -> tuple[Pubkey, ...]:
        """None: ``accounts`` is all that a quote reads."""
        return ()

    def quote(self, snapshot: Snapshot, request: QuoteRequest) -> Quote:
        """What the pool would do; raises PoolRefused, NoQuote or AccountMissing."""
        outcome, wallet = self._trade(snapshot, request)
        return Quote(
            dex=DEX,
            venue=VENUE,
            pool=self._address,
            token_in=request.token_in,
            token_out=request.token_out,
            amount_in=wallet.amount_in,
            amount_out=wallet.amount_out,
            fee_amount=outcome.fee,
            fee_mint=request.token_in,
            price_impact_bps=outcome.impact_bps,
            slot=snapshot.clock.slot,
            mode=request.mode,
        )

    def swap_instructions(self, snapshot: Snapshot, swap: Swap) -> list[Instruction]:
        """One ``swap_base_input`` or ``swap_base_output``; raises WrongMint or NoQuote."""
        first_in = sells_first(self._keys.mints, swap)
        return [
            swap_instruction(self._program_id, self._authority, self._address, self._keys, swap, first_in)
        ]

    def after(self, snapshot: Snapshot, quote: Quote) -> Snapshot:
        """Pool and vaults once ``quote`` has executed; same errors as ``quote``."""
        request = repeated(quote)
        first_in = sells_first(self._keys.mints, request)
        outcome, wallet = self._trade(snapshot, request)
        source, target = (0, 1) if first_in else (1, 0)
        arrived = wallet.amount_in - self._mint_fee(snapshot, source).on_gross(wallet.amount_in)
        rates = layout.parse_rates(snapshot.account(self._keys.config), self._program_id)
        fees = curve.input_shares(outcome.trade_fee, rates.protocol, rates.fund)
        vaults, accounts = self._keys.vaults, snapshot.account
        data = accounts(self._address).data
        changed = {
            self._address: layout.with_fees(data, first_in, snapshot.clock.epoch, fees, outcome.creator_fee),
            vaults[source]: with_balance(accounts(vaults[source]), arrived),
            vaults[target]: with_balance(accounts(vaults[target]), -outcome.amount_out),
        }
        return with_data(snapshot, changed)

    def _trade(self, snapshot: Snapshot, request: QuoteRequest) -> tuple[curve.Outcome, WalletSide]:
        first_in = sells_first(self._keys.mints, request)
        side = self._side(snapshot, first_in)
        fees = self._mint_fee(snapshot, 0), self._mint_fee(snapshot, 1)
        return trade_between_vaults(
            request,
            *(fees if first_in else fees[::-1]),
            sell=partial(curve.swap_base_input, side),
            buy=partial(curve.swap_base_output, side),
        )

    def _side(self, snapshot: Snapshot, first_in: bool) -> curve.Side:
        state = layout.parse_state(layout.POOL.check(snapshot.account(self._address), self._program_id))
        if not state.can_swap(snapshot.clock.unix_timestamp):
            raise PoolDisabled("swaps are switched off, or the pool has not opened yet")
        rates = layout.parse_rates(snapshot.account(self._keys.config), self._program_id)
        owed_0, owed_1 = state.owed()
        reserve_0 = self._balance(snapshot, 0) - owed_0
        reserve_1 = self._balance(snapshot, 1) - owed_1
        return curve.Side(
            reserve_in=reserve_0 if first_in else reserve_1,
            reserve_out=reserve_1 if first_in else reserve_0,
            trade_rate=rates.trade,
            creator_rate=rates.creator if state.enable_creator_fee else 0,
            creator_on_input=state.creator_fee_on_input(first_in),
            knows_creator_fee=state.knows_creator_fee,
        )

    def _balance(self, snapshot: Snapshot, index: int) -> int:
        vault = snapshot.account(self._keys.vaults[index])
        return vault_balance(vault, self._keys.token_programs[index])

    def _mint_fee(self, snapshot: Snapshot, index: int) -> TransferFee:
        keys = self._keys
        return mint_fee(snapshot, keys.mints[index], keys.token_programs[index], _MINT_EXTENSIONS)
