"""What one bin does in a swap: at its fixed price, until it has nothing more of the output token.

Formulas: dlmm-sdk ts-client dlmm/helpers/quote (0.12). A bin gives first what liquidity providers
have in it, then the rest of partly filled limit orders, then open limit orders. Amounts are base
units; ``sells_x`` is the direction x → y.
"""

from __future__ import annotations

from typing import NamedTuple

from dex.venues.integer_math import ceil_div
from dex.venues.meteora_dlmm.fees import (
    FEE_DENOMINATOR,
    References,
    accumulator_at,
    fee_upon,
    fee_within,
    rate_of,
)
from dex.venues.meteora_dlmm.layout import Bin, PairState
from dex.venues.meteora_dlmm.prices import ONE, price_of


class Fill(NamedTuple):
    """What moved in one bin. ``net_in`` and ``gross_out`` are what the bin itself took and gave."""

    amount_in: int
    net_in: int
    gross_out: int
    amount_out: int

    @property
    def fee(self) -> int:
        """The fee, which is taken on one side only, in units of that side."""
        return self.amount_in - self.net_in + self.gross_out - self.amount_out


class Step(NamedTuple):
    """A bin with output on a swap's path: how it charges, its layers of output, and all it can do."""

    bin_id: int
    sells_x: bool
    fee_on_input: bool
    price: int
    rate: int
    accumulator: int
    layers: tuple[int, ...]
    whole: Fill

    @property
    def has_orders(self) -> bool:
        """Whether limit orders give part of the output."""
        return any(self.layers[1:])

    @property
    def passed_from(self) -> int:
        """The least input, before fees, that leaves something for the next bin."""
        if not self.fee_on_input:
            return self.whole.net_in + 1
        return ceil_div((self.whole.net_in + 1) * FEE_DENOMINATOR, FEE_DENOMINATOR - self.rate)

    @property
    def emptied_from(self) -> int:
        """The least output, after fees, for which the program takes all that the bin has."""
        if self.fee_on_input:
            return self.whole.gross_out
        return (self.whole.gross_out - 1) * (FEE_DENOMINATOR - self.rate) // FEE_DENOMINATOR + 1


def _input_for(output: int, price: int, sells_x: bool) -> int:
    return ceil_div(output << 64, price) if sells_x else ceil_div(output * price, ONE)


def _output_for(amount: int, price: int, sells_x: bool) -> int:
    return price * amount >> 64 if sells_x else (amount << 64) // price


def _layers(state: PairState, found: Bin, sells_x: bool) -> tuple[int, ...]:
    provided = found.amount_y if sells_x else found.amount_x
    if not state.has_limit_orders or sells_x == bool(found.limit_order_ask_side):
        return (provided,)
    return (provided, found.processed_order_remaining, found.open_order_amount)


def step_of(state: PairState, references: References, sells_x: bool, bin_id: int, found: Bin) -> Step | None:
    """The bin as a step of a walk, None where it has no output; raises UnsupportedPool."""
    layers = _layers(state, found, sells_x)
    gross_out = sum(layers)
    if gross_out == 0:
        return None
    price = int.from_bytes(found.price, "little") or price_of(bin_id, state.bin_step)
    accumulator = accumulator_at(state, references, bin_id)
    rate = rate_of(state, accumulator)
    net_in = sum(_input_for(layer, price, sells_x) for layer in layers)
    if state.takes_fee_from_input(sells_x):
        whole = Fill(net_in + fee_upon(net_in, rate), net_in, gross_out, gross_out)
    else:
        whole = Fill(net_in, net_in, gross_out, gross_out - fee_within(gross_out, rate))
    fee_on_input = state.takes_fee_from_input(sells_x)
    return Step(bin_id, sells_x, fee_on_input, price, rate, accumulator, layers, whole)


def sell_into(step: Step, amount: int) -> Fill:
    """What ``amount``, which must be less than ``step.passed_from``, buys in the bin."""
    net_in = amount - fee_within(amount, step.rate) if step.fee_on_input else amount
    rest, gross_out = net_in, 0
    for layer in step.layers:
        needed = _input_for(layer, step.price, step.sells_x)
        if rest < needed:
            gross_out += _output_for(rest, step.price, step.sells_x)
            break
        rest -= needed
        gross_out += layer
    amount_out = gross_out if step.fee_on_input else gross_out - fee_within(gross_out, step.rate)
    return Fill(amount, net_in, gross_out, amount_out)


def buy_from(step: Step, amount: int) -> Fill:
    """What ``amount``, which must be less than ``step.emptied_from``, costs in the bin."""
    if step.fee_on_input:
        net_in = _input_for(amount, step.price, step.sells_x)
        return Fill(net_in + fee_upon(net_in, step.rate), net_in, amount, amount)
    gross_out = ceil_div(amount * FEE_DENOMINATOR, FEE_DENOMINATOR - step.rate)
    net_in = _input_for(gross_out, step.price, step.sells_x)
    return Fill(net_in, net_in, gross_out, amount)
