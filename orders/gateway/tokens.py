"""Networks, venues and tokens that can be named, what the wallet holds, and whether the node answers."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from dex.config import NATIVE_MINT, NETWORKS, TOKENS
from dex.errors import DexError
from dex.venues.registry import venues_for
from orders.errors import ChainUnavailable, UnknownToken
from orders.gateway.connection import connection
from orders.gateway.wallet import wallet_address


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token that orders may name."""

    symbol: str
    name: str
    mint: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the wallet can spend, base units by mint; lamports stand under SOL's native mint."""

    wallet: str
    by_mint: Mapping[str, int]


@functools.cache
def tokens() -> tuple[TokenInfo, ...]:
    """The token list, in its own order."""
    return tuple(TokenInfo(t.symbol, t.name, str(t.mint), t.decimals) for t in TOKENS)


@functools.cache
def _by_name() -> Mapping[str, TokenInfo]:
    return {token.symbol: token for token in tokens()} | {token.mint: token for token in tokens()}


def find_token(symbol_or_mint: str) -> TokenInfo:
    """A token by symbol in any letter case, or by mint address; raises UnknownToken."""
    found = _by_name().get(symbol_or_mint) or _by_name().get(symbol_or_mint.upper())
    if found is None:
        raise UnknownToken(known=[token.symbol for token in tokens()])
    return found


def token_by_mint(mint: str) -> TokenInfo | None:
    """The token of a mint, or None when the list does not have it."""
    return _by_name().get(mint)


def networks() -> tuple[str, ...]:
    """The networks that the engine can be set to."""
    return NETWORKS


@functools.cache
def brands() -> tuple[str, ...]:
    """The brands of the venues of all networks, in alphabetical order."""
    return tuple(sorted({venue.dex for network in NETWORKS for venue in venues_for(network)}))


def holdings() -> Holdings:
    """The wallet's balances now; raises ChainUnavailable."""
    try:
        wallet = wallet_address()
        balances = connection().run(connection().rpc.balances(wallet))
    except DexError as error:
        raise ChainUnavailable() from error
    by_mint = {str(mint): amount for mint, amount in balances.tokens.items()}
    return Holdings(str(wallet), by_mint | {str(NATIVE_MINT): balances.lamports})
