"""`manage.py order` with prices, `orders`, `amend` and `cancel`: what they send, what they show."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from orders.client.argument_types import moment
from orders.client.waiting_text import open_text, row_text
from tests.orders.scripted_engine import ScriptedEngine, running

ORDER_ID = "7d4f8ac2-7a0c-4c59-b9b4-0d5e0d6f6a11"
SIBLING_ID = "2b0c1b1e-4a53-4d0f-9a57-5a27bd3c8a10"
GROUP_ID = "0f7c2fd5-2a8e-4bb5-9c7c-3c7f3a8f2f10"
TRIGGER = {"waitingFor": "PRICE", "firesAtOrAbove": "900", "confirmations": 1}
OPEN: dict[str, Any] = {
    "orderId": ORDER_ID,
    "type": "limit",
    "status": "open",
    "amountIn": "5",
    "tokenIn": "SOL",
    "tokenOut": "USDC",
    "slippageBps": 50,
    "limitPrice": "180",
    "timeInForce": "gtc",
    "trigger": TRIGGER,
    "version": 4,
    "groupId": None,
}
BOUGHT = OPEN | {
    "status": "confirmed",
    "executedAmountIn": "5",
    "executedAmountOut": "901",
    "executedPrice": "180.2",
    "slippageRealisedBps": 0,
    "fees": {"lp": "0.0125", "lpToken": "SOL", "network": "0.000005", "priority": "0"},
    "explorerUrl": "https://explorer.example/tx/SIG",
}
PAIR = {"groupId": GROUP_ID, "groupRole": "take_profit"}
STOP = OPEN | {"orderId": SIBLING_ID, "type": "stop", "groupId": GROUP_ID, "groupRole": "stop_loss"}


def event(sequence: int, status: str, **data: Any) -> dict[str, Any]:
    at = f"2026-01-02T03:04:05.{sequence:02}0Z"
    return {"type": "update", "orderId": ORDER_ID, "sequence": sequence, "status": status, "at": at, **data}


def run(engine: ScriptedEngine, *arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with running(engine), pytest.raises(SystemExit) as ended:
        call_command(*arguments, "--url", engine.url, stdout=out, stderr=err, no_color=True)
    return int(str(ended.value.code)), out.getvalue(), err.getvalue()


def placed(*flags: str) -> dict[str, Any]:
    """The body that `order SOL USDC 5` with these flags sends, without the pair and the amount."""
    engine = ScriptedEngine([(201, OPEN)])
    assert run(engine, "order", "SOL", "USDC", "5", "--no-follow", *flags)[0] == 0
    call, body = engine.requests[0]
    assert call == "POST /api/orders/execute"
    assert body | {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5"} == body
    return {name: value for name, value in body.items() if name not in ("tokenIn", "tokenOut", "amountIn")}


@pytest.mark.parametrize(
    ("flags", "body"),
    [
        ("--limit 180", {"type": "limit", "limitPrice": "180"}),
        (
            "--limit 180 --time-in-force ioc --price-of tokenOut",
            {"type": "limit", "limitPrice": "180", "timeInForce": "ioc", "priceOf": "tokenOut"},
        ),
        ("--stop 150 --confirmations 3", {"type": "stop", "triggerPrice": "150", "confirmations": 3}),
        ("--stop 150 --limit 148", {"type": "stop_limit", "triggerPrice": "150", "limitPrice": "148"}),
        (
            "--take-profit 200 --min-out 990",
            {"type": "take_profit", "triggerPrice": "200", "minAmountOut": "990"},
        ),
        (
            "--trail 500 --activation 190",
            {"type": "trailing_stop", "trailBps": 500, "activationPrice": "190"},
        ),
        (
            "--oco 200 150",
            {
                "type": "limit",
                "orderClass": "oco",
                "takeProfit": {"limitPrice": "200"},
                "stopLoss": {"triggerPrice": "150"},
            },
        ),
        (
            "--bracket 200 150 --stop-limit 148",
            {
                "orderClass": "bracket",
                "takeProfit": {"limitPrice": "200"},
                "stopLoss": {"triggerPrice": "150", "limitPrice": "148"},
            },
        ),
        (
            "--rounds 10 --every 1h --max-price 200 --start-at 2026-12-01T12:00Z --price-of tokenOut",
            {
                "type": "dca",
                "rounds": 10,
                "intervalSeconds": 3600,
                "maxPrice": "200",
                "startAt": "2026-12-01T12:00:00+00:00",
                "priceOf": "tokenOut",
            },
        ),
        ("--rounds 2 --every 60", {"type": "dca", "rounds": 2, "intervalSeconds": 60}),
        ("", {}),
    ],
)
def test_flags_become_the_fields_of_the_request(flags: str, body: dict[str, Any]) -> None:
    assert placed(*flags.split()) == body


def test_prices_of_two_kinds_are_refused_before_a_request() -> None:
    engine = ScriptedEngine([(201, OPEN)])
    status, _, err = run(engine, "order", "SOL", "USDC", "5", "--stop", "150", "--trail", "500")
    assert (status, engine.requests) == (2, [])
    assert err.strip() == "INVALID_REQUEST: --stop and --trail exclude each other"


@pytest.mark.parametrize(
    ("flags", "refusal"),
    [
        ("--rounds 3", "--rounds needs --every: the time between two"),
        ("--min-price 3", "--min-price goes with --rounds"),
        (
            "--rounds 3 --every 60 --limit 180",
            "--rounds and --limit exclude each other: say --min-price or --max-price",
        ),
    ],
)
def test_rounds_want_what_goes_with_them(flags: str, refusal: str) -> None:
    engine = ScriptedEngine([(201, OPEN)])
    status, _, err = run(engine, "order", "SOL", "USDC", "5", *flags.split())
    assert (status, engine.requests, err.strip()) == (2, [], f"INVALID_REQUEST: {refusal}")


def test_rounds_are_followed_to_what_they_came_to() -> None:
    schedule = {"lastRound": 3, "nextRound": 1, "nextAt": "12:00", "paused": False}
    steps = [
        event(1, "open", schedule=schedule),
        event(2, "open", schedule=schedule, round=1, roundOrderId=SIBLING_ID),
        event(3, "open", schedule=schedule, skippedRounds=[2, 3], skippedBecause="MISSED"),
        event(4, "confirmed", executedAmountOut="901", slot=None, txHash=None),
    ]
    dca = OPEN | {"type": "dca", "trigger": None, "schedule": schedule}
    bought = BOUGHT | {"type": "dca", "schedule": schedule, "fees": None, "explorerUrl": None}
    engine = ScriptedEngine([(201, dca), (200, bought)], [steps])
    status, out, _ = run(engine, "order", "SOL", "USDC", "5", "--rounds", "3", "--every", "60")
    assert status == 0
    lines = [line for line in out.splitlines() if not line.startswith("it waits")]
    assert lines[1:] == [
        "      0 ms  open       dca, round 1 of 3 at 12:00",
        f"     10 ms  open       round 1 of 3 is order {SIBLING_ID}",
        "     20 ms  open       rounds 2 to 3 skipped (MISSED)",
        "     30 ms  confirmed  901 USDC",
        "swapped 5 SOL for 901 USDC at 180.2 by its rounds together",
    ]


def test_a_schedule_is_paused_and_its_band_taken_away() -> None:
    engine = ScriptedEngine([(200, OPEN), (200, OPEN)])
    assert run(engine, "amend", ORDER_ID, "--pause", "--max-price", "never", "--rounds", "5")[0] == 0
    body = {"version": 4, "rounds": 5, "maxPrice": None, "paused": True}
    assert engine.requests[1] == (f"PATCH /api/orders/{ORDER_ID}", body)


def test_a_span_is_counted_from_now_and_a_moment_needs_a_zone() -> None:
    ahead = datetime.fromisoformat(moment("90m")) - datetime.now(UTC)
    assert timedelta(minutes=89) < ahead <= timedelta(minutes=90)
    assert moment("2026-12-01T12:00+01:00") == "2026-12-01T12:00:00+01:00"
    with pytest.raises(CommandError, match="nor a moment with its zone"):
        call_command("order", "SOL", "USDC", "5", "--expires=2026-12-01T12:00")


def test_a_waiting_order_says_what_fires_it_and_how_to_return() -> None:
    steps = [
        event(1, "open", trigger=TRIGGER),
        event(2, "routing", slot=80, quote={"dex": "raydium", "amountOut": "901"}),
        event(
            3, "open", error="The price moved", code="SLIPPAGE_EXCEEDED", retryInMs=1000, waitingFor="RETRY"
        ),
        event(4, "routing", slot=84),
        event(5, "confirmed", executedAmountOut="901", slot=85),
    ]
    status, out, _ = run(
        ScriptedEngine([(201, OPEN), (200, BOUGHT)], [steps]), "order", "SOL", "USDC", "5", "--limit", "180"
    )
    assert status == 0
    assert out.splitlines()[:7] == [
        f"order {ORDER_ID}: 5 SOL to USDC, limit at 180 or better",
        "      0 ms  open       fires when 5 SOL bring 900 USDC or more",
        f"it waits in the engine; Ctrl-C ends this view alone. script/manage orders --open lists it, "
        f"script/manage amend {ORDER_ID} and cancel {ORDER_ID} change and end it",
        "     10 ms  routing    fired in slot 80: raydium gives 901 USDC",
        "     20 ms  open       The price moved (SLIPPAGE_EXCEEDED), tried again in 1000 ms",
        "     30 ms  routing    fired in slot 84",
        "     40 ms  confirmed  901 USDC in slot 85",
    ]


def test_of_an_oco_the_one_that_fires_is_followed_to_its_end() -> None:
    first = [
        event(1, "open", trigger=TRIGGER),
        event(2, "cancelled", code="SIBLING_FIRED", error="The other order of its group has fired"),
    ]
    second = [
        event(1, "open", trigger={"firesAtOrBelow": "750", "confirmations": 2}),
        event(2, "routing", slot=80),
        event(3, "confirmed", executedAmountOut="749", slot=82),
    ]
    group = {"orders": [OPEN | PAIR, STOP]}
    answers = [(201, OPEN | PAIR), (200, group), (200, group), (200, BOUGHT)]
    engine = ScriptedEngine(answers, [first, second])
    status, out, _ = run(engine, "order", "SOL", "USDC", "5", "--oco", "200", "150")
    assert status == 0
    assert engine.stream_paths == [f"/ws/orders/{ORDER_ID}?after=0", f"/ws/orders/{SIBLING_ID}?after=0"]
    assert out.splitlines()[0].startswith(f"{SIBLING_ID}  stop          open")
    assert f"order {SIBLING_ID}: 5 SOL to USDC, stop" in out
    assert "fires when 5 SOL bring 750 USDC or less, in 2 slots in a row" in out


def test_orders_lists_a_row_each_by_the_filters_given() -> None:
    trailing = OPEN | {
        "type": "trailing_stop",
        "trigger": {"trailBps": 500, "watermark": "900", "firesAtOrBelow": "855", "confirmations": 2},
    }
    engine = ScriptedEngine([(200, {"results": [OPEN, trailing, STOP], "next": None})])
    status, out, _ = run(engine, "orders", "--open", "--group", GROUP_ID)
    assert status == 0
    assert engine.requests[0][0] == f"GET /api/orders?open=true&groupId={GROUP_ID}&limit=50"
    assert out.splitlines() == [
        f"{ORDER_ID}  limit         open      5 SOL to USDC, fires when 5 SOL bring 900 USDC or more",
        f"{ORDER_ID}  trailing_stop open      5 SOL to USDC, fires when 5 SOL bring 855 USDC or less, "
        f"5 % below 900, in 2 slots in a row",
        f"{SIBLING_ID}  stop          open      5 SOL to USDC, fires when 5 SOL bring 900 USDC or more  "
        f"stop_loss of group {GROUP_ID}",
    ]


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        ({"nextRound": 2, "paused": False}, "dca, round 2 of 3 at 12:00"),
        ({"nextRound": 2, "paused": True}, "dca, round 2 of 3 paused"),
        ({"nextRound": 4, "paused": False}, "dca, all 3 rounds placed"),
    ],
)
def test_a_schedule_is_listed_with_the_round_that_comes_next(schedule: dict[str, Any], text: str) -> None:
    dca = OPEN | {"type": "dca", "trigger": None, "schedule": {"lastRound": 3, "nextAt": "12:00", **schedule}}
    _, out, _ = run(ScriptedEngine([(200, {"results": [dca], "next": None})]), "orders")
    assert out.strip() == f"{ORDER_ID}  dca           open      5 SOL to USDC, {text}"


def test_amend_reads_the_version_again_when_it_has_moved() -> None:
    moved = {"code": "CHANGED_MEANWHILE", "message": "It has moved", "details": {"version": 5}}
    newer = OPEN | {"version": 5}
    engine = ScriptedEngine([(200, OPEN), (409, moved), (200, newer), (200, newer | {"limitPrice": "170"})])
    status, _, _ = run(engine, "amend", ORDER_ID, "--limit", "170", "--expires", "never")
    assert status == 0
    path = f"PATCH /api/orders/{ORDER_ID}"
    assert [each for each in engine.requests if each[0] == path] == [
        (path, {"version": 4, "limitPrice": "170", "expiresAt": None}),
        (path, {"version": 5, "limitPrice": "170", "expiresAt": None}),
    ]


def test_cancel_goes_on_past_an_order_that_has_begun() -> None:
    begun = {"code": "NOT_CANCELLABLE", "message": "Too late", "details": {"status": "submitted"}}
    before = {"code": "NOT_CANCELLABLE", "message": "Too late", "details": {"status": "cancelled"}}
    engine = ScriptedEngine([(409, begun), (200, OPEN | {"status": "cancelled"}), (409, before)])
    status, out, err = run(engine, "cancel", "a", "b", "c")
    assert status == 1
    assert out.splitlines() == ["b  cancelled", "c  cancelled before"]
    assert err.strip() == 'a: NOT_CANCELLABLE: Too late {"status": "submitted"}'


def test_cancel_all_takes_filters_and_says_what_was_left() -> None:
    left = [{"orderId": SIBLING_ID, "status": "routing"}]
    answer = {"cancelled": 1, "orderIds": [ORDER_ID], "notCancelled": left}
    engine = ScriptedEngine([(200, answer)])
    status, out, _ = run(engine, "cancel", "--all", "--type", "limit")
    assert status == 1
    assert engine.requests == [("POST /api/orders/cancel?type=limit", None)]
    assert out.splitlines() == [
        f"{ORDER_ID}  cancelled",
        f"{SIBLING_ID}  routing: a worker has begun it",
        "1 cancelled, 1 not",
    ]


@pytest.mark.parametrize("arguments", [(), ("--type", "limit"), (ORDER_ID, "--all")])
def test_cancel_wants_to_know_which_orders(arguments: tuple[str, ...]) -> None:
    engine = ScriptedEngine([(200, {})])
    with running(engine), pytest.raises(CommandError, match="give order ids, or --all"):
        call_command("cancel", *arguments, "--url", engine.url)
    assert engine.requests == []


def test_the_list_can_be_read_by_programs() -> None:
    engine = ScriptedEngine([(200, {"results": [OPEN], "next": "more"})])
    _, out, err = run(engine, "orders", "--json", "--limit", "1")
    assert json.loads(out) == OPEN
    assert err.strip() == "there are more than 1: give --limit, or a filter"


SNIPING = {"waitingFor": "NOT_OPEN", "why": "The pool has not opened yet", "maxOrders": None, "placed": None}


def test_a_sniper_order_with_its_rules_and_exits() -> None:
    flags = ["--sniper", "--min-liquidity", "20", "--max-fee", "300", "--require", "sellable, lpBurned"]
    exits = ["--sell-at-gain", "4000", "--sell-at-loss", "2000", "--sell-after", "30m"]
    assert placed(*flags, "--open-within", "1h", *exits) == {
        "type": "sniper",
        "launch": {
            "minLiquidity": "20",
            "maxFeeBps": 300,
            "require": ["sellable", "lpBurned"],
            "openWithinSeconds": 3_600,
        },
        "exit": {
            "takeProfit": {"gainBps": 4_000},
            "stopLoss": {"lossBps": 2_000},
            "afterSeconds": 1_800,
        },
    }


def test_a_sniper_order_that_requires_nothing() -> None:
    assert placed("--sniper", "--require", "none") == {"type": "sniper", "launch": {"require": []}}
    assert placed("--sniper", "--max-orders", "3") == {"type": "sniper", "maxOrders": 3}


def test_options_of_a_sniper_order_go_with_it_alone() -> None:
    code, _, err = run(ScriptedEngine([]), "order", "SOL", "USDC", "5", "--sell-after", "5m")
    assert (code, "--sell-after goes with --sniper" in err) == (2, True)


def test_a_sniper_order_says_what_it_waits_for() -> None:
    order = OPEN | {"type": "sniper", "trigger": None, "sniping": SNIPING, "limitPrice": None}
    assert "sniper, waits: the pool has not opened yet" in row_text(order)
    budget = order | {"sniping": SNIPING | {"waitingFor": None, "why": None, "maxOrders": 5, "placed": 2}}
    assert "sniper, 2 of 5 purchases placed" in row_text(budget)
    assert open_text(event(2, "open", sniping=SNIPING), order) == "The pool has not opened yet"
    bought = event(3, "open", sniping=SNIPING, launchMint="Mint", launchOrderId=SIBLING_ID)
    assert open_text(bought, budget) == f"buys Mint by order {SIBLING_ID}"
