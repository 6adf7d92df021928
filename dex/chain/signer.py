"""The wallet's key: where it is read from, and the only thing it does.

A `Signer` is the seam for other backends (a KMS, a vault): whatever can name its public key and sign bytes.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Final, Protocol

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from dex.errors import KeyUnavailable

_KEY_BYTES: Final = 64
_MAX_KEY_FILE_BYTES: Final = 4096


class Signer(Protocol):
    """Signs for one wallet."""

    @property
    def pubkey(self) -> Pubkey: ...

    def sign_message(self, message: bytes) -> Signature:
        """The ed25519 signature of ``message``; raises KeyUnavailable when the key cannot be used now."""
        ...


class WalletSigner:
    """A key held in this process's memory. Neither repr, str nor pickle shows it."""

    __slots__ = ("_keypair", "_pubkey")

    def __init__(self, keypair: Keypair) -> None:
        self._keypair = keypair
        self._pubkey = keypair.pubkey()

    @classmethod
    def read(cls, source: str) -> WalletSigner:
        """The wallet that ``source`` gives: a JSON array of 64 numbers, base58, or the path of a key file.

        Raises KeyUnavailable; its text never quotes the source.
        """
        text = source.strip()
        if _looks_like_path(text):
            return cls.from_file(Path(text))
        return cls(_parse_key(text))

    @classmethod
    def from_file(cls, path: Path) -> WalletSigner:
        """The wallet of a key file; raises KeyUnavailable if it is a link or others may read it."""
        return cls(_parse_key(_read_private_file(path)))

    @property
    def pubkey(self) -> Pubkey:
        return self._pubkey

    def sign_message(self, message: bytes) -> Signature:
        return self._keypair.sign_message(message)

    def __repr__(self) -> str:
        return f"WalletSigner({self._pubkey})"

    def __reduce__(self) -> str:
        raise TypeError("a wallet key is not to be copied or stored")


def _looks_like_path(text: str) -> bool:
    # Base58 has neither of these characters, and a JSON array starts with a bracket.
    return not text.startswith("[") and any(mark in text for mark in ("/", ".", "~", "\\"))


def _read_private_file(path: Path) -> str:
    # O_NOFOLLOW and fstat on the open file: what is checked is what is read. O_NONBLOCK: a pipe cannot hang.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path.expanduser(), flags)
    except (OSError, RuntimeError) as error:
        raise KeyUnavailable(f"key file cannot be opened: {type(error).__name__}") from error
    try:
        _require_private(os.fstat(descriptor))
        content = os.read(descriptor, _MAX_KEY_FILE_BYTES + 1)
    finally:
        os.close(descriptor)
    return _ascii(content)


def _require_private(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyUnavailable("key file is not a regular file")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyUnavailable("key file is open to others: chmod 600 it")
    if status.st_uid not in (os.geteuid(), 0):
        raise KeyUnavailable("key file belongs to another user")


def _ascii(content: bytes) -> str:
    if len(content) > _MAX_KEY_FILE_BYTES or not content.isascii():
        raise KeyUnavailable("key file holds no key")
    return content.decode("ascii").strip()


def _parse_key(text: str) -> Keypair:
    if not text:
        raise KeyUnavailable("no wallet key is set")
    try:
        return _keypair_from_json(text) if text.startswith("[") else Keypair.from_base58_string(text)
    except (ValueError, TypeError):
        # "from None": the parsers' own errors quote what they were given.
        raise KeyUnavailable("wallet key is not a Solana key pair") from None


def _keypair_from_json(text: str) -> Keypair:
    numbers = json.loads(text)
    if len(numbers) != _KEY_BYTES or not all(type(number) is int for number in numbers):
        raise KeyUnavailable(f"wallet key is not an array of {_KEY_BYTES} numbers")
    return Keypair.from_bytes(bytes(numbers))
