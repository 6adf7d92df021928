"""The orders of `manage.py bench --mixed`: every venue, splits, two hops, exact outputs, a fee of the token.

They are of the tokens that localnet starts with. Each pair is traded back and forth, so that prices stay
about where they were, and each round of the list has other amounts, so that other ticks and bins are crossed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any, Final

from orders.proving.benchmark.load import Swap

# Localnet's token of Token-2022 that keeps a fee of each transfer (`dex.localnet.genesis_tokens`).
FEE_TOKEN: Final = "4ALZUhP2AzTPfJf3BEbzGrd6nu4BGjN5wmh1ztUgL3tx"  # noqa: S105 -- a mint
# What a round's amounts are of those in the list, in percent.
_ROUNDS: Final = (100, 37, 211, 9, 153, 3, 67)
# The base units of a token that these many USDC buy are read once; an amount is a part of them.
_USDC_ASKED: Final = 1_000
# What an exact output may cost of what it was quoted beforehand: prices move a little until its turn comes.
_MARGIN_PERCENT: Final = 110

Ask = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Shape:
    """Orders of a pair, one each way, of what ``usdc`` are worth; ``bounds`` are fields of the request."""

    pair: tuple[str, str]
    usdc: int
    bounds: tuple[tuple[str, Any], ...] = ()
    is_exact_output: bool = False


def _only(venue: str) -> tuple[tuple[str, Any], ...]:
    return ("venues", [venue]), ("maxHops", 1), ("maxSplits", 1)


_ONE_POOL: Final = (
    ("raydium-cpmm", ("SOL", "USDC")),
    ("meteora-damm-v2", ("SOL", "USDC")),
    ("raydium-amm-v4", ("SOL", "USDC")),
    ("raydium-clmm", ("SOL", "USDT")),
    ("meteora-dlmm", ("SOL", "USDC")),
    ("orca-whirlpool", ("SOL", "USDC")),
    ("orca-whirlpool-immutable", ("JUP", "USDC")),
)
_SPLITS: Final = (
    (("SOL", "USDC"), 60_000),
    (("SOL", "USDC"), 900_000),
    (("SOL", "USDT"), 150_000),
    (("JUP", "USDC"), 200_000),
)
_TWO_HOPS: Final = (("BONK", "USDC"), ("JUP", "USDT"), (FEE_TOKEN, "USDT"))

SHAPES: Final[tuple[Shape, ...]] = (
    *(Shape(pair, 2_000, _only(venue)) for venue, pair in _ONE_POOL),
    *(Shape(pair, usdc, (("maxHops", 1),)) for pair, usdc in _SPLITS),
    *(Shape(pair, 1_500) for pair in _TWO_HOPS),
    *(Shape((FEE_TOKEN, other), 700, (("maxHops", 1),)) for other in ("USDC", "SOL")),
    *(Shape(pair, 1_100, _only(venue), is_exact_output=True) for venue, pair in _ONE_POOL),
    Shape(("SOL", "USDC"), 400_000, (("maxHops", 1),), is_exact_output=True),
    *(Shape(pair, 900, is_exact_output=True) for pair in _TWO_HOPS),
    Shape((FEE_TOKEN, "SOL"), 300, (("maxHops", 1),), is_exact_output=True),
)


def mixed_swaps(quote: Ask, orders: int) -> list[Swap]:
    """So many orders of all shapes; ``quote`` asks the engine for a price by fields of `GET /api/quotes`."""
    units = _Units(quote)
    return list(islice(_endless(quote, units), orders))


def _endless(quote: Ask, units: _Units) -> Iterator[Swap]:
    for percent in cycle(_ROUNDS):
        for shape in SHAPES:
            for sold, bought in (shape.pair, shape.pair[::-1]):
                usdc = max(1, shape.usdc * percent // 100)
                fixed = _bought if shape.is_exact_output else _sold
                yield Swap(sold, bought, more=fixed(quote, units, shape, sold, bought, usdc))


def _sold(_: Ask, units: _Units, shape: Shape, sold: str, _bought: str, usdc: int) -> dict[str, Any]:
    return {"amountInRaw": str(units.worth(sold, usdc)), **dict(shape.bounds)}


def _bought(quote: Ask, units: _Units, shape: Shape, sold: str, bought: str, usdc: int) -> dict[str, Any]:
    wanted = {"amountOutRaw": str(units.worth(bought, usdc))}
    bounds = {name: ",".join(v) if isinstance(v, list) else v for name, v in shape.bounds}
    best = quote(tokenIn=sold, tokenOut=bought, swapMode="exactOut", **wanted, **bounds)["best"]
    most = int(best["amountInRaw"]) * _MARGIN_PERCENT // 100
    return wanted | {"maxAmountInRaw": str(most), **dict(shape.bounds)}


class _Units:
    """Base units of tokens by their worth in USDC, each token asked for once."""

    def __init__(self, quote: Ask) -> None:
        self._quote = quote
        self._bought: dict[str, int] = {}

    def worth(self, token: str, usdc: int) -> int:
        """What so many USDC buy."""
        if token not in self._bought:
            self._bought[token] = self._ask(token)
        return max(1, self._bought[token] * usdc // _USDC_ASKED)

    def _ask(self, token: str) -> int:
        if token == "USDC":  # noqa: S105 -- a symbol
            return _USDC_ASKED * 10**6
        answer = self._quote(tokenIn="USDC", tokenOut=token, amountIn=str(_USDC_ASKED))
        return int(answer["best"]["amountOutRaw"])
