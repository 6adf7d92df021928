"""One PumpSwap pool."""

from __future__ import annotations

from typing import Final, NamedTuple

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.errors import PoolDisabled, UnsupportedPool
from dex.types import AccountData, Quote, QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.account_layout import with_data
from dex.venues.adapter import Kept, PoolAdapter
from dex.venues.pumpswap import curve, layout
from dex.venues.pumpswap.addresses import FEE_CONFIG, GLOBAL_CONFIG, creator_authority
from dex.venues.pumpswap.fees import rates_of
from dex.venues.pumpswap.instructions import swap_instruction
from dex.venues.pumpswap.swap_keys import SwapKeys, require_executable
from dex.venues.swap_request import repeated, require_amount, sells_first
from dex.venues.token_mint import METADATA_POINTER, TOKEN_METADATA, transfer_fee
from dex.venues.token_vault import vault_balance, with_balance

DEX: Final = "pumpswap"
VENUE: Final = "pumpswap"
# Those that do not touch transfers. How the program takes a transfer fee is not known.
_MINT_EXTENSIONS: Final = frozenset((METADATA_POINTER, TOKEN_METADATA))
# The supply that the program takes for the capitalisation of coins of the mayhem mode.
_MAYHEM_SUPPLY: Final = 10**15


class Recipients(NamedTuple):
    """Whom a swap may pay its protocol fee, and that fee's part for buying back."""

    protocol: tuple[Pubkey, ...]
    buyback: tuple[Pubkey, ...]


class _Side(NamedTuple):
    """The pool and the program's settings, as a swap in one direction finds them."""

    state: layout.PoolState
    reserves: curve.Reserves
    token_programs: tuple[Pubkey, Pubkey]
    recipients: Recipients


class PumpSwapPool(PoolAdapter):
    """Quotes and swaps of one pool; mints and vaults are parsed once."""

    def __init__(self, address: Pubkey, account: AccountData) -> None:
        self._keys = keys = layout.parse_keys(account)
        # LP tokens that were ever issued and not withdrawn.
        depth = layout.lp_supply(account.data)
        others = (GLOBAL_CONFIG, FEE_CONFIG, *keys.vaults, *keys.mints)
        super().__init__(DEX, VENUE, address, keys, depth=depth, others=others)
        self._sides = Kept(self.accounts, self._side)

    def quote(self, snapshot: Snapshot, request: QuoteRequest) -> Quote:
        """What the pool would do; raises PoolRefused, NoQuote or AccountMissing.

        Raises UnsupportedPool for a sale of an exact output, and for pools of which too little is known.
        """
        sells_base = sells_first(self.mints, request)
        self._require_executable(snapshot, request.mode, sells_base=sells_base)
        outcome = self.formula(snapshot, request)
        return self._quote(
            snapshot,
            request,
            outcome,
            fee=outcome.fee,
            impact_bps=outcome.impact_bps,
            fee_mint=self.mints[1],
        )

    def formula(self, snapshot: Snapshot, request: QuoteRequest) -> curve.Outcome:
        """What the program's SDK says of a swap, also of those that the engine does not put on chain.

        Same errors as ``quote``, but for what the engine refuses of its own.
        """
        amount = require_amount(request)
        sells_base = sells_first(self.mints, request)
        reserves = self._sides.of(snapshot, sells_base).reserves
        if request.mode is SwapMode.EXACT_IN:
            return (curve.sell_base if sells_base else curve.buy_with_quote)(reserves, amount)
        return (curve.sale_for_quote if sells_base else curve.buy_base)(reserves, amount)

    def recipients(self, snapshot: Snapshot) -> Recipients:
        """Whom the program lets a swap of this pool pay; raises PoolRefused or AccountMissing."""
        state = layout.parse_state(layout.pool_data(snapshot.account(self.address)))
        settings = layout.parse_global(snapshot.account(GLOBAL_CONFIG))
        protocol = settings.reserved_recipients if state.is_mayhem else settings.recipients
        return Recipients(protocol, settings.buyback_recipients)

    def swap_instructions(self, snapshot: Snapshot, swap: Swap) -> list[Instruction]:
        """One swap; raises WrongMint, PoolRefused, NoQuote or AccountMissing."""
        sells_base = sells_first(self.mints, swap)
        self._require_executable(snapshot, swap.mode, sells_base=sells_base)
        return [swap_instruction(self.swap_keys(snapshot, swap), swap, sells_base=sells_base)]

    def after(self, snapshot: Snapshot, quote: Quote) -> Snapshot:
        """Vaults once ``quote`` has executed; same errors as ``quote``.

        The liquidity's fee stays. Those of protocol and creator leave the pool, or wait in the vault and are
        taken off the virtual reserves: what the next swap is priced by is the same, and here they leave.
        """
        request = repeated(quote)
        sells_base = sells_first(self.mints, request)
        outcome = self.formula(snapshot, request)
        paid_out = outcome.fees.protocol + outcome.fees.creator
        if sells_base:
            base, quoted = outcome.amount_in, -(outcome.amount_out + paid_out)
        else:
            base, quoted = -outcome.amount_out, outcome.amount_in - paid_out
        changes = zip(self.vaults, (base, quoted), strict=True)
        changed = {vault: with_balance(snapshot.account(vault), change) for vault, change in changes}
        return with_data(snapshot, changed)

    def _require_executable(self, snapshot: Snapshot, mode: SwapMode, *, sells_base: bool) -> None:
        """Raises UnsupportedPool for what the engine knows no instruction for."""
        require_executable(mode, sells_base=sells_base)
        state = self._sides.of(snapshot, sells_base).state
        if not state.is_complete:
            raise UnsupportedPool("the pool's account is of an older release and has to be enlarged first")
        if state.is_holder_reward:
            raise UnsupportedPool("how a pool with rewards for holders is swapped is not known here")

    def swap_keys(self, snapshot: Snapshot, swap: Swap) -> SwapKeys:
        """What an instruction for ``swap`` names beside it; raises PoolRefused or AccountMissing."""
        side = self._sides.of(snapshot, sells_first(self.mints, swap))
        # Any recipient of the settings will do: wallets spread over them, so that fewer wait for one account.
        choice = bytes(swap.payer)[0]
        protocol, buyback = side.recipients
        if not protocol or not buyback:
            raise UnsupportedPool("the program's settings name nobody to pay fees to")
        return SwapKeys(
            pool=self.address,
            mints=self._keys.mints,
            vaults=self._keys.vaults,
            token_programs=side.token_programs,
            recipient=protocol[choice % len(protocol)],
            buyback_recipient=buyback[choice % len(buyback)],
            creator_authority=creator_authority(side.state.coin_creator),
            is_cashback=side.state.is_cashback,
            has_creator=side.state.has_creator,
        )

    def _side(self, snapshot: Snapshot, sells_base: bool) -> _Side:
        state = layout.parse_state(layout.pool_data(snapshot.account(self.address)))
        settings = layout.parse_global(snapshot.account(GLOBAL_CONFIG))
        if settings.sell_disabled if sells_base else settings.buy_disabled:
            raise PoolDisabled("the program's swaps in this direction are switched off")
        programs = self._token_programs(snapshot)
        base, held = (
            vault_balance(snapshot.account(vault), program)
            for vault, program in zip(self.vaults, programs, strict=True)
        )
        quote = held + state.virtual_quote
        rates = self._rates(snapshot, state, settings, base, quote)
        reserves = curve.Reserves(base, quote, held, rates)
        return _Side(state, reserves, programs, self.recipients(snapshot))

    def _rates(
        self,
        snapshot: Snapshot,
        state: layout.PoolState,
        settings: layout.GlobalConfig,
        base: int,
        quote: int,
    ) -> layout.Rates:
        mint = snapshot.account(self.mints[0])
        supply = _MAYHEM_SUPPLY if state.is_mayhem else layout.mint_supply(mint)
        # Nothing is swapped without a reserve, so that its capitalisation does not matter.
        capitalisation = quote * supply // base if base else 0
        # Where the chain has none (and was asked), the SDK takes the program's own rates.
        absent = FEE_CONFIG in snapshot.accounts and snapshot.accounts[FEE_CONFIG] is None
        fees = None if absent else layout.parse_fees(snapshot.account(FEE_CONFIG))
        return layout.require_rates(rates_of(self._keys, state, settings, fees, capitalisation))

    def _token_programs(self, snapshot: Snapshot) -> tuple[Pubkey, Pubkey]:
        """Those of both mints; raises WrongOwner, UnknownLayout or UnsupportedPool."""
        base, quote = (snapshot.account(mint) for mint in self.mints)
        for mint in (base, quote):
            # Asked for its refusals alone: with these extensions there is no fee.
            transfer_fee(mint, snapshot.clock.epoch, _MINT_EXTENSIONS)
        return base.owner, quote.owner
