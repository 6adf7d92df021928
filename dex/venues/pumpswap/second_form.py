"""PumpSwap's swap instructions of the second form: seventeen accounts, whatever the coin.

Discriminators, accounts and arguments: the program's documents of October 2026; no instruction was at hand to
compare with, but each address stands in instructions of the first form too. They leave the fees of protocol
and creator in the pool, and take no coins with cashback.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import SYSTEM_PROGRAM
from dex.errors import UnknownInstruction
from dex.types import Swap, SwapMode
from dex.venues.pumpswap.addresses import (
    EVENT_AUTHORITY,
    FEE_CONFIG,
    GLOBAL_CONFIG,
    PROGRAM,
    user_volume,
)
from dex.venues.pumpswap.swap_keys import (
    Decoded,
    SwapKeys,
    own_accounts,
    readable,
    require_executable,
    swap_of,
    writable,
)
from dex.venues.swap_decoding import account_keys, require_same, require_token_programs
from dex.venues.swap_request import limits

BUY: Final = bytes.fromhex("b817ee6167c5d33d")
BUY_EXACT_QUOTE_IN: Final = bytes.fromhex("c2ab1c46684d5b2f")
SELL: Final = bytes.fromhex("5df6823ce7e940b2")
_ARGUMENTS: Final = Struct("<8sQQ")
_ACCOUNTS: Final = 17
_BUYBACK_ACCOUNT: Final = 14


def encode(keys: SwapKeys, swap: Swap, *, sells_base: bool) -> Instruction:
    """The instruction of a swap; raises UnsupportedPool, AmountTooSmall or AmountTooLarge."""
    return _encode(keys, swap, keys.quote_account(keys.buyback_recipient), sells_base=sells_base)


def decode(instruction: Instruction) -> Decoded:
    """What ``encode`` put into an instruction; raises UnknownInstruction for any other.

    The account that takes the part for buying back is a recipient's own, whom the instruction does not name.
    """
    keys = account_keys(instruction, PROGRAM, _ACCOUNTS)
    data = bytes(instruction.data)
    if len(data) != _ARGUMENTS.size or data[:8] not in (BUY, BUY_EXACT_QUOTE_IN, SELL):
        raise UnknownInstruction(f"{len(data)} bytes are no PumpSwap swap")
    kind, first, second = _ARGUMENTS.unpack(data)
    require_token_programs(keys[9], keys[10])
    named = _named(keys)
    sells_base, mode = kind == SELL, SwapMode.EXACT_OUT if kind == BUY else SwapMode.EXACT_IN
    amounts = (second, first) if kind == BUY else (first, second)
    swap = swap_of(named, keys[1], (keys[5], keys[6]), amounts, mode, sells_base=sells_base)
    require_same(instruction, lambda: _encode(named, swap, keys[_BUYBACK_ACCOUNT], sells_base=sells_base))
    return Decoded(named, swap, sells_base)


def _named(keys: list[Pubkey]) -> SwapKeys:
    nobody = Pubkey.default()
    return SwapKeys(
        pool=keys[0],
        mints=(keys[3], keys[4]),
        vaults=(keys[7], keys[8]),
        token_programs=(keys[9], keys[10]),
        recipient=nobody,
        buyback_recipient=nobody,
        creator_authority=nobody,
        is_cashback=False,
        has_creator=False,
    )


def _encode(keys: SwapKeys, swap: Swap, buyback_account: Pubkey, *, sells_base: bool) -> Instruction:
    accounts = [
        writable(keys.pool),
        AccountMeta(swap.payer, True, True),
        readable(GLOBAL_CONFIG),
        *map(readable, keys.mints),
        *map(writable, own_accounts(swap, sells_base=sells_base)),
        *map(writable, keys.vaults),
        *map(readable, keys.token_programs),
        readable(SYSTEM_PROGRAM),
        writable(user_volume(swap.payer)),
        readable(FEE_CONFIG),
        writable(buyback_account),
        readable(EVENT_AUTHORITY),
        readable(PROGRAM),
    ]
    return Instruction(PROGRAM, _data(swap, sells_base=sells_base), accounts)


def _data(swap: Swap, *, sells_base: bool) -> bytes:
    require_executable(swap.mode, sells_base=sells_base)
    amount_in, amount_out = limits(swap)
    if swap.mode is SwapMode.EXACT_OUT:
        return _ARGUMENTS.pack(BUY, amount_out, amount_in)
    return _ARGUMENTS.pack(SELL if sells_base else BUY_EXACT_QUOTE_IN, amount_in, amount_out)
