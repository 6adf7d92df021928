"""Byte layout of a Raydium AMM v4 pool (raydium-amm state.rs, AmmInfo).

The account has no discriminator: size, owner and a status that is known tell it. "Coin" and "pc" are the
program's names of the first and the second token.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.errors import PoolDisabled, UnsupportedPool
from dex.types import AccountData
from dex.venues.account_layout import Layout, patched, pubkey_at

POOL: Final = Layout("AMM v4 AmmInfo", 752, b"")

COIN_MINT_OFFSET: Final = 400
PC_MINT_OFFSET: Final = 432

_STATUS: Final = Struct("<QQ")
_SWAP_FEE: Final = Struct("<QQQQ")
_SWAP_FEE_OFFSET: Final = 176
_U64: Final = Struct("<Q")
_OPEN_TIME_OFFSET: Final = 224
_LP_AMOUNT_OFFSET: Final = 720
_RECENT_EPOCH_OFFSET: Final = 736
# Totals of what was swapped: input, output and fee of coin for pc, then those of pc for coin.
_TOTALS_OFFSETS: Final = ((256, 272, 328), (296, 312, 288))
_U128_SIZE, _U64_SIZE = 16, 8

_INITIALIZED, _ORDER_BOOK_ONLY, _SWAP_ONLY, _WAITING_TRADE = 1, 5, 6, 7
_WITH_ORDER_BOOK: Final = (_INITIALIZED, _ORDER_BOOK_ONLY)


class PoolKeys(NamedTuple):
    """The addresses that a swap names, in coin, pc order; they never change."""

    mints: tuple[Pubkey, Pubkey]
    vaults: tuple[Pubkey, Pubkey]
    open_orders: Pubkey


class PoolState(NamedTuple):
    """What changes in a pool. ``need_take_pnl`` are base units of the vaults that are no liquidity."""

    status: int
    open_time: int
    fee_numerator: int
    fee_denominator: int
    need_take_pnl_coin: int
    need_take_pnl_pc: int

    def require_swap(self, unix_timestamp: int) -> None:
        """Raises UnsupportedPool for a pool with an order book, PoolDisabled for one that does not swap."""
        if self.status in _WITH_ORDER_BOOK:
            raise UnsupportedPool("the pool's liquidity lies partly in an order book")
        if self.status not in (_SWAP_ONLY, _WAITING_TRADE):
            raise PoolDisabled("swaps are switched off")
        if self.status == _WAITING_TRADE and unix_timestamp < self.open_time:
            raise PoolDisabled("the pool has not opened yet")


def parse_keys(account: AccountData, program_id: Pubkey, authority_nonce: int) -> PoolKeys:
    """The fixed part of a pool; raises WrongOwner, UnknownLayout or UnsupportedPool."""
    data = POOL.check(account, program_id)
    status, nonce = _STATUS.unpack_from(data)
    if status in _WITH_ORDER_BOOK:
        raise UnsupportedPool("the pool's liquidity lies partly in an order book")
    if nonce != authority_nonce:
        raise UnsupportedPool("the pool's vaults belong to another authority than the program's")
    return PoolKeys(
        mints=(pubkey_at(data, COIN_MINT_OFFSET), pubkey_at(data, PC_MINT_OFFSET)),
        vaults=(pubkey_at(data, 336), pubkey_at(data, 368)),
        open_orders=pubkey_at(data, 496),
    )


def lp_amount(data: bytes) -> int:
    """LP tokens of a checked pool account, in base units."""
    (amount,) = _U64.unpack_from(data, _LP_AMOUNT_OFFSET)
    return int(amount)


def parse_state(data: bytes) -> PoolState:
    """The changing part of a checked pool account."""
    status, _ = _STATUS.unpack_from(data)
    (open_time,) = _U64.unpack_from(data, _OPEN_TIME_OFFSET)
    return PoolState(status, open_time, *_SWAP_FEE.unpack_from(data, _SWAP_FEE_OFFSET))


def after_swap(data: bytes, coin_in: bool, amounts: tuple[int, int, int], epoch: int) -> bytes:
    """A checked pool account after a swap in ``epoch``; ``amounts`` are input, output and fee.

    The first swap of a waiting pool makes it one that swaps.
    """
    status, _ = _STATUS.unpack_from(data)
    fields = {_RECENT_EPOCH_OFFSET: _U64.pack(epoch)}
    if status == _WAITING_TRADE:
        fields[0] = _U64.pack(_SWAP_ONLY)
    sizes = (_U128_SIZE, _U128_SIZE, _U64_SIZE)
    for offset, size, amount in zip(_TOTALS_OFFSETS[not coin_in], sizes, amounts, strict=True):
        total = int.from_bytes(data[offset : offset + size], "little") + amount
        fields[offset] = (total % (1 << 8 * size)).to_bytes(size, "little")
    return patched(data, fields)
