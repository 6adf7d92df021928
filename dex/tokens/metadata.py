"""What a mint calls itself: Token-2022 metadata in the mint, or Metaplex's account beside it.

Layouts: spl-token-metadata-interface ``state.rs`` (borsh: update authority, mint, name, symbol, ...) and
mpl-token-metadata ``state/metadata.rs`` (key, update authority, mint, then name and symbol, filled
with zeros). Anybody can give a mint any name: neither identifies it.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM
from dex.errors import PoolRefused
from dex.types import AccountData
from dex.venues.token_mint import TOKEN_METADATA, extensions_of

METADATA_PROGRAM: Final = Pubkey.from_string("metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s")
LONGEST_SYMBOL: Final = 16
LONGEST_NAME: Final = 64
_METADATA_V1: Final = 4
_LENGTH: Final = Struct("<I")
# Address, verified, share.
_CREATOR_SIZE: Final = 34


class TokenNames(NamedTuple):
    """Symbol and name of a mint, printable and short; empty where it has none."""

    symbol: str = ""
    name: str = ""


NAMELESS: Final = TokenNames()


def metadata_address(mint: Pubkey) -> Pubkey:
    """Where Metaplex's metadata of a mint is, if there is any."""
    return Pubkey.find_program_address([b"metadata", bytes(METADATA_PROGRAM), bytes(mint)], METADATA_PROGRAM)[
        0
    ]


def token_names(mint: Pubkey, account: AccountData, metadata: AccountData | None) -> TokenNames:
    """What the mint says of itself, else what ``metadata`` at `metadata_address` says; never raises."""
    inside = _inside(account)
    if inside is not None and inside[32:64] == bytes(mint):
        return _names(inside, 64)
    if metadata is None or metadata.owner != METADATA_PROGRAM:
        return NAMELESS
    data = metadata.data
    if data[:1] != bytes([_METADATA_V1]) or data[33:65] != bytes(mint):
        return NAMELESS
    return _names(data, 65)


def is_mutable(mint: Pubkey, account: AccountData, metadata: AccountData | None) -> bool:
    """Whether somebody may still change what the mint says of itself; not where it says nothing.

    Token-2022: there is an update authority. Metaplex: the flag behind the creators (mpl-token-metadata
    ``state/metadata.rs``: uri, seller fee u16, creators, primary sale, is_mutable). What cannot be read
    counts as mutable.
    """
    inside = _inside(account)
    if inside is not None and inside[32:64] == bytes(mint):
        return inside[:32] != bytes(32)
    if metadata is None or metadata.owner != METADATA_PROGRAM:
        return False
    data, offset = metadata.data, 65
    for _ in range(3):
        _, offset = _text(data, offset)
    offset += 2
    if data[offset : offset + 1] == b"\x01":
        (creators,) = _LENGTH.unpack_from(data, offset + 1) if len(data) >= offset + 5 else (0,)
        offset += _LENGTH.size + creators * _CREATOR_SIZE
    flag = data[offset + 2 : offset + 3]
    return flag != b"\x00"


def _inside(account: AccountData) -> bytes | None:
    if account.owner != TOKEN_2022_PROGRAM:
        return None
    try:
        return next((record for kind, record in extensions_of(account.data) if kind == TOKEN_METADATA), None)
    except PoolRefused:
        return None


def _names(data: bytes, offset: int) -> TokenNames:
    name, offset = _text(data, offset)
    symbol, _ = _text(data, offset)
    return TokenNames(_shown(symbol, LONGEST_SYMBOL), _shown(name, LONGEST_NAME))


def _text(data: bytes, offset: int) -> tuple[bytes, int]:
    if offset + _LENGTH.size > len(data):
        return b"", len(data)
    (length,) = _LENGTH.unpack_from(data, offset)
    end = offset + _LENGTH.size + length
    return data[offset + _LENGTH.size : end], min(end, len(data))


def _shown(text: bytes, longest: int) -> str:
    # Control and formatting characters could pass one name off as another.
    letters = text.decode("utf-8", "ignore")
    return "".join(letter for letter in letters if letter.isprintable()).strip()[:longest]
