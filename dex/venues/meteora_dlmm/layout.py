"""Byte layouts of Meteora DLMM: the pair, its bin arrays and its bitmap extension.

Source: dlmm-sdk idls/dlmm.json (lb_clmm 0.12.0). Offsets count from the start of the account, the
8-byte Anchor discriminator included. Prices are Q64.64, units of Y for one unit of X.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import UnsupportedPool
from dex.types import AccountData, Clock
from dex.venues.account_layout import Layout, pubkey_at

PAIR: Final = Layout("DLMM LbPair", 904, bytes.fromhex("210b3162b565b10d"))
BIN_ARRAY: Final = Layout("DLMM BinArray", 10136, bytes.fromhex("5c8e5cdc059446b5"))
EXTENSION: Final = Layout("DLMM BinArrayBitmapExtension", 1576, bytes.fromhex("506f7c7137ed1205"))

MINT_X_OFFSET: Final = 88
MINT_Y_OFFSET: Final = 120
VOLATILITY: Final = Struct("<IIi")
VOLATILITY_OFFSET: Final = 40
LAST_UPDATE: Final = Struct("<q")
LAST_UPDATE_OFFSET: Final = 56
ACTIVE_ID: Final = Struct("<i")
ACTIVE_ID_OFFSET: Final = 76
PROTOCOL_FEES: Final = Struct("<QQ")
PROTOCOL_FEES_OFFSET: Final = 216

BINS_IN_ARRAY: Final = 70
BIN_SIZE: Final = 144
BINS_OFFSET: Final = 56
AMOUNTS: Final = Struct("<QQ")


class U128(NamedTuple):
    """An unsigned integer of 16 bytes at an offset within a bin."""

    offset: int

    def read(self, data: bytes | bytearray, bin_start: int) -> int:
        at = bin_start + self.offset
        return int.from_bytes(data[at : at + 16], "little")

    def write(self, data: bytearray, bin_start: int, value: int) -> None:
        at = bin_start + self.offset
        data[at : at + 16] = value.to_bytes(16, "little")


# Of a bin: shares of liquidity providers, and the fees in x and in y per share, all Q64.64.
SUPPLY: Final = U128(32)
FEES_PER_SHARE: Final = (U128(80), U128(96))

INPUT_ONLY, ONLY_Y = 0, 1
_UNDETERMINED, _, _LIMIT_ORDER = range(3)
_PERMISSION, _CUSTOMIZABLE = 1, 2
_ENABLED: Final = 0
_BY_TIMESTAMP: Final = 1
_HIGHEST_PAIR_TYPE: Final = 3

_STATIC: Final = Struct("<HHHHIIiiHBBB")
_STATIC_OFFSET: Final = 8
_ACTIVE: Final = Struct("<BiHBxxxB")
_ACTIVE_OFFSET: Final = 75
_BITMAP: Final = slice(584, 712)
_ACTIVATION_POINT: Final = Struct("<Q")
_ACTIVATION_POINT_OFFSET: Final = 816
_REWARD_MINTS: Final = (slice(264, 296), slice(408, 440))
_ARRAY_VERSION_OFFSET, _ARRAY_VERSION_WITH_ORDERS = 16, 3
_BIN: Final = Struct("<QQ16s80xQ8xQ4xB3x")
_EXTENSION_POSITIVE: Final = slice(40, 808)
_EXTENSION_NEGATIVE: Final = slice(808, 1576)
_NO_MINT: Final = bytes(32)


class PairKeys(NamedTuple):
    """The addresses that a pair is made of, in x, y order; they never change."""

    mints: tuple[Pubkey, Pubkey]
    vaults: tuple[Pubkey, Pubkey]
    token_programs: tuple[Pubkey, Pubkey]
    oracle: Pubkey


class PairState(NamedTuple):
    """Everything of the pair account that a quote depends on."""

    base_factor: int
    filter_period: int
    decay_period: int
    reduction_factor: int
    variable_fee_control: int
    max_volatility_accumulator: int
    protocol_share: int
    base_fee_power_factor: int
    collect_fee_mode: int
    volatility_accumulator: int
    volatility_reference: int
    index_reference: int
    last_update: int
    active_id: int
    bin_step: int
    pair_type: int
    status: int
    activation_type: int
    activation_point: int
    bitmap: int
    has_limit_orders: bool

    def can_swap(self, clock: Clock) -> bool:
        """Whether the pair is enabled and, where it has one, its activation point has come."""
        if self.status != _ENABLED:
            return False
        if self.pair_type not in (_PERMISSION, _CUSTOMIZABLE):
            return True
        point = clock.unix_timestamp if self.activation_type == _BY_TIMESTAMP else clock.slot
        return point >= self.activation_point

    def takes_fee_from_input(self, sells_x: bool) -> bool:
        """Whether a swap pays its fee before the bins, in the input token."""
        return self.collect_fee_mode == INPUT_ONLY or not sells_x


class Bin(NamedTuple):
    """One bin: what liquidity providers and limit orders have in it, in base units."""

    amount_x: int
    amount_y: int
    price: bytes
    open_order_amount: int
    processed_order_remaining: int
    limit_order_ask_side: int


def _program(flag: int) -> Pubkey:
    return TOKEN_2022_PROGRAM if flag else TOKEN_PROGRAM


def parse_keys(account: AccountData, program_id: Pubkey) -> PairKeys:
    """The fixed part of a pair; raises WrongOwner, UnknownLayout or UnsupportedPool."""
    data = PAIR.check(account, program_id)
    *_, function_type, collect_fee_mode = _STATIC.unpack_from(data, _STATIC_OFFSET)
    if collect_fee_mode > ONLY_Y or function_type > _LIMIT_ORDER or data[75] > _HIGHEST_PAIR_TYPE:
        raise UnsupportedPool("the pair is of a kind that is not known")
    return PairKeys(
        mints=(pubkey_at(data, MINT_X_OFFSET), pubkey_at(data, MINT_Y_OFFSET)),
        vaults=(pubkey_at(data, 152), pubkey_at(data, 184)),
        token_programs=(_program(data[880]), _program(data[881])),
        oracle=pubkey_at(data, 552),
    )


def _has_limit_orders(data: bytes, function_type: int) -> bool:
    """Whether swaps fill limit orders: pairs made for them, and those that never got rewards."""
    if function_type == _LIMIT_ORDER:
        return True
    return function_type == _UNDETERMINED and all(data[mint] == _NO_MINT for mint in _REWARD_MINTS)


def parse_state(data: bytes) -> PairState:
    """The changing part of a checked pair account."""
    base, filtered, decay, reduction, control, highest, _, _, share, power, function, collect = (
        _STATIC.unpack_from(data, _STATIC_OFFSET)
    )
    accumulator, reference, index = VOLATILITY.unpack_from(data, VOLATILITY_OFFSET)
    pair_type, active_id, bin_step, status, activation_type = _ACTIVE.unpack_from(data, _ACTIVE_OFFSET)
    return PairState(
        base_factor=base,
        filter_period=filtered,
        decay_period=decay,
        reduction_factor=reduction,
        variable_fee_control=control,
        max_volatility_accumulator=highest,
        protocol_share=share,
        base_fee_power_factor=power,
        collect_fee_mode=collect,
        volatility_accumulator=accumulator,
        volatility_reference=reference,
        index_reference=index,
        last_update=LAST_UPDATE.unpack_from(data, LAST_UPDATE_OFFSET)[0],
        active_id=active_id,
        bin_step=bin_step,
        pair_type=pair_type,
        status=status,
        activation_type=activation_type,
        activation_point=_ACTIVATION_POINT.unpack_from(data, _ACTIVATION_POINT_OFFSET)[0],
        bitmap=int.from_bytes(data[_BITMAP], "little"),
        has_limit_orders=_has_limit_orders(data, function),
    )


def knows_orders(data: bytes) -> bool:
    """Whether a checked array is of the version whose bins may hold limit orders.

    Earlier ones counted something else in the same bytes.
    """
    return data[_ARRAY_VERSION_OFFSET] >= _ARRAY_VERSION_WITH_ORDERS


def bin_offset(position: int) -> int:
    """Where bin ``position`` (0..69) of an array begins."""
    return BINS_OFFSET + BIN_SIZE * position


def parse_bin(data: bytes, position: int) -> Bin:
    """Bin ``position`` (0..69) of a checked array."""
    return Bin._make(_BIN.unpack_from(data, BINS_OFFSET + BIN_SIZE * position))


def parse_extension(data: bytes) -> tuple[int, int]:
    """The bitmaps of a checked extension: bit k is array 512 + k above, array -513 - k below."""
    return (
        int.from_bytes(data[_EXTENSION_POSITIVE], "little"),
        int.from_bytes(data[_EXTENSION_NEGATIVE], "little"),
    )
