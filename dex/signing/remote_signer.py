"""Keys that never enter this process: a service signs, over the backends of `solana-keychain`.

A service that is slow, away or unwilling is no reason to give an order up: nothing has been signed then,
and asking again is safe. What it answers is checked against the wallet's public key before anybody uses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

from solana_keychain import SignerError, SignerErrorCode, SolanaSigner
from solders.pubkey import Pubkey
from solders.signature import Signature

from dex.errors import KeyUnavailable, SignerUnreachable, WrongSigner

# One deadline for a batch: a service that hangs costs its orders this much, not this much for each.
BATCH_SECONDS: Final = 8
_AT_ONCE: Final = 16
# No transaction: its first byte would announce 111 signers, and nothing like that many follow.
_QUESTION: Final = b"order-execution-engine: whose key is this?"

Answers = list[Signature | KeyUnavailable]
Run = Callable[[Coroutine[Any, Any, Answers]], Answers]


class RemoteKey(Protocol):
    """A key in somebody else's keeping."""

    @property
    def name(self) -> str:
        """What the service is called in messages and logs."""
        ...

    async def open(self) -> SolanaSigner:
        """The signer for the next batch; raises KeyUnavailable when the credentials cannot be used."""
        ...


class RemoteSigner:
    """Signs for ``pubkey`` with a key that a service holds. Neither repr nor str shows credentials."""

    __slots__ = ("_key", "_pubkey", "_run", "_seconds")

    def __init__(self, pubkey: Pubkey, key: RemoteKey, run: Run, *, seconds: float = BATCH_SECONDS) -> None:
        """``run`` runs a coroutine to its end from any thread, always on the same event loop.

        It raises SignerUnreachable when that loop stands still.
        """
        self._pubkey = pubkey
        self._key = key
        self._run = run
        self._seconds = seconds

    @property
    def pubkey(self) -> Pubkey:
        return self._pubkey

    def sign_messages(self, messages: Sequence[bytes]) -> Answers:
        if not messages:
            return []
        try:
            return self._run(self._sign_all(messages))
        except SignerUnreachable as error:
            return [error] * len(messages)

    def prove(self) -> None:
        """Return when the service signs for ``pubkey``.

        Raises WrongSigner when it signs with another key, SignerUnreachable or KeyUnavailable when it does
        not sign. Needs no permission beyond signing.
        """
        [answer] = self.sign_messages([_QUESTION])
        if isinstance(answer, KeyUnavailable):
            raise answer

    def __repr__(self) -> str:
        return f"RemoteSigner({self._key.name}, {self._pubkey})"

    async def _sign_all(self, messages: Sequence[bytes]) -> Answers:
        deadline = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(deadline):
                backend = await self._key.open()
        except TimeoutError:
            return [self._too_slow()] * len(messages)
        except KeyUnavailable as error:
            return [error] * len(messages)
        turns = asyncio.Semaphore(_AT_ONCE)
        return await asyncio.gather(*(self._sign(backend, one, turns, deadline) for one in messages))

    async def _sign(
        self, backend: SolanaSigner, message: bytes, turns: asyncio.Semaphore, deadline: float
    ) -> Signature | KeyUnavailable:
        try:
            async with asyncio.timeout_at(deadline), turns:
                signature = await backend.sign_message(message)
        except TimeoutError:
            return self._too_slow()
        except SignerError as error:
            return self._refused(error)
        return signature if signature.verify(self._pubkey, message) else self._wrong()

    def _refused(self, error: SignerError) -> KeyUnavailable:
        # Its own text stays out: the library keeps the service's answer apart, and so do we.
        if error.code is SignerErrorCode.SIGNING_FAILED:
            return self._wrong()
        status = f", HTTP {error.status_code}" if error.status_code is not None else ""
        return SignerUnreachable(f"{self._key.name} did not sign: {error.code.value}{status}")

    def _too_slow(self) -> SignerUnreachable:
        return SignerUnreachable(f"{self._key.name} did not sign within {self._seconds:g} s")

    def _wrong(self) -> WrongSigner:
        return WrongSigner(f"{self._key.name} does not sign for the wallet {self._pubkey}")
