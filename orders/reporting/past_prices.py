"""What amounts were worth in USDC, by the prices that the engine sampled then."""

from __future__ import annotations

from datetime import datetime

from orders import gateway
from orders.records import price_samples


class SampledPrices:
    """Prices of rows, each asked for once; ``usdc`` is its mint."""

    def __init__(self, usdc: str) -> None:
        self._usdc = usdc
        self._found: dict[tuple[str, datetime], tuple[int, int] | None] = {}

    def usdc_value(self, mint: str, amount: int, at: datetime) -> int | None:
        """What an amount was worth in base units of USDC, rounded down; None where no price is kept."""
        rate = self._rate(mint, at.replace(microsecond=0))
        return None if rate is None else amount * rate[0] // rate[1]

    def _rate(self, mint: str, at: datetime) -> tuple[int, int] | None:
        """Base units of USDC for so many of the mint."""
        if (mint, at) not in self._found:
            self._found[mint, at] = self._read(mint, at)
        return self._found[mint, at]

    def _read(self, mint: str, at: datetime) -> tuple[int, int] | None:
        token = gateway.token_by_mint(mint)
        usdc = gateway.token_by_mint(self._usdc)
        if token is None or usdc is None:
            return None
        sold = price_samples.near((mint, self._usdc), at)
        if sold is not None:
            return sold, 10**token.decimals
        bought = price_samples.near((self._usdc, mint), at)
        return None if bought is None else (10**usdc.decimals, bought)
