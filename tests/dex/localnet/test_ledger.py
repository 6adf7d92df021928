"""The chain goes on from its ledger: after a stop, and after a kill -9 of the process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from solders.hash import Hash
from solders.keypair import Keypair

from dex.localnet.blocks import Commitment
from dex.localnet.chain import Chain
from dex.localnet.errors import LedgerRefused
from dex.localnet.server import open_chain
from dex.types import AccountData
from tests.dex.localnet.scenes import FRIEND, PAYER, SOL, funded, payment
from tests.localnet_process import free_port_pair

ROOT = Path(__file__).resolve().parents[3]


def opened(folder: Path) -> Chain:
    return open_chain(replace(funded(), ledger=folder))


def pay(chain: Chain, lamports: int) -> str:
    execution = chain.execute(payment(lamports, chain.latest_blockhash(Commitment.PROCESSED)[0]))
    assert execution is not None
    return execution.signature


def balance(chain: Chain, commitment: Commitment = Commitment.PROCESSED) -> int:
    account = chain.account(FRIEND, commitment)
    assert account is not None
    return account.lamports


def test_accounts_slot_blockhashes_and_statuses_go_on(tmp_path: Path) -> None:
    chain = opened(tmp_path)
    chain.advance(10)
    blockhash, last_valid = chain.latest_blockhash(Commitment.CONFIRMED)
    signature = pay(chain, 123)
    landed = chain.slot
    chain.advance()
    chain.ledger.close()
    again = opened(tmp_path)
    assert (again.genesis_hash, again.slot) == (chain.genesis_hash, landed + 1)
    assert again.transaction_count == 1
    assert balance(again, Commitment.FINALIZED) == SOL + 123
    assert again.is_blockhash_valid(blockhash)
    assert again.recent_status(signature) is not None
    again.advance(last_valid - again.slot)
    assert again.is_blockhash_valid(blockhash)
    again.advance()
    assert not again.is_blockhash_valid(blockhash)
    record = again.transaction(signature, Commitment.CONFIRMED)
    assert record is not None
    assert (record.slot, record.error) == (landed, None)
    again.ledger.close()


def test_a_transaction_cannot_land_again_after_a_restart(tmp_path: Path) -> None:
    chain = opened(tmp_path)
    transaction = payment(5, chain.latest_blockhash(Commitment.PROCESSED)[0])
    assert chain.execute(transaction) is not None
    chain.advance()
    chain.ledger.close()
    again = opened(tmp_path)
    assert again.execute(transaction) is None
    assert again.refusal(transaction, Commitment.PROCESSED) == "AlreadyProcessed"
    again.ledger.close()


def test_what_was_not_written_is_gone_with_its_account_changes(tmp_path: Path) -> None:
    chain = opened(tmp_path)
    written = pay(chain, 100)
    chain.advance()
    lost = pay(chain, 1_000)
    chain.close_slot()
    assert chain.recent_status(lost) is not None
    assert lost not in {record.signature for record in confirmed_of(chain)}
    chain.ledger.close()
    again = opened(tmp_path)
    assert balance(again) == SOL + 100
    assert again.status_in_history(written) is not None
    assert again.status_in_history(lost) is None
    again.ledger.close()


def confirmed_of(chain: Chain) -> list:
    return list(chain.transactions_mentioning(FRIEND, Commitment.CONFIRMED, None, None, 10))


def test_history_is_listed_newest_first_between_signatures(tmp_path: Path) -> None:
    chain = opened(tmp_path)
    signatures = [pay(chain, lamports) for lamports in range(1, 6)]
    chain.advance()

    def listed(before: str | None = None, until: str | None = None, limit: int = 10) -> list[str]:
        found = chain.transactions_mentioning(FRIEND, Commitment.CONFIRMED, before, until, limit)
        return [record.signature for record in found]

    assert listed() == signatures[::-1]
    assert listed(limit=2) == signatures[:2:-1]
    assert listed(before=signatures[3], until=signatures[0]) == [signatures[2], signatures[1]]
    chain.ledger.close()


def test_ledger_of_another_seed_or_genesis_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).ledger.close()
    with pytest.raises(LedgerRefused, match="was begun with seed 1, not 2"):
        open_chain(replace(funded(), ledger=tmp_path, seed=2))
    with pytest.raises(LedgerRefused, match="was begun with genesis_hash"):
        open_chain(replace(funded(), ledger=tmp_path, genesis=lambda _fund: {}))


def test_ledger_in_use_is_refused_until_it_is_closed(tmp_path: Path) -> None:
    chain = opened(tmp_path)
    with pytest.raises(LedgerRefused, match="in use by another process"):
        opened(tmp_path)
    chain.ledger.close()
    opened(tmp_path).ledger.close()


def test_wallet_named_later_is_funded_once(tmp_path: Path) -> None:
    wallet = Keypair().pubkey()
    started = funded()

    def genesis(fund):
        owner = next(iter(started.genesis(()).values())).owner
        return {**started.genesis(()), **{address: AccountData(owner, 9 * SOL, b"") for address in fund}}

    options = replace(started, ledger=tmp_path, genesis=genesis)
    open_chain(options).ledger.close()
    chain = open_chain(replace(options, fund=[wallet]))
    found = chain.account(wallet, Commitment.CONFIRMED)
    assert found is not None
    assert found.lamports == 9 * SOL
    chain.advance()
    chain.ledger.close()
    again = open_chain(replace(options, fund=[wallet]))
    assert again.account(wallet, Commitment.CONFIRMED) == found
    again.ledger.close()


@contextmanager
def localnet_process(port: int, folder: Path) -> Iterator[subprocess.Popen]:
    arguments = ["--port", str(port), "--ledger", str(folder), "--slot-ms", "20"]
    arguments += ["--fund", str(PAYER.pubkey())]
    process = subprocess.Popen(
        [sys.executable, "-m", "dex.localnet", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("localnet ready")
        yield process
    finally:
        process.kill()
        process.wait(60)


def ask(port: int, method: str, *params: object):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["result"]


def status_of(port: int, signature: str) -> dict | None:
    options = {"searchTransactionHistory": True}
    return ask(port, "getSignatureStatuses", [signature], options)["value"][0]


def test_confirmed_payments_survive_kill_9_and_the_books_balance(tmp_path: Path) -> None:
    port = free_port_pair()
    signatures: dict[str, int] = {}
    options = {"encoding": "base64", "skipPreflight": True}
    processed = {"commitment": "processed"}
    with localnet_process(port, tmp_path) as process:
        genesis_hash = ask(port, "getGenesisHash")
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            blockhash = Hash.from_string(ask(port, "getLatestBlockhash", processed)["value"]["blockhash"])
            lamports = SOL + len(signatures)
            raw = b64encode(bytes(payment(lamports, blockhash))).decode()
            signatures[ask(port, "sendTransaction", raw, options)] = lamports
        confirmed = {
            signature
            for signature in signatures
            if (found := status_of(port, signature)) and found["confirmationStatus"] != "processed"
        }
        slot = ask(port, "getSlot", {"commitment": "confirmed"})
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
    with localnet_process(port, tmp_path):
        assert ask(port, "getGenesisHash") == genesis_hash
        assert ask(port, "getSlot", processed) >= slot
        kept = {signature for signature in signatures if status_of(port, signature) is not None}
        assert confirmed
        assert confirmed <= kept
        received = sum(signatures[signature] for signature in kept)
        assert ask(port, "getBalance", str(FRIEND), processed)["value"] == received
    with localnet_process(port, tmp_path) as process:
        process.terminate()
        assert process.wait(timeout=5) == 0
