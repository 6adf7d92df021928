"""What a builder of genesis pools starts from, and what it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.localnet.programs import address_on
from dex.types import AccountData, Token

Pair = tuple[Token, Token]
_BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Market:
    """The tokens by symbol, who creates the pools, and the network whose program addresses count."""

    tokens: Mapping[str, Token]
    creator: Pubkey
    network: str

    def pair(self, base: str, quote: str) -> Pair | None:
        """Both tokens; None when one of them is not traded here."""
        if base in self.tokens and quote in self.tokens:
            return self.tokens[base], self.tokens[quote]
        return None

    def address_of(self, program: Pubkey) -> Pubkey:
        """Where the program that mainnet has at ``program`` is."""
        return address_on(self.network, program)


@dataclass(frozen=True, slots=True)
class GenesisPool:
    """A pool, by the venue's program, and what it trades."""

    program: Pubkey
    address: Pubkey
    base: Token
    quote: Token


@dataclass(frozen=True, slots=True)
class PoolAccounts:
    """A pool with every account that belongs to it; ``supplies`` are base units by mint in its vaults."""

    pool: GenesisPool
    accounts: dict[Pubkey, AccountData]
    supplies: dict[Pubkey, int]


def price_in_units(price: tuple[int, int], pair: Pair, skew_bps: int = 0) -> tuple[int, int]:
    """Quote base units a base base unit, as a fraction, ``skew_bps`` above ``price`` in whole tokens."""
    base, quote = pair
    numerator, denominator = price
    return (
        numerator * (_BPS + skew_bps) * 10**quote.decimals,
        denominator * _BPS * 10**base.decimals,
    )
