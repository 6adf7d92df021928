"""PumpSwap's swap instructions of the first form: ``buy``, ``buy_exact_quote_in`` and ``sell``.

Accounts and arguments: pump_amm IDL and what its SDK makes. The second form, with fewer accounts, is not
made: no instruction of it is at hand to compare with.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM
from dex.errors import UnknownInstruction, UnsupportedPool
from dex.transactions.token_accounts import associated_token_address
from dex.types import DecodedSwap, Swap, SwapMode
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
from dex.venues.swap_decoding import account_keys, decoded, require_same, require_token_programs
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
_VARIANTS: Final = ((False, False), (False, True), (True, False), (True, True))


class SwapKeys(NamedTuple):
    """What an instruction names besides the swap; mints, vaults and programs in the order base, quote."""

    pool: Pubkey
    mints: tuple[Pubkey, Pubkey]
    vaults: tuple[Pubkey, Pubkey]
    token_programs: tuple[Pubkey, Pubkey]
    recipient: Pubkey
    buyback_recipient: Pubkey
    creator_authority: Pubkey
    is_cashback: bool
    has_creator: bool

    def quote_account(self, owner: Pubkey) -> Pubkey:
        """The associated account of the quote token that ``owner`` has."""
        return associated_token_address(owner, self.mints[1], self.token_programs[1])


def swap_instruction(keys: SwapKeys, swap: Swap, *, sells_base: bool) -> Instruction:
    """``sell``, ``buy`` or ``buy_exact_quote_in``.

    Raises UnsupportedPool, AmountTooSmall or AmountTooLarge.
    """
    data = _data(swap, sells_base=sells_base)
    volume = user_volume(swap.payer)
    accounts = _first_accounts(keys, swap, sells_base=sells_base)
    if not sells_base:
        accounts += [_readable(GLOBAL_VOLUME), _writable(volume)]
    accounts += [_readable(FEE_CONFIG), _readable(FEE_PROGRAM)]
    if keys.is_cashback:
        accounts.append(_writable(keys.quote_account(volume)))
        accounts += [_writable(volume)] if sells_base else []
    if keys.has_creator:
        accounts.append(_readable(pool_v2(keys.mints[0])))
    buyback = keys.buyback_recipient
    accounts += [_readable(buyback), _writable(keys.quote_account(buyback))]
    return Instruction(PROGRAM, data, accounts)


def require_executable(mode: SwapMode, *, sells_base: bool) -> None:
    """Raises UnsupportedPool for a sale of an exact output, which the program has no instruction for."""
    if sells_base and mode is SwapMode.EXACT_OUT:
        raise UnsupportedPool("PumpSwap sells an exact amount only, it does not pay one")


def decode_swap(instruction: Instruction, venue: str) -> DecodedSwap:
    """What ``swap_instruction`` put into an instruction; raises UnknownInstruction for any other."""
    data = bytes(instruction.data)
    kind, mode, amount_in, amount_out = _decode_arguments(data)
    sells_base, count = kind == SELL, len(instruction.accounts)
    variants = [
        (cashback, creator)
        for cashback, creator in _VARIANTS
        if count == _FEWEST[kind] + _FOR_CASHBACK[kind] * cashback + creator
    ]
    if not variants:
        raise UnknownInstruction(f"a PumpSwap swap has no {count} accounts")
    keys = account_keys(instruction, PROGRAM, count)
    _, payer, _, _, _, base_account, quote_account = keys[:7]
    require_token_programs(keys[11], keys[12])
    source, target = (base_account, quote_account) if sells_base else (quote_account, base_account)
    mints = (keys[3], keys[4]) if sells_base else (keys[4], keys[3])
    swap = Swap(payer, *mints, source, target, amount_in, amount_out, mode)
    _require_one_of(instruction, keys, swap, variants, sells_base=sells_base)
    return decoded(venue, keys[0], swap, (keys[7], keys[8]), sells_first=sells_base)


def _require_one_of(
    instruction: Instruction,
    keys: list[Pubkey],
    swap: Swap,
    variants: list[tuple[bool, bool]],
    *,
    sells_base: bool,
) -> None:
    """Raises UnknownInstruction unless a pool of one of these kinds gets this very instruction."""
    for place, variant in enumerate(variants):
        named = _named(keys, *variant)
        try:
            require_same(instruction, lambda: swap_instruction(named, swap, sells_base=sells_base))  # noqa: B023
            return
        except UnknownInstruction:
            if place == len(variants) - 1:
                raise


def _named(keys: list[Pubkey], is_cashback: bool, has_creator: bool) -> SwapKeys:
    return SwapKeys(
        pool=keys[0],
        mints=(keys[3], keys[4]),
        vaults=(keys[7], keys[8]),
        token_programs=(keys[11], keys[12]),
        recipient=keys[9],
        buyback_recipient=keys[-2],
        creator_authority=keys[18],
        is_cashback=is_cashback,
        has_creator=has_creator,
    )


def _first_accounts(keys: SwapKeys, swap: Swap, *, sells_base: bool) -> list[AccountMeta]:
    """The nineteen that purchases and sales have in common."""
    own = (swap.account_in, swap.account_out)
    base_account, quote_account = own if sells_base else own[::-1]
    return [
        _writable(keys.pool),
        AccountMeta(swap.payer, True, True),
        _readable(GLOBAL_CONFIG),
        *map(_readable, keys.mints),
        _writable(base_account),
        _writable(quote_account),
        *map(_writable, keys.vaults),
        _readable(keys.recipient),
        _writable(keys.quote_account(keys.recipient)),
        *map(_readable, keys.token_programs),
        _readable(SYSTEM_PROGRAM),
        _readable(ASSOCIATED_TOKEN_PROGRAM),
        _readable(EVENT_AUTHORITY),
        _readable(PROGRAM),
        _writable(keys.quote_account(keys.creator_authority)),
        _readable(keys.creator_authority),
    ]


def _readable(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, False, False)


def _writable(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, False, True)


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
