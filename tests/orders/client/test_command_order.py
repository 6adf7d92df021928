"""`manage.py order`: what it sends, what it shows, how it ends."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.orders.scripted_engine import ScriptedEngine, running

ORDER_ID = "7d4f8ac2-7a0c-4c59-b9b4-0d5e0d6f6a11"
ORDER: dict[str, Any] = {
    "orderId": ORDER_ID,
    "amountIn": "5",
    "tokenIn": "SOL",
    "tokenOut": "USDC",
    "slippageBps": 50,
}
FINAL_ORDER = ORDER | {
    "executedAmountIn": "5",
    "executedAmountOut": "823.5",
    "executedPrice": "164.7",
    "slippageRealisedBps": 0,
    "fees": {"lp": "0.0125", "lpToken": "SOL", "network": "0.000005", "priority": "0"},
    "explorerUrl": "https://explorer.example/tx/SIG",
}


def event(sequence: int, status: str, milliseconds: int, **data: Any) -> dict[str, Any]:
    at = f"2026-01-02T03:04:05.{milliseconds:03}Z"
    return {"type": "update", "orderId": ORDER_ID, "sequence": sequence, "status": status, "at": at, **data}


ROUTED = event(
    3,
    "building",
    30,
    dex="raydium",
    amountOut="1000",
    price="200",
    quotes=[{"dex": "meteora", "amountOut": "998.5"}],
)
STEPS = [
    event(1, "pending", 10),
    event(2, "routing", 20),
    ROUTED,
    event(4, "submitted", 50, txHash="SIG"),
    event(5, "confirmed", 450, executedAmountOut="823.5", slot=77),
]


def run(engine: ScriptedEngine, *arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with running(engine), pytest.raises(SystemExit) as ended:
        call_command(
            "order",
            "SOL",
            "USDC",
            "5",
            "--url",
            engine.url,
            *arguments,
            stdout=out,
            stderr=err,
            no_color=True,
        )
    return int(str(ended.value.code)), out.getvalue(), err.getvalue()


def test_a_confirmed_order_shows_every_step_with_its_time() -> None:
    engine = ScriptedEngine([(201, ORDER), (200, FINAL_ORDER)], [STEPS])
    status, out, _ = run(engine)
    assert status == 0
    assert out.splitlines() == [
        f"order {ORDER_ID}: 5 SOL to USDC, slippage up to 50 bps",
        "      0 ms  pending",
        "     10 ms  routing",
        "     20 ms  building   raydium gives 1000 USDC, price 200; not taken: meteora 998.5 (15.0 bps less)",
        "     40 ms  submitted  transaction SIG",
        "    440 ms  confirmed  823.5 USDC in slot 77",
        "swapped 5 SOL for 823.5 USDC at 164.7, slippage 0 bps against the quote",
        "fees: pool 0.0125 SOL, network 0.000005 SOL, priority 0 SOL",
        "see https://explorer.example/tx/SIG",
    ]


def test_the_request_carries_what_was_asked_for_and_nothing_else() -> None:
    engine = ScriptedEngine([(201, ORDER), (200, FINAL_ORDER)], [STEPS])
    run(engine, "--slippage-bps", "30", "--client-order-id", "mine-1")
    assert engine.requests[0] == (
        "POST /api/orders/execute",
        {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5", "slippageBps": 30, "clientOrderId": "mine-1"},
    )


def test_a_dropped_stream_goes_on_behind_the_last_event() -> None:
    engine = ScriptedEngine([(201, ORDER), (200, FINAL_ORDER)], [STEPS[:3], STEPS[3:]])
    status, out, _ = run(engine, "--json")
    assert status == 0
    assert engine.stream_paths == [f"/ws/orders/{ORDER_ID}?after=0", f"/ws/orders/{ORDER_ID}?after=3"]
    assert [json.loads(line) for line in out.splitlines()] == STEPS


def test_a_failed_order_ends_with_status_1_and_its_reason() -> None:
    failed = event(3, "failed", 30, error="No pool trades this pair", code="NO_ROUTE")
    status, out, _ = run(ScriptedEngine([(201, ORDER)], [[*STEPS[:2], failed]]))
    assert status == 1
    assert out.splitlines()[-1] == "     20 ms  failed     No pool trades this pair (NO_ROUTE)"


def test_a_retry_says_why_and_when() -> None:
    retry = event(
        3, "routing", 30, error="DEX routing failed", code="ROUTING_FAILED", attempt=1, retryInMs=1000
    )
    _, out, _ = run(ScriptedEngine([(201, ORDER)], [[*STEPS[:2], retry, event(4, "expired", 40)]]))
    assert out.splitlines()[3] == (
        "     20 ms  routing    DEX routing failed (ROUTING_FAILED), retry 1 in 1000 ms"
    )


def test_a_refusal_ends_with_status_2_and_the_engines_words() -> None:
    refusal = {"code": "SAME_TOKEN", "message": "Token in and token out must differ", "details": {}}
    status, out, err = run(ScriptedEngine([(400, refusal)]))
    assert (status, out) == (2, "")
    assert err.strip() == "SAME_TOKEN: Token in and token out must differ"


def test_a_server_that_is_no_engine_ends_with_status_2() -> None:
    status, _, err = run(ScriptedEngine([(200, b"<html>hello</html>")]))
    assert status == 2
    assert "it is not the engine" in err


def test_nobody_listening_ends_with_status_2() -> None:
    engine = ScriptedEngine([])
    with running(engine):
        pass
    err = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("order", "SOL", "USDC", "5", "--url", engine.url, stderr=err)
    assert ended.value.code == 2
    assert "no engine answers" in err.getvalue()


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "123456"])
def test_slippage_that_is_no_number_of_basis_points_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="basis points"):
        call_command("order", "SOL", "USDC", "5", f"--slippage-bps={text}")


def test_ctrl_c_says_that_the_order_goes_on() -> None:
    engine = ScriptedEngine([(201, ORDER)], [STEPS[:1], *([[]] * 20)])
    command = [sys.executable, "manage.py", "order", "SOL", "USDC", "5"]
    with (
        running(engine),
        subprocess.Popen(
            [*command, "--url", engine.url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=settings.BASE_DIR,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"order {ORDER_ID}")
        assert process.stdout.readline().endswith("pending\n")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert f"the order goes on. See it with: curl {engine.url}/api/orders/{ORDER_ID}" in err
