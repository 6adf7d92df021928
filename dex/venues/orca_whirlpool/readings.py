"""What a pool's accounts say, parsed once for each content: routing asks one snapshot many times."""

from __future__ import annotations

from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.config import TOKEN_PROGRAM
from dex.errors import AccountMissing, PoolDisabled
from dex.types import AccountData, Snapshot
from dex.venues.orca_whirlpool import adaptive_fee, layout, tick_arrays
from dex.venues.orca_whirlpool.walk import Course, ticks_ahead
from dex.venues.token_mint import (
    INTEREST_BEARING_CONFIG,
    METADATA_POINTER,
    SCALED_UI_AMOUNT,
    TOKEN_METADATA,
    TRANSFER_FEE_CONFIG,
    TRANSFER_HOOK,
    TransferFee,
    transfer_fee,
)

# Pools of mints with these extensions can be made without a badge (whirlpools util/v2/token.rs). Their
# confidential side does not touch a swap, nor does a hook that has neither program nor authority.
_CONFIDENTIAL_TRANSFER_MINT: Final = 4
_CONFIDENTIAL_TRANSFER_FEE: Final = 16
_MINT_EXTENSIONS: Final = frozenset(
    (
        TRANSFER_FEE_CONFIG,
        _CONFIDENTIAL_TRANSFER_MINT,
        INTEREST_BEARING_CONFIG,
        TRANSFER_HOOK,
        _CONFIDENTIAL_TRANSFER_FEE,
        METADATA_POINTER,
        TOKEN_METADATA,
        SCALED_UI_AMOUNT,
    )
)
# Both directions from one price read five; a price that wanders leaves others behind.
_REMEMBERED_ARRAYS: Final = 16


class Prepared(NamedTuple):
    """A swap's course, the transfer fees of input and output mint, and how many are of Token-2022."""

    course: Course
    fee_in: TransferFee
    fee_out: TransferFee
    token_2022_mints: int


class _Read(NamedTuple):
    """Start and content of the arrays that a snapshot has in a row, and the first that it lacks."""

    arrays: tuple[tuple[int, AccountData | None], ...]
    unread: Pubkey | None


class _Known(NamedTuple):
    """What was prepared last in a direction, and of which contents."""

    contents: tuple[object, ...]
    prepared: Prepared


class Readings:
    """The accounts of one pool, as snapshots hold them."""

    def __init__(self, program_id: Pubkey, pool: Pubkey, keys: layout.PoolKeys) -> None:
        self._program_id = program_id
        self._pool = pool
        self._keys = keys
        self._oracle = adaptive_fee.address_of(program_id, pool) if keys.adaptive else None
        self._array_addresses: dict[int, Pubkey] = {}
        self._ticks: dict[int, tuple[AccountData, tuple[tick_arrays.Tick, ...]]] = {}
        self._state: tuple[AccountData, layout.PoolState] | None = None
        self._sequences: dict[bool, tuple[layout.PoolState, list[tuple[int, Pubkey]]]] = {}
        self._known: dict[bool, _Known] = {}

    @property
    def oracle(self) -> Pubkey | None:
        """The oracle's address in a pool whose fee follows one."""
        return self._oracle

    def arrays(self, snapshot: Snapshot, a_to_b: bool) -> list[Pubkey]:
        """The tick arrays that a swap may walk through, whether or not they exist and are read."""
        return [address for _, address in self._sequence(self.state(snapshot), a_to_b)]

    def state(self, snapshot: Snapshot) -> layout.PoolState:
        """Raises AccountMissing, WrongOwner or UnknownLayout."""
        account = snapshot.account(self._pool)
        known = self._state
        if known is None or (known[0] is not account and known[0] != account):
            state = layout.parse_state(layout.POOL.check(account, self._program_id))
            known = self._state = (account, state)
        return known[1]

    def prepare(self, snapshot: Snapshot, a_to_b: bool) -> Prepared:
        """All that a swap in one direction depends on; raises PoolRefused, NoQuote or AccountMissing.

        The first tick array that the snapshot has not read ends the course; one that it holds as None has no
        ticks.
        """
        state = self.state(snapshot)
        read = self._read_arrays(snapshot, state, a_to_b)
        mints = [snapshot.account(mint) for mint in self._keys.mints]
        oracle = None if self._oracle is None else snapshot.accounts.get(self._oracle)
        clock = snapshot.clock
        contents = (clock.unix_timestamp, clock.epoch, state, oracle, *mints, *read.arrays)
        known = self._known.get(a_to_b)
        if known is None or known.contents != contents:
            fee_a, fee_b = (transfer_fee(mint, clock.epoch, _MINT_EXTENSIONS) for mint in mints)
            course = self._course(state, oracle, clock.unix_timestamp, read, a_to_b)
            newer = sum(mint.owner != TOKEN_PROGRAM for mint in mints)
            fees = (fee_a, fee_b) if a_to_b else (fee_b, fee_a)
            prepared = Prepared(course, *fees, newer)
            known = self._known[a_to_b] = _Known(contents, prepared)
        return known.prepared

    def _sequence(self, state: layout.PoolState, a_to_b: bool) -> list[tuple[int, Pubkey]]:
        """First tick and address of each array of a swap."""
        known = self._sequences.get(a_to_b)
        if known is None or known[0] is not state:
            starts = tick_arrays.starts_of_swap(state.tick, self._keys.tick_spacing, a_to_b)
            known = self._sequences[a_to_b] = state, [(start, self._array(start)) for start in starts]
        return known[1]

    def _array(self, start: int) -> Pubkey:
        address = self._array_addresses.get(start)
        if address is None:
            address = tick_arrays.address_of(self._program_id, self._pool, start)
            self._array_addresses[start] = address
        return address

    def _read_arrays(self, snapshot: Snapshot, state: layout.PoolState, a_to_b: bool) -> _Read:
        read: list[tuple[int, AccountData | None]] = []
        for start, address in self._sequence(state, a_to_b):
            if address not in snapshot.accounts:
                if not read:
                    raise AccountMissing(address)
                return _Read(tuple(read), address)
            read.append((start, snapshot.accounts[address]))
        return _Read(tuple(read), None)

    def _course(
        self,
        state: layout.PoolState,
        oracle: AccountData | None,
        now: int,
        read: _Read,
        a_to_b: bool,
    ) -> Course:
        parsed = None
        if self._oracle is not None:
            if oracle is None:
                raise AccountMissing(self._oracle)
            parsed = adaptive_fee.parse(oracle, self._program_id)
            if now < parsed.trade_enabled_at:
                raise PoolDisabled("the pool has not opened yet")
        if now < state.rewards_updated_at:
            raise PoolDisabled("the cluster's clock is before the pool's last update")
        arrays = [self._ticks_of(start, account) for start, account in read.arrays]
        ticks = tuple(ticks_ahead(arrays, state.tick, a_to_b))
        edge = tick_arrays.edge_of(read.arrays[-1][0], self._keys.tick_spacing, a_to_b)
        return Course(a_to_b, state, parsed, now, ticks, edge, read.unread)

    def _ticks_of(self, start: int, account: AccountData | None) -> tuple[tick_arrays.Tick, ...]:
        if account is None:
            return ()
        known = self._ticks.get(start)
        if known is None or (known[0] is not account and known[0] != account):
            ticks = tick_arrays.parse_ticks(
                account, self._program_id, self._pool, start, self._keys.tick_spacing
            )
            known = self._ticks[start] = (account, ticks)
            if len(self._ticks) > _REMEMBERED_ARRAYS:
                del self._ticks[next(iter(self._ticks))]
        return known[1]
