"""What an order allows of a quote, within the bounds of the settings."""

from __future__ import annotations

from django.conf import settings

from orders import gateway
from orders.errors import InvalidRequest


def slippage(slippage_bps: int | str | None) -> int:
    """The slippage as given, the most that an automatic one may become, or the default.

    Raises InvalidRequest beyond MAX_SLIPPAGE_BPS.
    """
    if isinstance(slippage_bps, str):
        return gateway.auto_slippage_cap_bps()
    if slippage_bps is None:
        return int(settings.DEFAULT_SLIPPAGE_BPS)
    if not 0 <= slippage_bps <= settings.MAX_SLIPPAGE_BPS:
        allowed = f"0 to {settings.MAX_SLIPPAGE_BPS}, or auto"
        raise InvalidRequest("The slippage is out of range", slippageBps=allowed)
    return slippage_bps


def stop_slippage() -> int:
    """What stops get that say none."""
    return int(min(settings.STOP_SLIPPAGE_BPS, settings.MAX_SLIPPAGE_BPS))


def max_price_impact(impact_bps: int | None) -> int | None:
    """As given; raises InvalidRequest beyond MAX_PRICE_IMPACT_BPS."""
    most = settings.MAX_PRICE_IMPACT_BPS
    if impact_bps is not None and not 0 <= impact_bps <= most:
        raise InvalidRequest("The price impact is out of range", maxPriceImpactBps=f"0 to {most}")
    return impact_bps


def max_cost(cost_bps: int | None) -> int | None:
    """As given; raises InvalidRequest beyond MAX_COST_BPS."""
    most = settings.MAX_COST_BPS
    if cost_bps is not None and not 0 <= cost_bps <= most:
        raise InvalidRequest("The cost is out of range", maxCostBps=f"0 to {most}")
    return cost_bps
