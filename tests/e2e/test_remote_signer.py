"""The whole engine with its wallet's key in Vault: workers alone can ask it, a foreign key is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from solders.keypair import Keypair

from examples.client import EngineClient
from tests.e2e.engine import RunningEngine
from tests.e2e.test_run_engine import environment_of
from tests.transit_server import KEY_NAME, TOKEN, TransitServer, running_transit

pytestmark = pytest.mark.e2e


@pytest.fixture
def transit(tmp_path: Path) -> Iterator[TransitServer]:
    with running_transit(Keypair(), tmp_path) as server:
        yield server


def engine_of(transit: TransitServer, folder: Path) -> RunningEngine:
    return RunningEngine(
        folder,
        SIGNER="vault",
        WALLET_ADDRESS=str(transit.keypair.pubkey()),
        VAULT_ADDR=transit.url,
        VAULT_KEY=KEY_NAME,
        VAULT_TOKEN=TOKEN,
        VAULT_CACERT=str(transit.ca_file),
        LOCALNET_ARGS="--slot-ms 100",
    )


def test_vault_signs_for_the_workers_and_for_nobody_else(transit: TransitServer, tmp_path: Path) -> None:
    engine = engine_of(transit, tmp_path)
    try:
        engine.await_up()
        with EngineClient(engine.url) as client:
            order_id = client.execute("SOL", "USDC", "1")["orderId"]
            assert [update["status"] for update in client.follow(order_id)][-1] == "confirmed"
        assert not (engine.data_dir / "wallet.json").exists()
        assert environment_of(engine.pid("worker-1"))["VAULT_TOKEN"] == TOKEN
        assert environment_of(engine.pid("web"))["VAULT_TOKEN"] == ""
        for part in ("valkey", "localnet"):
            assert "VAULT_TOKEN" not in environment_of(engine.pid(part))
    finally:
        engine.stop()


def test_an_engine_whose_vault_holds_another_key_does_not_start(
    transit: TransitServer, tmp_path: Path
) -> None:
    engine = engine_of(transit, tmp_path)
    wallet = transit.keypair.pubkey()
    transit.keypair = Keypair()
    try:
        assert engine.process.wait(timeout=60) == 1
    finally:
        engine.stop()
    reason = f"this worker cannot sign for the wallet: Vault does not sign for the wallet {wallet}"
    assert " ended while starting " in engine.said()
    assert engine.said().endswith(f": {reason}\n")


def test_a_signer_that_is_not_described_is_refused_before_anything_starts(tmp_path: Path) -> None:
    engine = RunningEngine(tmp_path, SIGNER="vault", WALLET_ADDRESS=str(Keypair().pubkey()))
    assert engine.process.wait(timeout=60) == 1
    assert "(orders.E021) SIGNER=vault needs VAULT_ADDR." in engine.said()
    assert not engine.data_dir.exists()
