"""One Raydium CLMM pool."""

from __future__ import annotations

from typing import Final, NamedTuple

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM
from dex.errors import AccountMissing, InsufficientLiquidity, NoQuote, PoolDisabled, UnsupportedPool
from dex.types import AccountData, Quote, QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.account_layout import with_data
from dex.venues.adapter import Kept, PoolAdapter
from dex.venues.integer_math import shortfall_bps
from dex.venues.raydium_clmm import layout
from dex.venues.raydium_clmm.compute import compute_units
from dex.venues.raydium_clmm.course import Course
from dex.venues.raydium_clmm.curve import HIGHEST_PRICE, LOWEST_PRICE, Outcome, Position, Totals
from dex.venues.raydium_clmm.instructions import (
    MAX_TICK_ARRAYS,
    MIN_TICK_ARRAYS,
    extension_address,
    swap_instruction,
    tick_array_address,
)
from dex.venues.raydium_clmm.tick_arrays import (
    ArrayMap,
    TickArray,
    array_map,
    parse_extension,
    parse_tick_array,
)
from dex.venues.raydium_clmm.tick_math import tick_at
from dex.venues.swap_request import repeated, sells_first
from dex.venues.token_mint import (
    INTEREST_BEARING_CONFIG,
    METADATA_POINTER,
    TOKEN_METADATA,
    TRANSFER_FEE_CONFIG,
    TransferFee,
    transfer_fee,
)
from dex.venues.wallet_side import WalletSide, trade_between_vaults

DEX: Final = "raydium"
VENUE: Final = "raydium-clmm"
# raydium-clmm util/token.rs is_supported_mint; mints that the program lists by address stay out.
_MINT_EXTENSIONS: Final = frozenset(
    (TRANSFER_FEE_CONFIG, METADATA_POINTER, TOKEN_METADATA, INTEREST_BEARING_CONFIG)
)


class _Trade(NamedTuple):
    amount_in: int
    amount_out: int
    outcome: Outcome


class _Kept(NamedTuple):
    """A course and the accounts that it was or will be worked out from."""

    course: Course
    addresses: tuple[Pubkey, ...]
    accounts: tuple[AccountData | None, ...]

    def is_of(self, snapshot: Snapshot) -> bool:
        return tuple(map(snapshot.accounts.get, self.addresses)) == self.accounts


class _Side(NamedTuple):
    """The pool's state, what transfers of the token in and out bear, and how many mints are of Token-2022."""

    state: layout.PoolState
    fee_in: TransferFee
    fee_out: TransferFee
    token_2022_mints: int


class ClmmPool(PoolAdapter):
    """Quotes and swaps of one pool; mints, vaults and config are parsed once.

    What the pool does in a direction is kept for as long as snapshots hold the same accounts:
    routing asks one snapshot for many amounts.
    """

    def __init__(self, program_id: Pubkey, address: Pubkey, account: AccountData) -> None:
        self._program_id = program_id
        self._keys = keys = layout.parse_keys(account, program_id)
        self._extension = extension_address(program_id, address)
        self._array_addresses: dict[int, Pubkey] = {}
        self._kept: dict[bool, _Kept] = {}
        # Liquidity in range.
        depth = layout.parse_state(account.data).liquidity
        super().__init__(DEX, VENUE, address, keys, depth=depth, others=(keys.config, *keys.mints))
        self._sides = Kept(self.accounts, self._side)

    def further_accounts(self, snapshot: Snapshot, request: QuoteRequest) -> tuple[Pubkey, ...]:
        """The bitmap extension, which old pools lack, and the tick arrays on the way.

        As many as a transaction carries: which of them an amount needs is known only from the first.
        Raises WrongMint, UnknownLayout, UnsupportedPool or AccountMissing.
        """
        falling = sells_first(self.mints, request)
        state = self._state(snapshot)
        starts = self._map(snapshot, state).first(state.tick, falling, MAX_TICK_ARRAYS)
        return (self._extension, *map(self._array_address, starts))

    def quote(self, snapshot: Snapshot, request: QuoteRequest) -> Quote:
        """What the pool would do; raises PoolRefused, NoQuote or AccountMissing."""
        falling = sells_first(self.mints, request)
        trade, wallet = self._trade(snapshot, request)
        totals = trade.outcome.totals
        return self._quote(
            snapshot,
            request,
            wallet,
            fee=totals.fee,
            impact_bps=self._impact_bps(snapshot, falling, totals),
            compute_units=compute_units(totals, self._sides.of(snapshot, falling).token_2022_mints),
        )

    def swap_instructions(self, snapshot: Snapshot, swap: Swap) -> list[Instruction]:
        """One ``swap_v2``; raises PoolRefused, NoQuote or AccountMissing.

        It passes one tick array more than the amounts need.
        """
        falling = sells_first(self.mints, swap)
        state = self._state(snapshot)
        starts = self._map(snapshot, state).first(state.tick, falling, MAX_TICK_ARRAYS)
        if not starts:
            raise InsufficientLiquidity("the pool has no ticks in that direction")
        count = max(MIN_TICK_ARRAYS, self._arrays_needed(snapshot, swap) + 1)
        has_extension = snapshot.accounts.get(self._extension) is not None
        return [
            swap_instruction(
                self._program_id,
                self.address,
                self._keys,
                swap,
                falling,
                self._extension if has_extension else None,
                [self._array_address(start) for start in starts[:count]],
            )
        ]

    def after(self, snapshot: Snapshot, quote: Quote) -> Snapshot:
        """Price, liquidity and tick once ``quote`` has executed; same errors as ``quote``."""
        trade, _ = self._trade(snapshot, repeated(quote))
        outcome = trade.outcome
        tick = tick_at(outcome.sqrt_price) if outcome.tick is None else outcome.tick
        data = snapshot.account(self.address).data
        moved = layout.moved(data, outcome.liquidity, outcome.sqrt_price, tick)
        return with_data(snapshot, {self.address: moved})

    def _trade(self, snapshot: Snapshot, request: QuoteRequest) -> tuple[_Trade, WalletSide]:
        falling = sells_first(self.mints, request)
        state, fee_in, fee_out, _ = self._sides.of(snapshot, falling)
        if not state.can_swap(snapshot.clock.unix_timestamp):
            raise PoolDisabled("swaps are switched off, or the pool has not opened yet")
        course = self._course(snapshot, falling)

        def sell(amount: int) -> _Trade:
            outcome = course.sell(amount)
            return _Trade(amount, outcome.totals.got, outcome)

        def buy(amount: int) -> _Trade:
            outcome = course.buy(amount)
            return _Trade(outcome.totals.paid, amount, outcome)

        trade, wallet = trade_between_vaults(request, fee_in, fee_out, sell, buy)
        if request.mode is SwapMode.EXACT_OUT and fee_out.on_net(request.amount):
            # The program compares what leaves its vault with what was asked for (RequireEqViolated).
            raise UnsupportedPool("the program pays no exact output of a token with a transfer fee")
        return trade, wallet

    def _impact_bps(self, snapshot: Snapshot, falling: bool, totals: Totals) -> int:
        squared = self._sides.of(snapshot, falling).state.sqrt_price ** 2
        traded = totals.paid - totals.fee
        if falling:
            return shortfall_bps(traded * squared, totals.got << 128)
        return shortfall_bps(traded << 128, totals.got * squared)

    def _arrays_needed(self, snapshot: Snapshot, swap: Swap) -> int:
        amount = swap.amount_in if swap.mode is SwapMode.EXACT_IN else swap.amount_out
        try:
            trade, _ = self._trade(snapshot, QuoteRequest(swap.token_in, swap.token_out, amount, swap.mode))
        except NoQuote:
            # The limits of a swap may lie beyond what the pool does now.
            return MAX_TICK_ARRAYS
        return trade.outcome.totals.arrays

    def _state(self, snapshot: Snapshot) -> layout.PoolState:
        return layout.parse_state(layout.POOL.check(snapshot.account(self.address), self._program_id))

    def _map(self, snapshot: Snapshot, state: layout.PoolState) -> ArrayMap:
        extension = parse_extension(snapshot.accounts.get(self._extension), self._program_id, self.address)
        return array_map(state.bitmap, extension, state.tick_spacing)

    def _course(self, snapshot: Snapshot, falling: bool) -> Course:
        kept = self._kept.get(falling)
        if kept is None or not kept.is_of(snapshot):
            kept = self._new_course(snapshot, falling)
            self._kept[falling] = kept
        return kept.course

    def _new_course(self, snapshot: Snapshot, falling: bool) -> _Kept:
        state = self._state(snapshot)
        if not (state.sqrt_price > LOWEST_PRICE if falling else state.sqrt_price < HIGHEST_PRICE):
            raise InsufficientLiquidity("the price is at the end of the program's range")
        arrays = self._map(snapshot, state)
        starts = arrays.first(state.tick, falling, MAX_TICK_ARRAYS + 1)
        accounts = {
            self._array_address(start): snapshot.accounts.get(self._array_address(start))
            for start in starts[:MAX_TICK_ARRAYS]
        }

        def read(start: int) -> TickArray:
            address = self._array_address(start)
            if address not in snapshot.accounts:
                raise AccountMissing(address)
            account = accounts[address]
            if account is None:
                raise InsufficientLiquidity(f"the tick array from {start} on does not exist any more")
            return parse_tick_array(account, self._program_id, self.address, start)

        course = Course(
            Position(state.sqrt_price, state.liquidity, state.tick),
            layout.trade_rate(snapshot.account(self._keys.config), self._program_id),
            falling,
            starts[:MAX_TICK_ARRAYS],
            arrays.span,
            len(starts) <= MAX_TICK_ARRAYS,
            read,
        )
        fixed = (self.address, self._keys.config, self._extension)
        accounts.update((address, snapshot.accounts.get(address)) for address in fixed)
        return _Kept(course, tuple(accounts), tuple(accounts.values()))

    def _array_address(self, start: int) -> Pubkey:
        address = self._array_addresses.get(start)
        if address is None:
            address = tick_array_address(self._program_id, self.address, start)
            self._array_addresses[start] = address
        return address

    def _side(self, snapshot: Snapshot, falling: bool) -> _Side:
        mints = [snapshot.account(mint) for mint in self.mints]
        fee_0, fee_1 = (transfer_fee(mint, snapshot.clock.epoch, _MINT_EXTENSIONS) for mint in mints)
        newer = sum(mint.owner == TOKEN_2022_PROGRAM for mint in mints)
        fees = (fee_0, fee_1) if falling else (fee_1, fee_0)
        return _Side(self._state(snapshot), *fees, newer)
