"""PumpSwap's swap instructions of the first form: ``buy``, ``buy_exact_quote_in`` and ``sell``.

Accounts and arguments: pump_amm IDL and what its SDK makes. They pay the fees of protocol and creator out.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from solders.instruction import AccountMeta, Instruction

from dex.config import ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM
from dex.errors import UnknownInstruction
from dex.types import Swap, SwapMode
from dex.venues.pumpswap.addresses import (
    EVENT_AUTHORITY,
    FEE_CONFIG,
    FEE_PROGRAM,
    GLOBAL_CONFIG,
    GLOBAL_VOLUME,
    PROGRAM,
    pool_v2,
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

BUY: Final = bytes.fromhex("66063d1201daebea")
BUY_EXACT_QUOTE_IN: Final = bytes.fromhex("c62e1552b4d9e870")
SELL: Final = bytes.fromhex("33e685a4017f83ad")
_SALE: Final = Struct("<8sQQ")
_PURCHASE: Final = Struct("<8sQQB")
_TRACK_VOLUME: Final = 1
# With neither cashback nor a creator; a purchase of cashback coins names one account more, a sale two.
_FEWEST: Final = {BUY: 25, BUY_EXACT_QUOTE_IN: 25, SELL: 23}
_FOR_CASHBACK: Final = {BUY: 1, BUY_EXACT_QUOTE_IN: 1, SELL: 2}


def encode(keys: SwapKeys, swap: Swap, *, sells_base: bool) -> Instruction:
    """The instruction of a swap; raises UnsupportedPool, AmountTooSmall or AmountTooLarge."""
    data = _data(swap, sells_base=sells_base)
    volume = user_volume(swap.payer)
    accounts = _first_accounts(keys, swap, sells_base=sells_base)
    if not sells_base:
        accounts += [readable(GLOBAL_VOLUME), writable(volume)]
    accounts += [readable(FEE_CONFIG), readable(FEE_PROGRAM)]
    if keys.is_cashback:
        accounts.append(writable(keys.quote_account(volume)))
        accounts += [writable(volume)] if sells_base else []
    if keys.has_creator:
        accounts.append(readable(pool_v2(keys.mints[0])))
    buyback = keys.buyback_recipient
    accounts += [readable(buyback), writable(keys.quote_account(buyback))]
    return Instruction(PROGRAM, data, accounts)


def decode(instruction: Instruction, *, is_cashback: bool) -> Decoded:
    """What ``encode`` put into an instruction for such a coin; raises UnknownInstruction for any other."""
    kind, mode, amount_in, amount_out = _decode_arguments(bytes(instruction.data))
    fewest = _FEWEST[kind] + _FOR_CASHBACK[kind] * is_cashback
    keys = account_keys(instruction, PROGRAM, fewest, fewest + 1)
    require_token_programs(keys[11], keys[12])
    named = SwapKeys(
        pool=keys[0],
        mints=(keys[3], keys[4]),
        vaults=(keys[7], keys[8]),
        token_programs=(keys[11], keys[12]),
        recipient=keys[9],
        buyback_recipient=keys[-2],
        creator_authority=keys[18],
        is_cashback=is_cashback,
        has_creator=len(keys) > fewest,
    )
    sells_base = kind == SELL
    swap = swap_of(named, keys[1], (keys[5], keys[6]), (amount_in, amount_out), mode, sells_base=sells_base)
    require_same(instruction, lambda: encode(named, swap, sells_base=sells_base))
    return Decoded(named, swap, sells_base)


def _first_accounts(keys: SwapKeys, swap: Swap, *, sells_base: bool) -> list[AccountMeta]:
    """The nineteen that purchases and sales have in common."""
    return [
        writable(keys.pool),
        AccountMeta(swap.payer, True, True),
        readable(GLOBAL_CONFIG),
        *map(readable, keys.mints),
        *map(writable, own_accounts(swap, sells_base=sells_base)),
        *map(writable, keys.vaults),
        readable(keys.recipient),
        writable(keys.quote_account(keys.recipient)),
        *map(readable, keys.token_programs),
        readable(SYSTEM_PROGRAM),
        readable(ASSOCIATED_TOKEN_PROGRAM),
        readable(EVENT_AUTHORITY),
        readable(PROGRAM),
        writable(keys.quote_account(keys.creator_authority)),
        readable(keys.creator_authority),
    ]


def _data(swap: Swap, *, sells_base: bool) -> bytes:
    require_executable(swap.mode, sells_base=sells_base)
    amount_in, amount_out = limits(swap)
    if sells_base:
        return _SALE.pack(SELL, amount_in, amount_out)
    if swap.mode is SwapMode.EXACT_IN:
        return _PURCHASE.pack(BUY_EXACT_QUOTE_IN, amount_in, amount_out, _TRACK_VOLUME)
    return _PURCHASE.pack(BUY, amount_out, amount_in, _TRACK_VOLUME)


def _decode_arguments(data: bytes) -> tuple[bytes, SwapMode, int, int]:
    """Kind, mode, input and output of an instruction's data."""
    if len(data) == _SALE.size and data.startswith(SELL):
        kind, first, second = _SALE.unpack(data)
        return kind, SwapMode.EXACT_IN, first, second
    if len(data) == _PURCHASE.size and data.startswith(BUY_EXACT_QUOTE_IN):
        kind, first, second, _ = _PURCHASE.unpack(data)
        return kind, SwapMode.EXACT_IN, first, second
    if len(data) == _PURCHASE.size and data.startswith(BUY):
        kind, first, second, _ = _PURCHASE.unpack(data)
        return kind, SwapMode.EXACT_OUT, second, first
    raise UnknownInstruction(f"{len(data)} bytes are no PumpSwap swap")
