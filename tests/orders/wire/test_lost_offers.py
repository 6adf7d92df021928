"""Losing offers are written alike for all orders, by the tokens that are known now."""

from __future__ import annotations

from typing import Any

from solders.pubkey import Pubkey

from dex.types import Quote, Route
from orders.wire.offers import LOST_OFFER, lost_offer

SOL = Pubkey.from_string("So11111111111111111111111111111111111111112")
MINT = Pubkey.new_unique()
ROUTE = Route.of(
    Quote(
        dex="raydium",
        venue="raydium-cpmm",
        pool=Pubkey.new_unique(),
        token_in=SOL,
        token_out=MINT,
        amount_in=1_000_000_000,
        amount_out=1_500,
        fee_amount=2_500_000,
        fee_mint=SOL,
        price_impact_bps=3,
        slot=1,
    )
)


def test_a_lost_offer_is_what_its_fields_say_and_its_own_object(db: None) -> None:
    first, second = lost_offer(ROUTE), lost_offer(ROUTE)
    assert first == second == LOST_OFFER.of(ROUTE)
    assert first is not second
    first["dex"] = "changed"
    assert lost_offer(ROUTE) == second


def test_a_token_that_is_named_later_is_written_with_its_decimals(db: None, settings: Any) -> None:
    # Nothing is known of the mint: its amounts stay base units.
    assert lost_offer(ROUTE)["amountOut"] == "1500"
    settings.TOKENS = {"NEW": f"{MINT}:3"}
    assert lost_offer(ROUTE)["amountOut"] == "1.5"
