"""Nothing spends real money, or begins to, without a question."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from orderengine.management.commands.run_engine import welcome
from orderengine.supervisor.errors import CannotStartError
from orderengine.supervisor.wallet import find_wallet
from orders.client.real_money import require_yes


def test_real_money_wants_a_yes() -> None:
    asked: list[str] = []

    def answer(text: str) -> str:
        asked.append(text)
        return "yes" if len(asked) > 1 else "y"

    with pytest.raises(CommandError, match="nothing was done"):
        require_yes("mainnet-beta", "swap 1 SOL", yes=False, ask=answer, at_a_terminal=True)
    require_yes("mainnet-beta", "swap 1 SOL", yes=False, ask=answer, at_a_terminal=True)
    assert asked == ["mainnet-beta is REAL MONEY. Type yes to swap 1 SOL: "] * 2
    with pytest.raises(CommandError, match="mainnet-beta is real money: give --yes"):
        require_yes("mainnet-beta", "swap 1 SOL", yes=False, at_a_terminal=False)


@pytest.mark.parametrize(("network", "yes"), [("localnet", False), ("devnet", False), ("mainnet-beta", True)])
def test_play_money_and_a_yes_ask_nothing(network: str, yes: bool) -> None:
    require_yes(network, "swap", yes=yes, at_a_terminal=False)


@pytest.mark.parametrize("command", [("order", "SOL", "USDC", "1"), ("bench", "--orders", "1")])
def test_no_command_spends_real_money_by_itself(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    settings.DATA_DIR = tmp_path
    settings.SOLANA_NETWORK = "mainnet-beta"
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("orders.management.commands.bench.await_engine", lambda *_: "wallet")
    monkeypatch.setattr("orders.management.commands.bench.price_swaps", lambda *_: [])
    with pytest.raises(CommandError, match="mainnet-beta is real money: give --yes"):
        call_command(*command)


@pytest.mark.parametrize("network", ["devnet", "mainnet-beta"])
def test_a_wallet_is_made_on_localnet_alone(tmp_path: Path, network: str) -> None:
    with pytest.raises(CannotStartError, match="set WALLET_KEYPAIR"):
        find_wallet({"SOLANA_NETWORK": network}, tmp_path)
    assert not list(tmp_path.iterdir())
    made = find_wallet({}, tmp_path)
    # One that is there is taken: its owner has known it from elsewhere.
    assert find_wallet({"SOLANA_NETWORK": network}, tmp_path) == made


def test_no_ready_order_is_shown_for_real_money(settings: Any) -> None:
    assert "curl -X POST" in welcome("http://127.0.0.1:8000")
    settings.SOLANA_NETWORK = "mainnet-beta"
    assert welcome("http://127.0.0.1:8000") == (
        "\nhttp://127.0.0.1:8000 is up (Ctrl-C stops it), on mainnet-beta."
        " How to place orders: http://127.0.0.1:8000/api/docs/\n"
    )
