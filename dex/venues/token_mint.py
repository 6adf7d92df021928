"""SPL mints as far as a swap depends on them: the Token-2022 transfer fee and other extensions.

Layout: solana-program/token-2022, extension/mod.rs (type-length-value records from byte 166, after
the account-type byte 1 at 165) and extension/transfer_fee/mod.rs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final

from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import UnknownLayout, UnsupportedPool, WrongOwner
from dex.types import AccountData, Snapshot
from dex.venues.integer_math import BPS, ceil_div

TRANSFER_FEE_CONFIG: Final = 1
INTEREST_BEARING_CONFIG: Final = 10
TRANSFER_HOOK: Final = 14
METADATA_POINTER: Final = 18
TOKEN_METADATA: Final = 19
SCALED_UI_AMOUNT: Final = 25

_MINT_SIZE: Final = 82
_ACCOUNT_TYPE_OFFSET: Final = 165
_ACCOUNT_TYPE_MINT: Final = 1
_TRANSFER_FEE_SIZE: Final = 108
_RECORD: Final = Struct("<HH")
# After two authorities (64 bytes) and the withheld amount: older and newer {epoch, maximum, bps}.
_TRANSFER_FEES: Final = Struct("<72xQQHQQH")


@dataclass(frozen=True, slots=True)
class TransferFee:
    """What a token program keeps back from a transfer, in base units of the mint."""

    bps: int
    maximum: int

    def on_gross(self, amount: int) -> int:
        """The fee on a transfer of ``amount`` (``TransferFee::calculate_fee``)."""
        if self.bps == 0 or amount == 0:
            return 0
        return min(self.maximum, ceil_div(amount * self.bps, BPS))

    def on_net(self, amount: int) -> int:
        """The fee to add so that ``amount`` arrives (``TransferFee::calculate_inverse_fee``).

        At 100 % the inverse has no answer; both DEX programs take the maximum fee there.
        """
        if self.bps == 0 or amount == 0:
            return 0
        if self.bps == BPS:
            return self.maximum
        gross = ceil_div(amount * BPS, BPS - self.bps)
        return self.on_gross(min(gross, amount + self.maximum))


NO_TRANSFER_FEE: Final = TransferFee(0, 0)


def extensions_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and bytes of each extension of a Token-2022 mint; raises UnknownLayout."""
    if len(data) <= _ACCOUNT_TYPE_OFFSET or data[_ACCOUNT_TYPE_OFFSET] != _ACCOUNT_TYPE_MINT:
        raise UnknownLayout("the account is no Token-2022 mint")
    position = _ACCOUNT_TYPE_OFFSET + 1
    while position + _RECORD.size <= len(data):
        kind, length = _RECORD.unpack_from(data, position)
        position += _RECORD.size
        if kind == 0:
            return
        if position + length > len(data):
            raise UnknownLayout("a mint extension runs past the end of the account")
        yield kind, data[position : position + length]
        position += length


def fee_of_epoch(record: bytes, epoch: int) -> TransferFee:
    """The fee that a TransferFeeConfig asks for in ``epoch``; raises UnknownLayout."""
    if len(record) != _TRANSFER_FEE_SIZE:
        raise UnknownLayout(f"a TransferFeeConfig has 108 bytes, not {len(record)}")
    _, older_maximum, older_bps, newer_epoch, newer_maximum, newer_bps = _TRANSFER_FEES.unpack(record)
    if epoch >= newer_epoch:
        return TransferFee(newer_bps, newer_maximum)
    return TransferFee(older_bps, older_maximum)


def _is_harmless(kind: int, record: bytes, allowed: frozenset[int]) -> bool:
    if kind == TRANSFER_HOOK and kind in allowed:
        # Without authority and program the hook can never start to run.
        return not any(record)
    return kind in allowed


def transfer_fee(account: AccountData, epoch: int, allowed: frozenset[int]) -> TransferFee:
    """The fee that a transfer of this mint bears in ``epoch``.

    ``allowed`` are the extension types whose transfers the venue executes; a TransferHook among
    them is accepted only when nobody can ever set its program. Raises WrongOwner, UnknownLayout or
    UnsupportedPool.
    """
    if account.owner == TOKEN_PROGRAM:
        return NO_TRANSFER_FEE
    if account.owner != TOKEN_2022_PROGRAM:
        raise WrongOwner(f"a mint belongs to a token program, not to {account.owner}")
    if len(account.data) == _MINT_SIZE:
        return NO_TRANSFER_FEE
    fee = NO_TRANSFER_FEE
    for kind, record in extensions_of(account.data):
        if not _is_harmless(kind, record, allowed):
            raise UnsupportedPool(f"the mint has Token-2022 extension {kind}, which is not supported")
        if kind == TRANSFER_FEE_CONFIG:
            fee = fee_of_epoch(record, epoch)
    return fee


def mint_fee(snapshot: Snapshot, mint: Pubkey, program: Pubkey, allowed: frozenset[int]) -> TransferFee:
    """``transfer_fee`` of a mint in a snapshot; a classic SPL mint has none and is not read."""
    if program == TOKEN_PROGRAM:
        return NO_TRANSFER_FEE
    return transfer_fee(snapshot.account(mint), snapshot.clock.epoch, allowed)
