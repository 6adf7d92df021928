"""Tokens as requests name them: of the list, kept before, or read from the chain this once.

The one place where accepting an order may wait for the node. No more than a few callers do at a time, and a
mint that is none is not asked for again at once, so that orders of known tokens never wait behind them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from solders.pubkey import Pubkey

from dex.errors import ChainBusy, DexError, PoolRefused
from dex.tokens.metadata import TokenNames, metadata_address, token_names
from dex.tokens.mint import Danger, MintFacts, read_mint
from dex.types import Snapshot, Token
from orders.errors import ChainUnavailable, OrderError, TokenRefused, UnknownToken
from orders.gateway.connection import connection
from orders.gateway.kept_mints import KeptMint, is_address, keep, kept_mint
from orders.gateway.tokens import is_listed_elsewhere, listed_token, unknown_token

# Of a server's 16 threads, as many as may wait for a node about mints.
_READERS: Final = 4
_SECONDS: Final = 5
_ABSENT_SECONDS: Final = 10
_ABSENT_REMEMBERED: Final = 1024
# With more, 64 bits hold no whole token.
_MOST_DECIMALS: Final = 19

Read = Mapping[str, tuple[MintFacts, TokenNames]]
Named = Mapping[str, Token | OrderError]

_waiting: Final = threading.BoundedSemaphore(_READERS)
# Mints by address that the chain does not have, and until when that is believed (monotonic seconds).
_absent: Final[dict[tuple[str, str], float]] = {}


def named_token(name: str) -> Token:
    """The token that a request names.

    Raises UnknownToken, TokenRefused, or ChainUnavailable for a mint that had to be read and could not be.
    """
    found = named_tokens([name])[name]
    if isinstance(found, OrderError):
        raise found
    return found


def named_tokens(names: Collection[str]) -> Named:
    """Each of ``names`` with its token or why it cannot be had; all new mints are read together."""
    found = {name: _at_hand(name) for name in dict.fromkeys(names)}
    new = [name for name, token in found.items() if token is None]
    if new:
        found |= _learn(new)
    return {name: token for name, token in found.items() if token is not None}


def tokens_at_hand(names: Collection[str]) -> Named | None:
    """As `named_tokens`, without asking the node; None where it must be asked for one of them."""
    found = {name: _at_hand(name) for name in names}
    known = {name: token for name, token in found.items() if token is not None}
    return known if len(known) == len(found) else None


def danger_config_errors() -> list[str]:
    """What is wrong with ALLOWED_TOKEN_DANGERS, in words."""
    known = [danger.value for danger in Danger]
    return [
        f"ALLOWED_TOKEN_DANGERS: {name} is none of {', '.join(known)}"
        for name in settings.ALLOWED_TOKEN_DANGERS
        if name not in known
    ]


def refused_dangers(dangers: Iterable[str]) -> list[str]:
    """Those for which a token is refused, by the settings."""
    return [danger for danger in dangers if danger not in settings.ALLOWED_TOKEN_DANGERS]


async def read_mints(mints: Sequence[Pubkey]) -> tuple[Read, Snapshot]:
    """The mints that there are, as the chain has them now, by address; raises ChainError."""
    addresses = [address for mint in mints for address in (mint, metadata_address(mint))]
    snapshot = await connection().rpc.snapshot(addresses)
    return {str(mint): one for mint in mints if (one := _read(mint, snapshot)) is not None}, snapshot


def _at_hand(name: str) -> Token | OrderError | None:
    """What is known without the chain; None for an address that must be looked up there."""
    listed = listed_token(name)
    if listed is not None:
        return listed
    if not is_address(name) or is_listed_elsewhere(name):
        return unknown_token()
    if _absent.get((settings.SOLANA_NETWORK, name), 0.0) > time.monotonic():
        return _no_mint(name)
    kept = kept_mint(name)
    return _judged(kept) if kept and kept.network == settings.SOLANA_NETWORK else None


def _learn(names: Sequence[str]) -> dict[str, Token | OrderError | None]:
    try:
        read = _from_chain([Pubkey.from_string(name) for name in names])
    except DexError:
        return dict.fromkeys(names, ChainUnavailable("The token could not be looked up on chain now"))
    if read:
        keep(read.values())
    return {name: _learnt(name, read) for name in names}


def _learnt(name: str, read: Read) -> Token | OrderError:
    kept = kept_mint(name) if name in read else None
    if kept is not None:
        return _judged(kept)
    while len(_absent) >= _ABSENT_REMEMBERED:
        _absent.pop(next(iter(_absent)), None)
    _absent[settings.SOLANA_NETWORK, name] = time.monotonic() + _ABSENT_SECONDS
    return _no_mint(name)


@contextmanager
def a_readers_place() -> Iterator[None]:
    """Wait for the node about mints, one of a few callers at a time; raises ChainBusy where too many do."""
    if not _waiting.acquire(blocking=False):
        raise ChainBusy("other callers wait for mints already")
    try:
        yield
    finally:
        _waiting.release()


def _from_chain(mints: Sequence[Pubkey]) -> Read:
    with a_readers_place():
        read, _ = connection().run(asyncio.wait_for(read_mints(mints), _SECONDS))
    return read


def _read(mint: Pubkey, snapshot: Snapshot) -> tuple[MintFacts, TokenNames] | None:
    account = snapshot.accounts.get(mint)
    if account is None:
        return None
    try:
        facts = read_mint(mint, account, snapshot.clock.epoch)
    except PoolRefused:
        return None
    if facts.decimals > _MOST_DECIMALS:
        return None
    return facts, token_names(mint, account, snapshot.accounts.get(metadata_address(mint)))


def _no_mint(name: str) -> UnknownToken:
    return UnknownToken("There is no mint that can be swapped at this address", mint=name)


def _judged(kept: KeptMint) -> Token | OrderError:
    reasons = refused_dangers(kept.dangers)
    return TokenRefused(token=kept.token.symbol, reasons=reasons) if reasons else kept.token
