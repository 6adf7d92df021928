"""Which of PumpSwap's swap instructions a pool gets: the second form, but for coins with cashback."""

from __future__ import annotations

from solders.instruction import Instruction

from dex.types import DecodedSwap, Swap
from dex.venues.pumpswap import first_form, second_form
from dex.venues.pumpswap.swap_keys import SwapKeys
from dex.venues.swap_decoding import decoded

_FIRST_FORM = (first_form.BUY, first_form.BUY_EXACT_QUOTE_IN, first_form.SELL)


def swap_instruction(keys: SwapKeys, swap: Swap, *, sells_base: bool) -> Instruction:
    """The instruction of a swap; raises UnsupportedPool, AmountTooSmall or AmountTooLarge."""
    if keys.is_cashback:
        return first_form.encode(keys, swap, sells_base=sells_base)
    return second_form.encode(keys, swap, sells_base=sells_base)


def decode_swap(instruction: Instruction, venue: str) -> DecodedSwap:
    """What ``swap_instruction`` put into an instruction; raises UnknownInstruction for any other."""
    if bytes(instruction.data[:8]) in _FIRST_FORM:
        found = first_form.decode(instruction, is_cashback=True)
    else:
        found = second_form.decode(instruction)
    return decoded(venue, found.keys.pool, found.swap, found.keys.vaults, sells_first=found.sells_base)
