"""The wallet's key: where it is read from, and the only thing it does.

A `Signer` is the seam for other backends: whatever can name its public key and sign bytes. This module has
the key in memory, `dex.signing.remote_signer` keys that stay elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from dex.errors import KeyUnavailable
from dex.signing.private_file import read_private_file

_KEY_BYTES: Final = 64


class Signer(Protocol):
    """Signs for one wallet."""

    @property
    def pubkey(self) -> Pubkey: ...

    def sign_messages(self, messages: Sequence[bytes]) -> list[Signature | KeyUnavailable]:
        """For each message, in their order, its ed25519 signature or why the key cannot be used now.

        Every signature is one of ``pubkey``. Raises nothing for the key.
        """
        ...

    def prove(self) -> None:
        """Return when the key signs for ``pubkey``; raises KeyUnavailable, or a kind of it, when not."""
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
        return cls(_parse_key(read_private_file(path, "key file")))

    @property
    def pubkey(self) -> Pubkey:
        return self._pubkey

    def sign_messages(self, messages: Sequence[bytes]) -> list[Signature | KeyUnavailable]:
        return [self._keypair.sign_message(message) for message in messages]

    def prove(self) -> None:
        """Nothing to ask: ``pubkey`` is worked out from the key."""

    def __repr__(self) -> str:
        return f"WalletSigner({self._pubkey})"

    def __reduce__(self) -> str:
        raise TypeError("a wallet key is not to be copied or stored")


def _looks_like_path(text: str) -> bool:
    # Base58 has neither of these characters, and a JSON array starts with a bracket.
    return not text.startswith("[") and any(mark in text for mark in ("/", ".", "~", "\\"))


def _parse_key(text: str) -> Keypair:
    if not text:
        raise KeyUnavailable("no wallet key is set")
    try:
        return _keypair_from_json(text) if text.startswith("[") else Keypair.from_base58_string(text)
    except (ValueError, TypeError, RecursionError):
        # "from None": the parsers' own errors quote what they were given.
        raise KeyUnavailable("wallet key is not a Solana key pair") from None


def _keypair_from_json(text: str) -> Keypair:
    numbers = json.loads(text)
    if len(numbers) != _KEY_BYTES or not all(type(number) is int for number in numbers):
        raise KeyUnavailable(f"wallet key is not an array of {_KEY_BYTES} numbers")
    return Keypair.from_bytes(bytes(numbers))
