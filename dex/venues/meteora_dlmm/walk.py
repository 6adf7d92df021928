"""A swap's path through a pair: from the active bin on, every bin that has output, array by array."""

from __future__ import annotations

from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.errors import AccountMissing, AmountTooLarge, DexError, InsufficientLiquidity, UnsupportedPool
from dex.types import AccountData, Snapshot
from dex.venues.integer_math import U64_MAX
from dex.venues.meteora_dlmm import layout
from dex.venues.meteora_dlmm.addresses import PROGRAM, PairAddresses
from dex.venues.meteora_dlmm.bins import Step, step_of
from dex.venues.meteora_dlmm.bitmap import arrays_from
from dex.venues.meteora_dlmm.fees import references_at

# Each costs 33 bytes of a transaction, of which a swap leaves little, and a full one of 70 bins up to
# half a million compute units: five reach as far as 1.4 million units do, over gaps too.
MAX_BIN_ARRAYS: Final = 5

# Stands for an account that a snapshot does not know, other than None for one that does not exist.
_UNREAD: Final = AccountData(Pubkey.default(), 0, b"unread")


class Place(NamedTuple):
    """Where a step of a walk is: in which of its arrays, and after how many bins without output."""

    array: int
    skipped: int


class Walk:
    """The steps of one direction, from one state of the pair and one clock, read as far as asked."""

    def __init__(self, addresses: PairAddresses, snapshot: Snapshot, sells_x: bool) -> None:
        """Reads pair and extension; raises WrongOwner, UnknownLayout or AccountMissing."""
        pair = snapshot.account(addresses.pair)
        self.state = layout.parse_state(layout.PAIR.check(pair, PROGRAM))
        self.references = references_at(self.state, snapshot.clock.unix_timestamp)
        self.sells_x = sells_x
        self._addresses = addresses
        self._read: list[tuple[Pubkey, AccountData | None]] = [(addresses.pair, pair)]
        found = self._find_arrays(snapshot)
        self.arrays = found[:MAX_BIN_ARRAYS]
        self.has_more = len(found) > MAX_BIN_ARRAYS
        self._entered = -1
        self._data = b""
        self._positions: list[int] = []
        self._skipped = 0
        self._end: tuple[type[DexError], str] | None = None

    def serves(self, snapshot: Snapshot) -> bool:
        """Whether a walk over ``snapshot`` would be this one, as far as it has come."""
        for address, account in self._read:
            if snapshot.accounts.get(address, _UNREAD) != account:
                return False
        return references_at(self.state, snapshot.clock.unix_timestamp) == self.references

    def next_step(self, snapshot: Snapshot) -> tuple[Step, Place] | None:
        """The next bin with output; None where the walk has ended, which ``why_ended`` explains.

        Raises AccountMissing for an array that was not read, and WrongOwner or UnknownLayout for one
        that is none.
        """
        while self._end is None:
            while self._positions:
                step = self._next_bin()
                if step is not None:
                    return step, Place(self._entered, self._skipped)
            self._enter_array(snapshot)
        return None

    def why_ended(self) -> DexError:
        """The error of an amount that the walk does not reach."""
        kind, reason = self._end or (InsufficientLiquidity, "the walk has not ended")
        return kind(reason)

    def _find_arrays(self, snapshot: Snapshot) -> list[int]:
        """One array more than a swap can carry, where there is one."""
        address = self._addresses.extension
        account = snapshot.accounts.get(address, _UNREAD)
        self._read.append((address, account))
        bitmaps = None
        if account is not None and account is not _UNREAD:
            bitmaps = layout.parse_extension(layout.EXTENSION.check(account, PROGRAM))
        start = self.state.active_id // layout.BINS_IN_ARRAY
        return arrays_from(start, self.sells_x, self.state.bitmap, bitmaps, MAX_BIN_ARRAYS + 1)

    def _enter_array(self, snapshot: Snapshot) -> None:
        following = self._entered + 1
        if following == len(self.arrays):
            self._end = (InsufficientLiquidity, self._why_no_array_follows())
            return
        index = self.arrays[following]
        address = self._addresses.bin_array(index)
        if address not in snapshot.accounts:
            raise AccountMissing(address)
        account = snapshot.accounts[address]
        self._read.append((address, account))
        if account is None:
            self._end = (InsufficientLiquidity, f"bin array {index} is needed and does not exist")
            return
        self._data = layout.BIN_ARRAY.check(account, PROGRAM)
        self._entered = following
        self._positions = self._positions_in(index)

    def _why_no_array_follows(self) -> str:
        if self.has_more:
            return f"more than the {MAX_BIN_ARRAYS} bin arrays that one swap can carry would be needed"
        return "no further bin has liquidity in this direction"

    def _positions_in(self, index: int) -> list[int]:
        """The positions to walk in an array, the first one at the end."""
        active = self.state.active_id - index * layout.BINS_IN_ARRAY
        if self.sells_x:
            return list(range(min(active, layout.BINS_IN_ARRAY - 1) + 1))
        return list(range(layout.BINS_IN_ARRAY - 1, max(active, 0) - 1, -1))

    def _next_bin(self) -> Step | None:
        position = self._positions.pop()
        bin_id = self.arrays[self._entered] * layout.BINS_IN_ARRAY + position
        found = layout.parse_bin(self._data, position)
        try:
            step = step_of(self.state, self.references, self.sells_x, bin_id, found)
        except UnsupportedPool as refusal:
            self._stop(UnsupportedPool, str(refusal))
            return None
        if step is None:
            self._skipped += 1
        elif step.has_orders and not layout.knows_orders(self._data):
            self._stop(UnsupportedPool, f"bin {bin_id} is of a layout from before limit orders")
        elif step.whole.amount_in > U64_MAX:
            self._stop(AmountTooLarge, f"bin {bin_id} takes more than a token amount can hold")
        else:
            return step
        return None

    def _stop(self, kind: type[DexError], reason: str) -> None:
        """The walk ends before the bin that it has come to."""
        self._end = (kind, reason)
        self._positions.clear()
