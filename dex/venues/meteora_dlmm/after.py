"""The bytes that a swap leaves in the pair and its bin arrays.

Both are checked byte for byte against the accounts that the program left. Not written: the oracle and the
token accounts, which no quote reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dex.errors import UnsupportedPool
from dex.types import Snapshot, SwapMode
from dex.venues.account_layout import with_data
from dex.venues.integer_math import BPS
from dex.venues.meteora_dlmm import layout
from dex.venues.meteora_dlmm.addresses import PairAddresses
from dex.venues.meteora_dlmm.bins import Fill, Step, sell_into
from dex.venues.meteora_dlmm.curve import Curve, Traded

_X, _Y = 0, 1


class _Booked(NamedTuple):
    """What a bin's swap changes: the fill as the bin books it, and the output beyond what was asked for."""

    step: Step
    fill: Fill
    surplus: int = 0


def _booked(curve: Curve, traded: Traded, mode: SwapMode) -> list[_Booked]:
    """What moved in each bin; raises UnsupportedPool where limit orders were filled.

    What filled orders leave behind is not recorded, so it is not guessed.
    """
    steps = curve.steps[: traded.bins]
    booked = [_Booked(step, step.whole) for step in steps[: traded.emptied]]
    if traded.last is not None:
        booked.append(_booked_last(steps[-1], traded.last, mode))
    if any(step.has_orders and fill.gross_out > step.layers[0] for step, fill, _ in booked):
        raise UnsupportedPool("the state that filled limit orders leave is not known")
    return booked


def _booked_last(step: Step, last: Fill, mode: SwapMode) -> _Booked:
    """The last bin's fill: the program books an exact output as the exact input that it costs.

    The bin gives what that input buys, the payer gets what was asked for. Where the fee is in the
    output token, what is more than one unit beyond it becomes protocol fee; else no account is credited.
    """
    if mode is SwapMode.EXACT_IN:
        return _Booked(step, last)
    fill = sell_into(step, last.amount_in)
    surplus = fill.amount_out - last.amount_out
    return _Booked(step, fill, 0 if step.fee_on_input or surplus <= 1 else surplus)


def _with_bin(data: bytearray, position: int, state: layout.PairState, sells_x: bool, fill: Fill) -> None:
    offset = layout.bin_offset(position)
    _with_provider_fee(
        data, offset, fill.fee - fill.fee * state.protocol_share // BPS, _fee_side(state, sells_x)
    )
    amount_x, amount_y = layout.AMOUNTS.unpack_from(data, offset)
    if sells_x:
        layout.AMOUNTS.pack_into(data, offset, amount_x + fill.net_in, amount_y - fill.gross_out)
    else:
        layout.AMOUNTS.pack_into(data, offset, amount_x - fill.gross_out, amount_y + fill.net_in)


def _fee_side(state: layout.PairState, sells_x: bool) -> int:
    return _X if sells_x and state.takes_fee_from_input(sells_x) else _Y


def _with_provider_fee(data: bytearray, offset: int, fee: int, side: int) -> None:
    """Add to the fees per share of liquidity, Q64.64."""
    shares = layout.SUPPLY.read(data, offset) >> 64
    if shares:
        counter = layout.FEES_PER_SHARE[side]
        counter.write(data, offset, counter.read(data, offset) + (fee << 64) // shares)


def _with_protocol_fee(data: bytearray, curve: Curve, booked: Sequence[_Booked]) -> None:
    state, sells_x = curve.walk.state, curve.walk.sells_x
    fees = list(layout.PROTOCOL_FEES.unpack_from(data, layout.PROTOCOL_FEES_OFFSET))
    # A surplus there is only where the fee is in the output token.
    side = _fee_side(state, sells_x)
    fees[side] += sum(fill.fee * state.protocol_share // BPS + surplus for _, fill, surplus in booked)
    layout.PROTOCOL_FEES.pack_into(data, layout.PROTOCOL_FEES_OFFSET, *fees)


def _pair(data: bytes, curve: Curve, booked: Sequence[_Booked], timestamp: int) -> bytes:
    changed, last = bytearray(data), booked[-1].step
    reference, volatility = curve.walk.references
    layout.VOLATILITY.pack_into(changed, layout.VOLATILITY_OFFSET, last.accumulator, volatility, reference)
    if last.bin_id != curve.walk.state.active_id:
        layout.ACTIVE_ID.pack_into(changed, layout.ACTIVE_ID_OFFSET, last.bin_id)
        layout.LAST_UPDATE.pack_into(changed, layout.LAST_UPDATE_OFFSET, timestamp)
    _with_protocol_fee(changed, curve, booked)
    return bytes(changed)


def snapshot_after(
    snapshot: Snapshot, addresses: PairAddresses, curve: Curve, traded: Traded, mode: SwapMode
) -> Snapshot:
    """The snapshot with the pair and the arrays that ``traded`` changed; raises UnsupportedPool."""
    booked = _booked(curve, traded, mode)
    arrays: dict[int, bytearray] = {}
    for step, fill, _ in booked:
        index, position = divmod(step.bin_id, layout.BINS_IN_ARRAY)
        if index not in arrays:
            arrays[index] = bytearray(snapshot.account(addresses.bin_array(index)).data)
        _with_bin(arrays[index], position, curve.walk.state, curve.walk.sells_x, fill)
    pair = _pair(snapshot.account(addresses.pair).data, curve, booked, snapshot.clock.unix_timestamp)
    changed = {addresses.bin_array(index): bytes(data) for index, data in arrays.items()}
    return with_data(snapshot, {addresses.pair: pair, **changed})
