"""The demo of order types: what it places is valid, and what went wrong is found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from orders.proving.demo.cases import CASES, Case, did, fault_of, has_ended
from orders.wire.request_parsing import parse_order
from tests.orders.scripted_engine import ScriptedEngine, running

PRICE = Decimal(200)
BY_NAME = {case.name: case for case in CASES}


def order(status: str = "confirmed", price: str = "214", **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "tokenIn": "SOL",
        "executedPrice": price,
        "groupRole": None,
        "error": None,
    } | more


FIRED = {"code": "SIBLING_FIRED", "message": ""}
PAIR = [order(groupRole="take_profit"), order("cancelled", groupRole="stop_loss", error=FIRED)]
PARENT, ROUNDS = order(price="200", groupRole="schedule"), 3 * [order(price="200", groupRole="round")]
ENTRY = order(groupRole="entry", tokenIn="USDC", price="0.005")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_the_demo_places_is_a_valid_order(case: Case) -> None:
    parse_order(case.request(PRICE, "key"))


def test_prices_are_per_cent_of_the_first_one() -> None:
    assert BY_NAME["oco"].request(PRICE, "key") == {
        "tokenIn": "SOL",
        "tokenOut": "USDC",
        "amountIn": "1",
        "clientOrderId": "key",
        "orderClass": "oco",
        "takeProfit": {"limitPrice": "212.000000"},
        "stopLoss": {"triggerPrice": "176.000000"},
    }


@pytest.mark.parametrize(
    ("name", "orders", "fault"),
    [
        ("limit", [order()], ""),
        ("limit", [order(price="211.9")], "filled at 211.9: not 212.000000 to 218.000000"),
        ("limit", [order("expired")], "0 were filled instead of one"),
        ("limit fok", [order("failed", error={"code": "SLIPPAGE_EXCEEDED"})], ""),
        ("limit fok", [order()], "it did not fail with SLIPPAGE_EXCEEDED"),
        ("oco", PAIR, ""),
        ("dca", [PARENT, *ROUNDS], ""),
        ("dca", [PARENT, *ROUNDS[:2]], "2 rounds were placed, not all of them filled"),
        (
            "dca",
            [PARENT, *ROUNDS[:2], order("failed", groupRole="round")],
            "3 rounds were placed, not all of them filled",
        ),
        ("oco", [PAIR[0], order(groupRole="stop_loss")], "2 were filled instead of one"),
        ("oco", [PAIR[0], order("open", groupRole="stop_loss")], "the other was not cancelled with it"),
        (
            "oco",
            [order("cancelled", groupRole="take_profit", error=FIRED), order(groupRole="stop_loss")],
            "the stop_loss was filled instead of the take_profit",
        ),
        ("bracket", [ENTRY | {"status": "failed"}], "the entry was not filled"),
    ],
)
def test_what_a_case_did_is_held_against_what_it_should(
    name: str, orders: list[dict[str, Any]], fault: str
) -> None:
    assert fault_of(BY_NAME[name], orders, PRICE) == fault


def test_a_bracket_has_ended_when_its_exits_have() -> None:
    bracket = BY_NAME["bracket"]
    assert not has_ended(bracket, [ENTRY])
    assert not has_ended(bracket, [ENTRY, *PAIR[:1], order("open")])
    assert has_ended(bracket, [ENTRY, *PAIR])


def test_a_fill_is_said_in_per_cent_of_the_first_price() -> None:
    assert (
        did(PAIR, PRICE) == "take_profit confirmed at 214 USDC, 107.0 %; stop_loss cancelled (SIBLING_FIRED)"
    )


def test_the_demo_refuses_other_networks(settings: Any) -> None:
    settings.SOLANA_NETWORK = "devnet"
    engine = ScriptedEngine([(200, {})])
    with running(engine), pytest.raises(CommandError, match="on localnet only"):
        call_command("demo", "orders", "--url", engine.url)
    assert engine.requests == []
