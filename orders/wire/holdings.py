"""What the wallet holds, on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from django.conf import settings

from dex.types import Token
from orders import gateway
from orders.amounts import from_base_units
from orders.models import TradingSwitch
from orders.wire.json_types import BASE_UNITS, DECIMAL, INTEGER, TEXT, list_of, nullable, one_of
from orders.wire.message import Field, Message
from orders.wire.orders import SOL, USDC, WALLET


class Holding(NamedTuple):
    """A token, how much of it the wallet holds in base units, and what orders cannot spend of that.

    The balance is None while no node says what it is.
    """

    token: Token
    balance: int | None
    committed: int
    kept_back: int
    waiting: int = 0

    @property
    def spendable(self) -> int | None:
        """What a new order may sell."""
        return None if self.balance is None else max(0, self.balance - self.committed - self.kept_back)

    @property
    def most(self) -> int | None:
        """What one order may sell at most; None for no cap."""
        return gateway.largest_amount(self.token)


class Wallet(NamedTuple):
    """The wallet, whether it may trade now, what it holds and has committed in base units by mint."""

    address: str
    switch: TradingSwitch
    tokens: Iterable[Token]
    balances: Mapping[str, int] | None
    committed: Mapping[str, int]
    waiting: Mapping[str, int]

    def holdings(self) -> list[Holding]:
        """Of each token that orders may name."""
        return [self._holding(token, str(token.mint)) for token in self.tokens]

    def _holding(self, token: Token, mint: str) -> Holding:
        balance = None if self.balances is None else self.balances.get(mint, 0)
        kept_back = gateway.SOL_RESERVE if mint == gateway.SOL else 0
        committed, waiting = self.committed.get(mint, 0), self.waiting.get(mint, 0)
        return Holding(token, balance, committed, kept_back, waiting)


def _whole(name: str) -> Callable[[Holding], str | None]:
    def read(holding: Holding) -> str | None:
        amount = getattr(holding, name)
        return None if amount is None else from_base_units(amount, holding.token.decimals)

    return read


def _raw(name: str) -> Callable[[Holding], str | None]:
    def read(holding: Holding) -> str | None:
        amount = getattr(holding, name)
        return None if amount is None else str(amount)

    return read


HOLDING: Final = Message(
    "Holding",
    Field("symbol", TEXT, "token.symbol", "the name that orders may use", example="SOL"),
    Field("name", TEXT, "token.name", example="Wrapped SOL"),
    Field("mint", TEXT, lambda holding: str(holding.token.mint), "mint address", example=SOL),
    Field("decimals", INTEGER, "token.decimals", example=9),
    Field(
        "balance",
        nullable(DECIMAL),
        _whole("balance"),
        "null while no node says what it is",
        example="99994.999995",
    ),
    Field(
        "balanceRaw",
        nullable(BASE_UNITS),
        _raw("balance"),
        "the same in base units",
        example="99994999995000",
    ),
    Field("committed", DECIMAL, _whole("committed"), "what orders under way may still take", example="0"),
    Field(
        "waiting",
        DECIMAL,
        _whole("waiting"),
        "what open orders would sell together; they reserve nothing",
        example="0",
    ),
    Field("keptBack", DECIMAL, _whole("kept_back"), "of SOL, for fees and rent", example="0.01"),
    Field(
        "spendable",
        nullable(DECIMAL),
        _whole("spendable"),
        "what a new order may sell: the balance less both",
        example="99994.989995",
    ),
    Field(
        "spendableRaw",
        nullable(BASE_UNITS),
        _raw("spendable"),
        "the same in base units",
        example="99994989995000",
    ),
    Field("maxAmountIn", nullable(DECIMAL), _whole("most"), "the most that an order may sell", example=None),
)
_USDC: Final = HOLDING.example(
    symbol="USDC",
    name="USD Coin",
    mint=USDC,
    decimals=6,
    balance="823.575312",
    balanceRaw="823575312",
    keptBack="0",
    spendable="823.575312",
    spendableRaw="823575312",
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
