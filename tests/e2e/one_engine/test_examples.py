"""The shipped examples do what they say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from examples.client import EngineClient, EngineError, execute_over, updates
from tests.e2e.engine import ROOT, RunningEngine

pytestmark = pytest.mark.e2e
TYPESCRIPT = ROOT / "examples" / "typescript"


def test_the_python_client_run_as_a_program_shows_an_order_to_its_end(served: RunningEngine) -> None:
    run = subprocess.run(
        (sys.executable, "examples/client.py", "SOL", "USDC", "1.5"),
        cwd=ROOT,
        env=os.environ | {"ENGINE_URL": served.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    steps = [line.split()[0] for line in run.stdout.splitlines()]
    assert steps == ["pending", "routing", "building", "submitted", "confirmed"]


def test_the_python_client_quotes_places_once_and_follows(client: EngineClient) -> None:
    assert client.health()["status"] == "ok"
    board = client.quotes("SOL", "USDC", "2")
    assert {each["dex"] for each in board["quotes"]} == {"raydium", "meteora", "orca"}

    order = client.execute("SOL", "USDC", "2", key="examples-1")
    assert client.execute("SOL", "USDC", "2", key="examples-1")["orderId"] == order["orderId"]
    assert [each["sequence"] for each in client.follow(order["orderId"], after=2)] == [3, 4, 5]
    assert client.order(order["orderId"])["status"] == "confirmed"
    with pytest.raises(EngineError) as refused:
        client.cancel(order["orderId"])
    assert (refused.value.code, refused.value.retryable) == ("NOT_CANCELLABLE", False)


def test_the_python_client_places_an_order_over_its_websocket(client: EngineClient) -> None:
    with client.socket("/api/orders/connect") as connection:
        execute_over(connection, "first", tokenIn="SOL", tokenOut="USDC", amountIn="0.1")
        for update in updates(connection):
            if update["status"] == "confirmed":
                break
        execute_over(connection, "bad", tokenIn="SOL", tokenOut="NONE", amountIn="0.1")
        with pytest.raises(EngineError, match="not known"):
            next(updates(connection))


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_five_curl_calls_work(served: RunningEngine) -> None:
    run = subprocess.run(
        ("sh", "examples/curl.sh"),
        cwd=ROOT,
        env=os.environ | {"ENGINE_URL": served.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    health, quotes, placed, order, page = (json.loads(line) for line in run.stdout.splitlines())
    assert health["status"] == "ok"
    assert quotes["best"]["amountOut"] == quotes["quotes"][0]["amountOut"]
    assert (placed["status"], placed["amountIn"]) == ("pending", "0.5")
    assert order["orderId"] == placed["orderId"] == page["results"][0]["orderId"]


@pytest.mark.skipif(
    shutil.which("npm") is None or not (TYPESCRIPT / "node_modules").is_dir(),
    reason="needs Node: npm ci --prefix examples/typescript",
)
def test_the_typescript_client_compiles_and_shows_an_order_to_its_end(served: RunningEngine) -> None:
    npm("run", "build")
    run = npm("start", "--silent", "--", "SOL", "USDC", "1.5", ENGINE_URL=served.url)

    *steps, last = run.stdout.splitlines()
    assert [line.split()[0] for line in steps] == ["pending", "routing", "building", "submitted", "confirmed"]
    assert last.endswith(" base units of USDC more than the least that was accepted")
    assert int(last.split()[0]) > 0


def npm(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run npm in the example's folder; fails with what it said."""
    run = subprocess.run(
        ("npm", *arguments),
        cwd=TYPESCRIPT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run
