"""A new pool in words for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

_BPS_A_PERCENT: Final = 100
# The end of what clocks show; creators may name any number.
_LATEST_SECONDS: Final = 253_402_300_800
Wire = Mapping[str, Any]


def launch_text(launch: Wire) -> str:
    """One line: when it was seen, how far it has come, where, what, and what to look at before buying."""
    seen = datetime.fromisoformat(launch["seenAt"]).astimezone(UTC)
    name = f"{launch['symbol']} " if launch["symbol"] else ""
    pair = f"{name}{launch['mint']} for {launch['quoteSymbol'] or launch['quoteMint']}"
    parts = [_liquidity(launch), _fee(launch), _opening(launch), _origin(launch), _flags(launch)]
    head = f"{seen:%H:%M:%S}  {launch['state']:<7}  {launch['venue']:<15}  {pair}"
    return "  ".join([head, *(part for part in parts if part)])


def _liquidity(launch: Wire) -> str:
    held = launch["liquidity"]
    return f"{held} {launch['quoteSymbol'] or ''}".rstrip() if held is not None else ""


def _fee(launch: Wire) -> str:
    bps = launch["feeBps"]
    return "" if bps is None else f"fee {bps / _BPS_A_PERCENT:g} %"


def _opening(launch: Wire) -> str:
    opens = launch["opens"]
    if launch["state"] == "open" or opens is None:
        return ""
    if opens["unit"] == "slot":
        return f"opens at slot {opens['point']}"
    if opens["point"] >= _LATEST_SECONDS:
        return "never opens"
    return f"opens {datetime.fromtimestamp(opens['point'], UTC):%Y-%m-%d %H:%M:%S} UTC"


def _origin(launch: Wire) -> str:
    return f"from {launch['graduatedFrom']}" if launch["graduatedFrom"] else ""


def _flags(launch: Wire) -> str:
    return ", ".join(launch["flags"])
