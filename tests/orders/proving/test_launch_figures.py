"""What a run of sniper orders over launches comes to: slots after the opening, and losses to traps."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

import pytest

from orders.client.remote import EngineRefused, RemoteEngine
from orders.proving.launches import landing, traps
from orders.proving.launches.node import Launched
from orders.proving.launches.snipes import Snipe


def launched(opened: int | None = 100, trap: str | None = None, venue: str = "raydium-cpmm") -> Launched:
    return Launched(0, venue, "POOL", "MINT", "SYMBOL", trap, 50, opened, None)


def order(*slots: int, status: str = "confirmed", failed: int = 0) -> dict[str, Any]:
    """An order whose last attempt landed in the last slot, after so many that landed and failed."""
    attempts = [
        {"state": "landed", "slot": slot, "error": {"code": "SLIPPAGE_EXCEEDED"} if n < failed else None}
        for n, slot in enumerate(slots)
    ]
    return {
        "orderId": "1",
        "status": status,
        "attempts": attempts,
        "executedAmountIn": "0.05",
        "executedAmountOut": "1000",
    }


def bought(lag: int, **of_launch: Any) -> Snipe:
    return Snipe(launched(**of_launch), order(100 + lag))


def test_the_lag_counts_from_the_opening_to_the_landed_swap() -> None:
    assert Snipe(launched(), order(99, 103, failed=1)).lag == 3
    assert Snipe(launched(opened=None), order(103)).lag is None
    assert Snipe(launched(), order(103, status="failed")).lag is None


def test_shares_are_of_all_launches() -> None:
    snipes = [bought(0), bought(0), bought(1), bought(2), Snipe(launched(), refused="UNKNOWN_TOKEN")]
    found = landing.landing_of(snipes)
    assert (found.at_once_percent, found.in_time_percent) == (40, 60)
    assert str(found) == (
        "4 of 5 bought; slots after the opening: p50 0, p95 2, most 2;"
        " 40 % in the opening slot, 60 % in it or the next"
    )


def test_nothing_bought_has_no_percentiles() -> None:
    found = landing.landing_of([Snipe(launched(), refused="UNKNOWN_TOKEN")])
    assert (str(found), found.in_time_percent) == ("0 of 1 bought", 0)


def test_the_report_names_venues_and_reasons() -> None:
    waiting = {**order(status="open"), "sniping": {"waitingFor": "NOT_OPEN"}}
    failed = {**order(status="failed"), "error": {"code": "SLIPPAGE_EXCEEDED"}}
    snipes = [
        bought(1),
        bought(1, venue="orca-whirlpool"),
        Snipe(launched(), waiting),
        Snipe(launched(), failed),
    ]
    assert [line.split(";")[0] for line in landing.lines(snipes)] == [
        "2 of 4 bought",
        "  orca-whirlpool   1 of 1 bought",
        "  raydium-cpmm     1 of 3 bought",
        "  not bought: 1 NOT_OPEN",
        "  not bought: 1 SLIPPAGE_EXCEEDED",
    ]


class _Engine:
    """Quotes one worth for everything, or refuses."""

    def __init__(self, worth: str | None) -> None:
        self._worth = worth

    def quote(self, *_: str) -> Mapping[str, Any]:
        if self._worth is None:
            raise EngineRefused("NO_ROUTE", "")
        return {"best": {"amountOut": self._worth}}


@pytest.mark.parametrize(
    ("worth", "lost"), [("0.0005", "0.0495"), ("0.06", "0"), (None, "0.05")], ids=["less", "more", "unsold"]
)
def test_a_loss_is_what_a_sale_would_not_bring(worth: str | None, lost: str) -> None:
    snipes = [bought(0, trap="freeze"), bought(0), Snipe(launched(trap="transferFee"), refused="NO")]
    found = traps.losses(snipes, cast(RemoteEngine, _Engine(worth)))
    assert [each.lost for each in found] == [Decimal(lost)]
    assert list(traps.lines(snipes, found)) == [
        f"2 traps: 1 bought, {Decimal(lost):f} SOL lost",
        "  freeze           1 bought",
        "  transferFee      1 NO",
        "1 other launches: 1 bought",
        "  1 bought",
    ]
