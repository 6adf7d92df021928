"""A swap from tick to tick (whirlpools manager/swap_manager.rs), in one direction over fixed accounts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.errors import AccountMissing, AmountTooLarge, AmountTooSmall, InsufficientLiquidity
from dex.venues.integer_math import U64_MAX
from dex.venues.orca_whirlpool.adaptive_fee import GroupFees, Oracle, Variables
from dex.venues.orca_whirlpool.curve import step
from dex.venues.orca_whirlpool.layout import PoolState
from dex.venues.orca_whirlpool.tick_arrays import Tick
from dex.venues.orca_whirlpool.tick_price import MAX_SQRT_PRICE, MIN_SQRT_PRICE, sqrt_price_at, tick_at

_PROTOCOL_DENOMINATOR: Final = 10_000
# A step takes some 9,000 compute units and a transaction may have 1,400,000.
_MAX_STEPS: Final = 150


@dataclass(frozen=True, slots=True)
class Course:
    """All that a swap in one direction can meet: pool, oracle, time, and ticks in the order of the walk.

    Behind the ticks lies ``edge``, the last tick of the last array that is known: a swap may end there, but
    not go on. ``unread`` is the array behind it where the snapshot lacks one that a swap can be given.
    """

    a_to_b: bool
    state: PoolState
    oracle: Oracle | None
    now: int
    ticks: Sequence[Tick]
    edge: int
    unread: Pubkey | None


class Walked(NamedTuple):
    """What a swap does: amounts between the vaults, ``amount_in`` with the fee, and where it leaves the pool.

    ``tick`` is None where only ``sqrt_price`` tells it. ``fee_growth`` is what each unit of liquidity earned,
    Q64. ``steps`` and ``crossed`` say how much work the program has: steps with a fee of their own,
    initialized ticks.
    """

    amount_in: int
    amount_out: int
    fee: int
    protocol_fee: int
    fee_growth: int
    sqrt_price: int
    liquidity: int
    tick: int | None
    volatility: Variables | None
    steps: int
    crossed: int


def state_after(course: Course, walked: Walked) -> PoolState:
    """The pool's state once the swap has executed; what has outgrown its field is not yet wrapped."""
    state, side = course.state, 0 if course.a_to_b else 1
    owed, growth = list(state.protocol_owed), list(state.fee_growth)
    owed[side] += walked.protocol_fee
    growth[side] += walked.fee_growth
    return state._replace(
        liquidity=walked.liquidity,
        sqrt_price=walked.sqrt_price,
        tick=tick_at(walked.sqrt_price) if walked.tick is None else walked.tick,
        protocol_owed=(owed[0], owed[1]),
        fee_growth=(growth[0], growth[1]),
        rewards_updated_at=course.now,
    )


def ticks_ahead(arrays: Iterable[Sequence[Tick]], tick: int, a_to_b: bool) -> list[Tick]:
    """The ticks that lie before a pool at ``tick``, nearest first; downwards its own tick is among them."""
    ahead: list[Tick] = []
    for ticks in arrays:
        here = bisect_right(ticks, tick, key=attrgetter("tick"))
        ahead += reversed(ticks[:here]) if a_to_b else ticks[here:]
    return ahead


class Walk:
    """One swap under way; used once."""

    def __init__(self, course: Course, amount: int, *, exact_in: bool, limit: int | None = None) -> None:
        """``amount`` is the input or the output between the vaults, ``limit`` a price to stop at.

        Raises InsufficientLiquidity for a limit behind the price, AmountTooSmall for nothing to trade,
        PoolDisabled as ``GroupFees`` does.
        """
        state = course.state
        self._course = course
        self._exact_in = exact_in
        self._amount = amount
        self._has_limit = limit is not None
        self._limit = (MIN_SQRT_PRICE if course.a_to_b else MAX_SQRT_PRICE) if limit is None else limit
        self._check_limit()
        self._left = amount
        self._moved = self._fee = self._protocol_fee = self._growth = self._steps = self._crossed = 0
        self._sqrt_price = state.sqrt_price
        self._liquidity = state.liquidity
        self._tick: int | None = state.tick
        self._fees: GroupFees | None = None
        if course.oracle is not None:
            self._fees = GroupFees(course.oracle, state.fee_rate, state.tick, course.now, course.a_to_b)

    def run(self) -> Walked:
        """Walk until the amount is used up, or to the limit or the end of the price range.

        Raises AccountMissing where a tick array was not read, else NoQuote: InsufficientLiquidity where the
        arrays that one swap can be given do not reach, and for an output that the range does not hold;
        AmountTooLarge where a number leaves the program's range.
        """
        for tick, liquidity_net in self._course.ticks:
            if not self._left or self._sqrt_price == self._limit:
                break
            self._walk_to(tick, liquidity_net)
        else:
            self._walk_to_edge()
        if self._left and not self._exact_in and not self._has_limit:
            raise InsufficientLiquidity("the pool does not hold that much")
        return self._result()

    def _check_limit(self) -> None:
        a_to_b, now = self._course.a_to_b, self._course.state.sqrt_price
        if not MIN_SQRT_PRICE <= self._limit <= MAX_SQRT_PRICE:
            raise InsufficientLiquidity("the price limit lies outside of the program's range")
        if self._limit >= now if a_to_b else self._limit <= now:
            raise InsufficientLiquidity("the price is already at its limit in this direction")
        if self._amount == 0:
            raise AmountTooSmall("the transfer fee takes the whole amount")

    def _walk_to_edge(self) -> None:
        if self._left and self._sqrt_price != self._limit:
            self._walk_to(self._course.edge, None)
        if self._left and self._sqrt_price != self._limit:
            if self._course.unread is not None:
                raise AccountMissing(self._course.unread)
            raise InsufficientLiquidity("the swap leads beyond the tick arrays that one transaction can pass")

    def _walk_to(self, tick: int, liquidity_net: int | None) -> None:
        a_to_b = self._course.a_to_b
        tick_price = sqrt_price_at(tick)
        target = (max if a_to_b else min)(tick_price, self._limit)
        if self._fees is None:
            self._take(self._course.state.fee_rate, target)
        else:
            self._take_groups(self._fees, target)
        if self._sqrt_price == tick_price:
            self._cross(tick, liquidity_net)

    def _take_groups(self, fees: GroupFees, target: int) -> None:
        while True:
            rate = fees.begin_step()
            bounded, skipped = fees.bound(target, self._liquidity)
            self._take(rate, bounded)
            fees.end_step(self._sqrt_price, skipped)
            if not self._left or self._sqrt_price == target:
                return

    def _take(self, rate: int, target: int) -> None:
        before = self._sqrt_price
        self._sqrt_price, amount_in, amount_out, fee = step(
            self._left,
            rate,
            self._liquidity,
            before,
            target,
            exact_in=self._exact_in,
            a_to_b=self._course.a_to_b,
        )
        if self._exact_in:
            self._left -= amount_in + fee
            self._moved += amount_out
        else:
            self._left -= amount_out
            self._moved += amount_in + fee
        if self._sqrt_price != before:
            self._tick = None
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise InsufficientLiquidity("the swap takes more steps than one transaction can compute")
        self._fee += fee
        protocol_fee = fee * self._course.state.protocol_fee_rate // _PROTOCOL_DENOMINATOR
        self._protocol_fee += protocol_fee
        if self._liquidity:
            self._growth += ((fee - protocol_fee) << 64) // self._liquidity

    def _cross(self, tick: int, liquidity_net: int | None) -> None:
        if liquidity_net is not None:
            self._crossed += 1
            self._liquidity += -liquidity_net if self._course.a_to_b else liquidity_net
            if self._liquidity < 0:
                raise InsufficientLiquidity("a tick takes away more liquidity than there is")
        self._tick = tick - 1 if self._course.a_to_b else tick

    def _result(self) -> Walked:
        used = self._amount - self._left
        amounts = (used, self._moved) if self._exact_in else (self._moved, used)
        if max(amounts) > U64_MAX:
            raise AmountTooLarge("the swap moves more than a token amount can hold")
        course, volatility = self._course, None
        if self._fees is not None:
            volatility = self._fees.left_behind(course.state.sqrt_price, self._sqrt_price, course.now)
        return Walked(
            *amounts,
            fee=self._fee,
            protocol_fee=self._protocol_fee,
            fee_growth=self._growth,
            sqrt_price=self._sqrt_price,
            liquidity=self._liquidity,
            tick=self._tick,
            volatility=volatility,
            steps=self._steps,
            crossed=self._crossed,
        )
