"""Networks and tokens that can be named, what the wallet holds, and whether the node answers."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver
from solders.pubkey import Pubkey

from dex.config import MAINNET, NATIVE_MINT, NETWORKS, tokens_of
from dex.errors import DexError, PoolRefused
from dex.transactions.token_accounts import parse_mint_decimals
from dex.types import Token
from orders.errors import ChainUnavailable, UnknownToken
from orders.gateway.connection import connection
from orders.gateway.kept_mints import is_address, kept_mint
from orders.gateway.wallet import wallet_address

_SYMBOL: Final = re.compile(r"[A-Z0-9]{1,10}")
# As many as base units of a mint have room for in 64 bits.
_DECIMALS: Final = re.compile(r"1?[0-9]")
# All tokens that may be named; by symbol and mint; by mint, with those of other networks.
Lists = tuple[tuple[Token, ...], Mapping[str, Token], Mapping[str, Token]]


class WrongToken(Exception):
    """A token of the settings is not what they say; nothing may be traded."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the wallet can spend, base units by mint; lamports stand under SOL's native mint."""

    wallet: str
    by_mint: Mapping[str, int]


def tokens() -> tuple[Token, ...]:
    """The tokens that orders may name on the network of the settings, in the order of its list."""
    return _named()[0]


def listed_token(symbol_or_mint: str) -> Token | None:
    """A token of the list by symbol in any letter case, or by mint address."""
    _, by_name, _ = _named()
    found = by_name.get(symbol_or_mint)
    # Beyond ASCII there are letters whose capital is one of a symbol: the long s is no S.
    if found is None and symbol_or_mint.isascii():
        found = by_name.get(symbol_or_mint.upper())
    return found


def find_token(symbol_or_mint: str) -> Token:
    """A token of the list, or a mint that was named before, without the chain; raises UnknownToken."""
    found = listed_token(symbol_or_mint)
    if found is None and is_address(symbol_or_mint):
        kept = kept_mint(symbol_or_mint)
        found = kept.token if kept and kept.network == settings.SOLANA_NETWORK else None
    if found is None:
        raise unknown_token()
    return found


def unknown_token() -> UnknownToken:
    """The refusal of a name that stands for no token, with the symbols of the list."""
    return UnknownToken(known=[token.symbol for token in tokens()])


def is_listed_elsewhere(mint: str) -> bool:
    """Whether a mint is of another network's list: it is none here, and the chain is not asked."""
    return mint in _named()[2]


def token_by_mint(mint: str) -> Token | None:
    """The token of a mint on any network, as older orders may be of another; None when it is not known.

    Of lists, else as the database keeps it; never asks the chain.
    """
    listed = _named()[2].get(mint)
    if listed is not None or not is_address(mint):
        return listed
    kept = kept_mint(mint)
    return kept.token if kept else None


def decimals_of(mint: str) -> int:
    """Of the token of a mint; 0, so that amounts stay base units, where nothing is known of it."""
    token = token_by_mint(mint)
    return token.decimals if token else 0


def token_config_errors() -> list[str]:
    """What is wrong with TOKENS: symbols, addresses, decimals, or the network."""
    if settings.TOKENS and settings.SOLANA_NETWORK == MAINNET:
        return ["TOKENS is not for mainnet-beta"]
    return [f"TOKENS: {fault}" for fault in _read(tuple(settings.TOKENS.items()))[1]]


def require_tokens() -> None:
    """Raise WrongToken when a mint of TOKENS has other decimals or is none; DexError without an answer.

    An amount in whole tokens would else be many times what was meant.
    """
    named = {t.mint: t for t in _read(tuple(settings.TOKENS.items()))[0]}
    if not named:
        return
    accounts = connection().run(connection().rpc.snapshot(list(named))).accounts
    for mint, token in named.items():
        account = accounts[mint]
        if account is None:
            raise WrongToken(f"TOKENS: there is no {token.symbol} at {mint}")
        try:
            decimals = parse_mint_decimals(account)
        except PoolRefused:
            raise WrongToken(f"TOKENS: {mint} is no mint") from None
        if decimals != token.decimals:
            raise WrongToken(f"TOKENS: {token.symbol} has {decimals} decimals, not {token.decimals}")


@functools.lru_cache(maxsize=1)
def _named() -> Lists:
    """Those of the settings. Asked for some forty times an order, so the settings are not."""
    return _lists(settings.SOLANA_NETWORK, tuple(settings.TOKENS.items()))


@receiver(setting_changed)
def _forget(setting: str, **_: object) -> None:
    """Settings change in tests alone."""
    if setting in {"SOLANA_NETWORK", "TOKENS"}:
        _named.cache_clear()


@functools.lru_cache(maxsize=8)
def _lists(network: str, own: tuple[tuple[str, str], ...]) -> Lists:
    added = {} if network == MAINNET else {token.symbol: token for token in _read(own)[0]}
    known = tuple(({token.symbol: token for token in tokens_of(network)} | added).values())
    by_mint = {str(token.mint): token for token in known}
    elsewhere = {str(token.mint): token for each in NETWORKS for token in tokens_of(each)}
    return known, {token.symbol: token for token in known} | by_mint, elsewhere | by_mint


@functools.lru_cache(maxsize=8)
def _read(own: tuple[tuple[str, str], ...]) -> tuple[list[Token], list[str]]:
    """The tokens of the setting that can be read, and what is wrong with the others."""
    found: list[Token] = []
    faults: list[str] = []
    for symbol, text in own:
        mint, _, decimals = text.strip().partition(":")
        if not _SYMBOL.fullmatch(symbol) or symbol == "SOL":
            faults.append(f"{symbol} is no symbol: 1 to 10 capital letters and digits, and not SOL")
        elif not is_address(mint) or mint in {str(token.mint) for token in found} | {str(NATIVE_MINT)}:
            faults.append(f"{symbol} has no mint address of its own")
        elif not _DECIMALS.fullmatch(decimals):
            faults.append(f"{symbol} has no decimals: {symbol}=MINT:6")
        else:
            found.append(Token(symbol, symbol, Pubkey.from_string(mint), int(decimals)))
    return found, faults


def networks() -> tuple[str, ...]:
    """The networks that the engine can be set to."""
    return NETWORKS


def holdings() -> Holdings:
    """The wallet's balances now; raises ChainUnavailable."""
    try:
        wallet = wallet_address()
        balances = connection().run(connection().rpc.balances(wallet))
    except DexError as error:
        raise ChainUnavailable() from error
    by_mint = {str(mint): amount for mint, amount in balances.tokens.items()}
    return Holdings(str(wallet), by_mint | {str(NATIVE_MINT): balances.lamports})
