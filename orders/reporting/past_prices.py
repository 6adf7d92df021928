"""What amounts were worth in USDC, by the prices that the engine sampled then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from orders import gateway
from orders.records import price_samples
from orders.records.price_samples import MINUTE

# These lie so close to now that their minutes may not be written yet.
_MADE_OF_SECONDS: Final = 2
_MINUTES_TRIED: Final = 3


class Rate(NamedTuple):
    """Base units of USDC for so many base units of a token."""

    usdc: int
    units: int

    def value(self, amount: int) -> int:
        """What an amount was worth in base units of USDC, rounded down."""
        return amount * self.usdc // self.units


class SampledPrices:
    """Prices of rows, each asked for once; ``usdc`` is its mint."""

    def __init__(self, usdc: str) -> None:
        self._usdc = usdc
        self._found: dict[tuple[str, datetime], Rate | None] = {}

    def usdc_value(self, mint: str, amount: int, at: datetime) -> int | None:
        """What an amount was worth in base units of USDC, rounded down; None where no price is kept."""
        rate = self.rate(mint, at.replace(microsecond=0))
        return None if rate is None else rate.value(amount)

    def rates(self, mint: str, moments: Sequence[datetime]) -> dict[datetime, Rate]:
        """The rates of those of these moments, oldest first, that have one; few queries for many moments."""
        found: dict[datetime, Rate] = {}
        early, late = moments[:-_MADE_OF_SECONDS], moments[-_MADE_OF_SECONDS:]
        begins = {moment: _minutes_before(moment) for moment in early}
        minutes = sorted({at for ats in begins.values() for at in ats})
        sold = price_samples.closings((mint, self._usdc), minutes)
        bought = price_samples.closings((self._usdc, mint), minutes)
        for moment, ats in begins.items():
            made = (self._made_of(mint, sold.get(at), bought.get(at)) for at in ats)
            rate = next((each for each in made if each is not None), None)
            if rate is not None:
                found[moment] = rate
        by_seconds = {moment: self.rate(mint, moment.replace(microsecond=0)) for moment in late}
        return found | {moment: rate for moment, rate in by_seconds.items() if rate is not None}

    def rate(self, mint: str, at: datetime) -> Rate | None:
        """The rate at a moment; None where no price is kept."""
        if (mint, at) not in self._found:
            self._found[mint, at] = self._read(mint, at)
        return self._found[mint, at]

    def _read(self, mint: str, at: datetime) -> Rate | None:
        sold = price_samples.near((mint, self._usdc), at)
        bought = price_samples.near((self._usdc, mint), at) if sold is None else None
        return self._made_of(mint, sold, bought)

    def _made_of(self, mint: str, sold: int | None, bought: int | None) -> Rate | None:
        """The rate by what a whole token brings, else by what a whole USDC buys of it."""
        token, usdc = gateway.token_by_mint(mint), gateway.token_by_mint(self._usdc)
        if token is None or usdc is None:
            return None
        if sold is not None:
            return Rate(sold, 10**token.decimals)
        return Rate(10**usdc.decimals, bought) if bought else None


def _minutes_before(moment: datetime) -> list[datetime]:
    """When the last minutes began that had ended by then, newest first: one may be without a sample."""
    newest = moment.replace(second=0, microsecond=0) - timedelta(seconds=MINUTE)
    return [newest - timedelta(seconds=MINUTE * back) for back in range(_MINUTES_TRIED)]
