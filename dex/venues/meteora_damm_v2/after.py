"""The bytes of a DAMM v2 pool after a swap (damm-v2 state/pool.rs apply_swap_result, state/fee.rs)."""

from __future__ import annotations

from math import isqrt
from typing import Final, NamedTuple

from dex.errors import UnsupportedPool
from dex.venues.account_layout import patched
from dex.venues.meteora_damm_v2.layout import COMPOUNDING, PoolState, parse_state

_PERCENT: Final = 100
_BPS: Final = 10_000
_ONE_Q64: Final = 1 << 64
_VOLATILITY_SCALE: Final = 10_000
_U64, _U128, _U256 = 8, 16, 32

_PROTOCOL_FEE_PERCENT: Final = 48
_COMPOUNDING_FEE_BPS: Final = 54
_DYNAMIC_FEE: Final = 56
_MAX_VOLATILITY: Final = 64
_FILTER_PERIOD: Final = 74
_DECAY_PERIOD: Final = 76
_REDUCTION_FACTOR: Final = 78
_LAST_UPDATE: Final = 80
_BIN_STEP_Q64: Final = 88
_PRICE_REFERENCE: Final = 104
_VOLATILITY: Final = 120
_VOLATILITY_REFERENCE: Final = 136
_LIQUIDITY: Final = 360
_SQRT_PRICE: Final = 456
_LAYOUT_VERSION: Final = 696

# Where the fields of token a stand, and how far behind them those of token b.
_PROTOCOL_FEE: Final = 392
_FEE_PER_LIQUIDITY: Final = 488
_TOTAL_LP_FEE: Final = 568
_TOTAL_PROTOCOL_FEE: Final = 600
_RESERVE: Final = 680


class Outcome(NamedTuple):
    """A swap between the vaults in base units; ``traded`` amounts are those of the curve itself.

    ``sqrt_price`` is the price that it leaves, None in a compounding pool.
    """

    amount_in: int
    amount_out: int
    traded_in: int
    traded_out: int
    sqrt_price: int | None

    @property
    def fee(self) -> int:
        """The fee, which the program takes on one side only, in units of that side."""
        return self.amount_in - self.traded_in + self.traded_out - self.amount_out


class _Fields:
    """Fields of a pool account, read and collected as changes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def get(self, offset: int, size: int) -> int:
        return int.from_bytes(self._data[offset : offset + size], "little")

    def put(self, offset: int, size: int, value: int) -> None:
        self._data = patched(self._data, {offset: value.to_bytes(size, "little")})

    def add(self, offset: int, size: int, value: int) -> None:
        # The program's counters wrap around.
        self.put(offset, size, (self.get(offset, size) + value) % (1 << 8 * size))

    @property
    def data(self) -> bytes:
        return self._data


def pool_after(data: bytes, outcome: Outcome, sells_a: bool, unix_timestamp: int) -> bytes:
    """A checked pool account's data after ``outcome``, executed without a referral account."""
    state, fields = parse_state(data), _Fields(data)
    if state.dynamic_fee.initialized:
        _move_references(fields, state.sqrt_price, unix_timestamp)
    fee_in_b = state.takes_fee_from_input(sells_a) or sells_a
    compounded = _share_out(fields, state, outcome.fee, fee_in_b)
    if fields.get(_LAYOUT_VERSION, 1):
        _move_reserves(fields, outcome, sells_a, fee_in_b, compounded)
    price = outcome.sqrt_price
    if price is None:
        reserve_a, reserve_b = fields.get(_RESERVE, _U64), fields.get(_RESERVE + _U64, _U64)
        price = isqrt((reserve_b << 128) // reserve_a)
    fields.put(_SQRT_PRICE, _U128, price)
    if state.dynamic_fee.initialized:
        _raise_volatility(fields, state.sqrt_price, price, unix_timestamp)
    return fields.data


def _share_out(fields: _Fields, state: PoolState, fee: int, fee_in_b: bool) -> int:
    """Adds the fee to the counters of its token; returns what a compounding pool keeps as reserve."""
    protocol = fee * fields.get(_PROTOCOL_FEE_PERCENT, 1) // _PERCENT
    trading = fee - protocol
    compounded = 0
    if state.collect_fee_mode == COMPOUNDING:
        compounded = trading * fields.get(_COMPOUNDING_FEE_BPS, 2) // _BPS
    token = 1 if fee_in_b else 0
    per_liquidity = (trading - compounded << 128) // fields.get(_LIQUIDITY, _U128)
    fields.add(_PROTOCOL_FEE + token * _U64, _U64, protocol)
    fields.add(_FEE_PER_LIQUIDITY + token * _U256, _U256, per_liquidity)
    fields.add(_TOTAL_LP_FEE + token * _U128, _U128, trading)
    fields.add(_TOTAL_PROTOCOL_FEE + token * _U64, _U64, protocol)
    return compounded


def _move_reserves(fields: _Fields, outcome: Outcome, sells_a: bool, fee_in_b: bool, compounded: int) -> None:
    source, target = (0, 1) if sells_a else (1, 0)
    fields.add(_RESERVE + source * _U64, _U64, outcome.traded_in)
    fields.add(_RESERVE + target * _U64, _U64, -outcome.traded_out)
    fields.add(_RESERVE + (_U64 if fee_in_b else 0), _U64, compounded)


def _move_references(fields: _Fields, sqrt_price: int, now: int) -> None:
    """What the dynamic fee compares with, taken anew after a quiet time (update_references)."""
    elapsed = now - fields.get(_LAST_UPDATE, _U64)
    if elapsed < fields.get(_FILTER_PERIOD, 2):
        return
    fields.put(_PRICE_REFERENCE, _U128, sqrt_price)
    decayed = 0
    if elapsed < fields.get(_DECAY_PERIOD, 2):
        decayed = fields.get(_VOLATILITY, _U128) * fields.get(_REDUCTION_FACTOR, 2) // _BPS
    fields.put(_VOLATILITY_REFERENCE, _U128, decayed)


def _raise_volatility(fields: _Fields, before: int, after: int, now: int) -> None:
    """The accumulator that the next swap's fee is charged by (update_volatility_accumulator)."""
    step = fields.get(_BIN_STEP_Q64, _U128)
    moved = _steps_between(fields.get(_PRICE_REFERENCE, _U128), after, step)
    volatility = fields.get(_VOLATILITY_REFERENCE, _U128) + moved * _VOLATILITY_SCALE
    fields.put(_VOLATILITY, _U128, min(fields.get(_MAX_VOLATILITY, 4), volatility))
    if _steps_between(before, after, step) > 0:
        fields.put(_LAST_UPDATE, _U64, now)


def _steps_between(first: int, second: int, step: int) -> int:
    """Bin steps of price, two for each of square-root price, between two Q64.64 square-root prices."""
    low, high = sorted((first, second))
    if low <= 0 or step <= 0:
        raise UnsupportedPool("the pool's dynamic fee makes no sense")
    return ((high << 64) // low - _ONE_Q64) // step * 2
