"""What the wallet holds, on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from django.conf import settings

from dex.types import Token
from orders.amounts import from_base_units
from orders.models import TradingSwitch
from orders.wire.json_types import BASE_UNITS, DECIMAL, INTEGER, TEXT, list_of, nullable, one_of
from orders.wire.message import Field, Message
from orders.wire.orders import SOL, USDC, WALLET


class Holding(NamedTuple):
    """A token, and how much of it the wallet holds in base units; None while no node says."""

    token: Token
    balance: int | None


class Wallet(NamedTuple):
    """The wallet, whether it may trade now, and what it holds in base units by mint."""

    address: str
    switch: TradingSwitch
    tokens: Iterable[Token]
    balances: Mapping[str, int] | None

    def holdings(self) -> list[Holding]:
        """Of each token that orders may name."""
        held = self.balances
        return [
            Holding(token, None if held is None else held.get(str(token.mint), 0)) for token in self.tokens
        ]


def _balance(holding: Holding) -> str | None:
    return None if holding.balance is None else from_base_units(holding.balance, holding.token.decimals)


HOLDING: Final = Message(
    "Holding",
    Field("symbol", TEXT, "token.symbol", "the name that orders may use", example="SOL"),
    Field("name", TEXT, "token.name", example="Wrapped SOL"),
    Field("mint", TEXT, lambda holding: str(holding.token.mint), "mint address", example=SOL),
    Field("decimals", INTEGER, "token.decimals", example=9),
    Field(
        "balance", nullable(DECIMAL), _balance, "null while no node says what it is", example="99994.999995"
    ),
    Field(
        "balanceRaw",
        nullable(BASE_UNITS),
        lambda holding: None if holding.balance is None else str(holding.balance),
        "the same in base units",
        example="99994999995000",
    ),
)
_USDC: Final = HOLDING.example(
    symbol="USDC", name="USD Coin", mint=USDC, decimals=6, balance="823.575312", balanceRaw="823575312"
)
HOLDINGS: Final = Message(
    "Holdings",
    Field("wallet", nullable(TEXT), lambda wallet: wallet.address or None, "its address", example=WALLET),
    Field("network", TEXT, lambda _: settings.SOLANA_NETWORK, "the chain's name", example="devnet"),
    Field(
        "trading",
        one_of(("on", "off")),
        lambda wallet: "on" if wallet.switch.is_on else "off",
        "off: the kill switch holds all orders",
    ),
    Field("tradingReason", TEXT, "switch.reason", "why it was switched off", example=""),
    Field(
        "tokens",
        list_of(HOLDING),
        lambda wallet: [HOLDING.of(holding) for holding in wallet.holdings()],
        "those that orders may name by symbol",
        example=[HOLDING.example(), _USDC],
    ),
)
