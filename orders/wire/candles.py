"""Prices over time on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from orders.wire.json_types import DECIMAL, INSTANT, INTEGER, TEXT, instant, list_of, nullable, one_of
from orders.wire.message import Field, Message
from orders.wire.orders import SOL, USDC

INTERVALS: Final = {"1s": 1, "5s": 5, "1m": 60, "5m": 300, "15m": 900, "1h": 3_600, "1d": 86_400}


class Candle(NamedTuple):
    """Prices of a span, None where none was sampled in it, and the own trades in it, in whole tokens."""

    at: datetime
    open: str | None
    high: str | None
    low: str | None
    close: str | None
    trades: int
    volume_in: str
    volume_out: str


_PRICE: Final = nullable(DECIMAL)
CANDLE: Final = Message(
    "Candle",
    Field("at", INSTANT, instant("at"), "when it begins"),
    Field("open", _PRICE, "open", "tokenOut per tokenIn; null: only own trades", example="164.71"),
    Field("high", _PRICE, "high", "the same", example="164.9"),
    Field("low", _PRICE, "low", "the same", example="164.6"),
    Field("close", _PRICE, "close", "the same", example="164.8"),
    Field("trades", INTEGER, "trades", "the caller's confirmed swaps of the pair, either way", example=1),
    Field("volumeIn", DECIMAL, "volume_in", "what they moved of tokenIn", example="5"),
    Field("volumeOut", DECIMAL, "volume_out", "what they moved of tokenOut", example="823.575312"),
)
CANDLES: Final = Message(
    "Candles",
    Field("tokenIn", TEXT, means="symbol", example="SOL"),
    Field("tokenOut", TEXT, means="symbol", example="USDC"),
    Field("tokenInMint", TEXT, means="mint address", example=SOL),
    Field("tokenOutMint", TEXT, means="mint address", example=USDC),
    Field("interval", one_of(INTERVALS), means="of a candle", example="1m"),
    Field("candles", list_of(CANDLE), means="oldest first, the newest 1,500 at most"),
)
