"""Token accounts of pools: the balance, and the bytes after a transfer."""

from __future__ import annotations

from struct import Struct
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import InsufficientLiquidity, UnknownLayout
from dex.types import AccountData
from dex.venues.account_layout import patched
from dex.venues.integer_math import require_u64

_AMOUNT: Final = Struct("<Q")
_AMOUNT_OFFSET: Final = 64


def vault_balance(account: AccountData, token_program: Pubkey) -> int:
    """Base units in an SPL token account; raises UnknownLayout when it is none."""
    if account.owner != token_program or len(account.data) <= _AMOUNT_OFFSET + _AMOUNT.size:
        raise UnknownLayout("a vault of the pool is no account of the pool's token program")
    (amount,) = _AMOUNT.unpack_from(account.data, _AMOUNT_OFFSET)
    return int(amount)


def with_balance(account: AccountData, change: int) -> bytes:
    """The account's data after ``change`` base units came in, or went out if negative.

    Raises AmountTooLarge or InsufficientLiquidity where the token program would refuse the transfer.
    The lamports of a wrapped-SOL account and what a Token-2022 account withholds stay as they are: no quote
    reads them.
    """
    (amount,) = _AMOUNT.unpack_from(account.data, _AMOUNT_OFFSET)
    if amount + change < 0:
        raise InsufficientLiquidity("the vault does not hold that much")
    return patched(account.data, {_AMOUNT_OFFSET: _AMOUNT.pack(require_u64(amount + change))})
